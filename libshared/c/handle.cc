#include "handle.h"

#include <utility>

#include "grants.h"

namespace e6::c {
namespace {

constexpr std::uint32_t kHandles = 4096;
constinit e6shm table[kHandles];
constinit std::atomic<std::uint32_t> next{
    0};  // places are taken in turn, so that a stale handle stays stale for long
constinit std::atomic<std::uint64_t> last_serial{0};

}  // namespace

e6shm* claim_handle() noexcept {
  for (std::uint32_t tried = 0; tried < kHandles; ++tried) {
    e6shm& place = table[next.fetch_add(1, std::memory_order_relaxed) % kHandles];
    std::uint32_t none = 0;
    // acquire: pairs with the release in drop_handle
    if (place.claimed.compare_exchange_strong(none, 1, std::memory_order_acquire, std::memory_order_relaxed))
      return &place;
  }
  return nullptr;
}

void drop_handle(e6shm* handle) noexcept {
  handle->claimed.store(0, std::memory_order_release);
}

void open_handle(e6shm* handle, std::shared_ptr<Coordinator> coordinator) noexcept {
  Coordinator* const seen = coordinator.get();
  handle->serial = last_serial.fetch_add(1, std::memory_order_relaxed) + 1;
  std::construct_at(&handle->held, std::move(coordinator));
  handle->coordinator.store(seen, std::memory_order_release);  // pairs with the acquire in coordinator_of
}

Coordinator* coordinator_of(const e6shm* handle) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(handle);
  const auto offset = address - reinterpret_cast<std::uintptr_t>(table);
  if (offset >= sizeof table || offset % sizeof(e6shm) != 0) return nullptr;
  // acquire: pairs with the release in open_handle
  return handle->coordinator.load(std::memory_order_acquire);  // pairs with the release in open_handle
}

bool close_handle(e6shm* handle) noexcept {
  if (coordinator_of(handle) == nullptr) return false;
  Coordinator* const coordinator = handle->coordinator.exchange(nullptr, std::memory_order_acq_rel);
  if (coordinator == nullptr) return false;  // another thread was faster
  end_all(*coordinator, handle->serial);
  std::destroy_at(&handle->held);
  drop_handle(handle);
  return true;
}

}  // namespace e6::c
