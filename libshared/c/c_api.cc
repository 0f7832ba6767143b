// The C interface (e6shm.h): attaching, what the host knows, and what can be seen of it. Queries, detection,
// options and names have files of their own.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "convert.h"
#include "grants.h"
#include "handle.h"

using namespace e6::c;  // NOLINT(google-build-using-namespace): this is the implementation of one interface

static_assert(sizeof(void*) == 8, "the sizes in e6shm.h are those of 64-bit systems");
static_assert(sizeof(e6shm_snapshot_t) == 64);
static_assert(sizeof(e6shm_event_t) == 64);

const char* e6shm_version() noexcept {
  return E6SHM_VERSION_TEXT;
}
std::int32_t e6shm_abi_version() noexcept {
  return E6SHM_ABI_VERSION;
}
const char* e6shm_last_error() noexcept {
  return last_error();
}
std::int32_t e6shm_last_errno() noexcept {
  return last_errno();
}

std::int32_t e6shm_attach(const e6shm_options_t* options, e6shm_t** handle) noexcept {
  return guarded("e6shm_attach", [&](const Call& call) -> std::int32_t {
    if (handle == nullptr) return call.null("handle");
    *handle = nullptr;
    e6::Options settings;
    if (const std::int32_t status = options_in(call, options, settings); status != E6SHM_OK) return status;
    auto attached = e6::Coordinator::attach(std::move(settings));
    if (attached.coordinator == nullptr) return call.fail(attached.error);
    e6shm_t* const place = claim_handle();
    if (place == nullptr)
      return call.fail(E6SHM_ERR_FULL, "4096 handles of this process are attached; detach some");
    open_handle(place, std::move(attached.coordinator));
    *handle = place;
    return E6SHM_OK;
  });
}

std::int32_t e6shm_detach(e6shm_t* handle) noexcept {
  return guarded("e6shm_detach", handle, [&](const Call& call, const Attached&) -> std::int32_t {
    return close_handle(handle) ? E6SHM_OK
                                : call.fail(E6SHM_ERR_BAD_HANDLE, "another thread is detaching the handle");
  });
}

std::int32_t e6shm_mode(const e6shm_t* handle, e6shm_mode_t* mode) noexcept {
  zero(mode);
  return guarded("e6shm_mode", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (mode == nullptr) return call.null("mode");
    *mode = out(at.coordinator.mode());
    return E6SHM_OK;
  });
}

std::int32_t e6shm_degraded_by(const e6shm_t* handle, std::int32_t* cause, char* buffer, std::size_t size,
                               std::size_t* length) noexcept {
  zero(cause);
  clear_text(buffer, size, length);
  return guarded("e6shm_degraded_by", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (cause == nullptr) return call.null("cause");
    if (const std::int32_t status = check_buffer(call, "buffer", buffer, size); status != E6SHM_OK)
      return status;
    const e6::Error error = at.coordinator.degraded_by();
    *cause = -static_cast<std::int32_t>(error.cause);
    return text_out(call, error.ok() ? std::string() : error.sentence(), buffer, size, length);
  });
}

std::int32_t e6shm_path(const e6shm_t* handle, char* buffer, std::size_t size, std::size_t* length) noexcept {
  clear_text(buffer, size, length);
  return guarded("e6shm_path", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (const std::int32_t status = check_buffer(call, "buffer", buffer, size); status != E6SHM_OK)
      return status;
    return text_out(call, at.coordinator.path(), buffer, size, length);
  });
}

std::int32_t e6shm_options_in_force(const e6shm_t* handle, e6shm_options_t* options) noexcept {
  return guarded("e6shm_options_in_force", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    return options_out(call, at.coordinator.options(), options);
  });
}

std::int32_t e6shm_snapshot(const e6shm_t* handle, e6shm_snapshot_t* snapshot) noexcept {
  const e6::Coordinator* const coordinator = coordinator_of(handle);
  if (coordinator != nullptr && snapshot != nullptr)
      [[likely]] {  // every request: without what guards a call that may fail
    *snapshot = out(coordinator->snapshot());
    return E6SHM_OK;
  }
  zero(snapshot);
  return guarded("e6shm_snapshot", handle,
                 [&](const Call& call, const Attached&) -> std::int32_t { return call.null("snapshot"); });
}

std::uint64_t e6shm_snapshot_word(const e6shm_t* handle) noexcept {
  const e6::Coordinator* const coordinator = coordinator_of(handle);
  if (coordinator == nullptr) return 0;
  const e6::Snapshot s = coordinator->snapshot();
  return std::uint64_t{static_cast<std::uint8_t>(s.active)} |
         std::uint64_t{static_cast<std::uint8_t>(s.pending)} << 2 | std::uint64_t{s.usable} << 4 |
         std::uint64_t{s.soft_expired} << 5 | std::uint64_t{s.both_refused} << 6 |
         std::uint64_t{std::min(s.remaining_ms, 0x1fffffU)} << 8 |
         std::uint64_t{s.epoch.pending & 0xfffU} << 32 | std::uint64_t{s.epoch.active & 0xfffffU} << 44;
}

std::int32_t e6shm_in_flight(const e6shm_t* handle, std::uint32_t* count) noexcept {
  zero(count);
  return guarded("e6shm_in_flight", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (count == nullptr) return call.null("count");
    *count = at.coordinator.in_flight();
    return E6SHM_OK;
  });
}

std::int32_t e6shm_counter(const e6shm_t* handle, std::int32_t counter, std::uint64_t* value) noexcept {
  zero(value);
  return guarded("e6shm_counter", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (value == nullptr) return call.null("value");
    if (counter < 0 || counter >= kCounters)
      return call.undefined("counter", counter, "E6SHM_COUNTER_*, 0 to E6SHM_COUNTER_COUNT - 1");
    *value = at.coordinator.counter(static_cast<e6::Counter>(counter));
    return E6SHM_OK;
  });
}

std::int32_t e6shm_counters(const e6shm_t* handle, std::uint64_t* values, std::size_t capacity,
                            std::size_t* count) noexcept {
  zero(count);
  return guarded("e6shm_counters", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (count == nullptr) return call.null("count");
    if (values == nullptr && capacity != 0) return call.null("values");
    if (capacity > kLargestArray)
      return call.fail(E6SHM_ERR_BAD_ARGUMENT, "`capacity` is %zu; use at most %zu", capacity, kLargestArray);
    for (std::size_t i = 0; i < capacity; ++i)
      values[i] =
          i < static_cast<std::size_t>(kCounters) ? at.coordinator.counter(static_cast<e6::Counter>(i)) : 0;
    *count = static_cast<std::size_t>(kCounters);
    return E6SHM_OK;
  });
}

std::int32_t e6shm_recent_events(const e6shm_t* handle, e6shm_event_t* events, std::size_t capacity,
                                 std::size_t* count) noexcept {
  zero(count);
  return guarded("e6shm_recent_events", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (count == nullptr) return call.null("count");
    if (events == nullptr) return call.null("events");
    if (capacity > kLargestArray)
      return call.fail(E6SHM_ERR_BAD_ARGUMENT, "`capacity` is %zu; use at most %zu", capacity, kLargestArray);
    const std::vector<e6::Event> found = at.coordinator.recent_events(capacity);
    const std::size_t written = std::min(found.size(), capacity);
    std::transform(found.end() - static_cast<std::ptrdiff_t>(written), found.end(), events,
                   [](const e6::Event& e) { return out(e); });
    *count = written;
    return E6SHM_OK;
  });
}

namespace {

// The operator's actions differ in one word only.
template <class Action>
std::int32_t operate(const char* function, e6shm_t* handle, std::int32_t* changed, Action action) noexcept {
  zero(changed);
  return guarded(function, handle, [&](const Call&, const Attached& at) -> std::int32_t {
    const bool did = action(at.coordinator);
    if (changed != nullptr) *changed = did ? 1 : 0;
    return E6SHM_OK;
  });
}

}  // namespace

std::int32_t e6shm_set(e6shm_t* handle, e6shm_strategy_t strategy, std::int32_t* changed) noexcept {
  zero(changed);
  return guarded("e6shm_set", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    e6::Strategy colour{};
    if (const std::int32_t status = colour_in(call, strategy, colour); status != E6SHM_OK) return status;
    const bool did = at.coordinator.set(colour);
    if (changed != nullptr) *changed = did ? 1 : 0;
    return E6SHM_OK;
  });
}

std::int32_t e6shm_clear(e6shm_t* handle, std::int32_t* changed) noexcept {
  return operate("e6shm_clear", handle, changed, [](e6::Coordinator& c) { return c.clear(); });
}
std::int32_t e6shm_apply(e6shm_t* handle, std::int32_t* changed) noexcept {
  return operate("e6shm_apply", handle, changed, [](e6::Coordinator& c) { return c.apply(); });
}
std::int32_t e6shm_expire(e6shm_t* handle, std::int32_t* changed) noexcept {
  return operate("e6shm_expire", handle, changed, [](e6::Coordinator& c) { return c.expire(); });
}
