// Handles: places in a table that is never freed, so that a handle that was given back, or never given out,
// is an error.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "call.h"
#include "e6/shared/coordinator.h"
#include "e6shm.h"

namespace e6::c {

/// What a handle stands for, for the length of one call.
struct Attached {
  Coordinator& coordinator;
  std::uint64_t serial;  ///< of the attachment; never used twice in a process
};

/// A place for one attachment, or nothing (kFull).
e6shm* claim_handle() noexcept;
/// Takes back a place that was claimed and not opened.
void drop_handle(e6shm* handle) noexcept;
void open_handle(e6shm* handle, std::shared_ptr<Coordinator> coordinator) noexcept;
/// Ends what was begun through the handle, and the attachment. False if it is none.
bool close_handle(e6shm* handle) noexcept;

/// The coordinator of a handle; null if it is none. One load: nothing here slows down the read path.
Coordinator* coordinator_of(const e6shm* handle) noexcept;

/// As guarded(), with the handle looked up: body(call, attached).
template <class Body>
std::int32_t guarded(const char* function, const e6shm* handle, Body&& body) noexcept;

}  // namespace e6::c

struct alignas(64) e6shm {
  std::atomic<e6::Coordinator*> coordinator{nullptr};  // null while closed
  std::atomic<std::uint32_t> claimed{0};
  std::uint64_t serial = 0;  // written before coordinator
  union {
    std::shared_ptr<e6::Coordinator>
        held;  // alive while coordinator is set; not destroyed at exit, when other threads may still call
  };
  constexpr e6shm() noexcept : serial(0), held() {}
  ~e6shm() {}
};

template <class Body>
std::int32_t e6::c::guarded(const char* function, const e6shm* handle, Body&& body) noexcept {
  return guarded(function, [&](const Call& call) -> std::int32_t {
    if (handle == nullptr) return call.null("handle");
    Coordinator* coordinator = coordinator_of(handle);
    if (coordinator == nullptr)
      return call.fail(E6SHM_ERR_BAD_HANDLE,
                       "`handle` is not attached; use one from e6shm_attach that was not detached since");
    return body(call, Attached{*coordinator, handle->serial});
  });
}
