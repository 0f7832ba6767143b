#include "core/host_lock.h"

#include "core/repair.h"
#include "os/backoff.h"
#include "os/ofd_lock.h"
#include "os/robust_mutex.h"

namespace e6::core {
namespace {

// Nobody wakes those who wait for the byte, so a pause is what a dead owner costs them: with this one they have the repaired segment well within a
// millisecond (recovery_bench). Waiting in the mutex would be told of the death, but is not safe across PID namespaces (TRAPS 2). A look costs about
// a microsecond and a wake-up a few more, so that a waiter takes a few percent of a processor, for no longer than the bound.
constexpr std::chrono::microseconds kLongestPause{250};

}  // namespace

HostLock::HostLock(Attachment& a, std::chrono::milliseconds bound) noexcept : a_(a) {
  const os::SteadyTime deadline = os::steady_now() + bound;
  os::Backoff pause(deadline, kLongestPause);
  while (!(local_ = a_.local.try_lock()))
    if (!pause.wait()) return;
  for (;;) {
    const os::Locked got = os::try_lock_byte(a_.fd.get(), os::kLockByte);
    if ((byte_ = got == os::Locked::kYes) && a_.descriptor_intact()) break;
    if (byte_) {  // a lock on somebody else's file: the application closed ours and has its number in use
      give_back_outer();
      return;
    }
    if (got == os::Locked::kUnknown || !pause.wait()) {
      give_back_outer();
      return;
    }
  }
  pthread_mutex_t& mutex = a_.segment->lock.mutex;
  switch (os::mutex_lock(mutex, deadline)) {
    case os::MutexResult::kLocked:
      break;
    case os::MutexResult::kOwnerDied:
      if (!repair(a_)) {
        // left inconsistent on purpose: unlocking makes it unrecoverable for everybody, which is what retires the segment
        os::mutex_unlock(mutex);
        state_ = State::kBroken;
        give_back_outer();
        return;
      }
      os::mutex_consistent(mutex);  // after the repair, never before: dying in between hands the repair on
      recovered_ = true;
      break;
    case os::MutexResult::kTimedOut:
      // Its owner holds the mutex without the OFD lock, so it lost its descriptor inside or died where the kernel could not mark it.
      state_ = State::kBroken;
      give_back_outer();
      return;
    case os::MutexResult::kUnrecoverable:
      state_ = State::kBroken;
      give_back_outer();
      return;
  }
  state_ = State::kHeld;
  layout::Word& acquisitions = a_.segment->lock.acquisitions;
  acquisitions.store(acquisitions.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

HostLock::~HostLock() {
  if (state_ != State::kHeld) return;
  os::mutex_unlock(a_.segment->lock.mutex);
  give_back_outer();
}

void HostLock::give_back_outer() noexcept {
  if (byte_) os::unlock_byte(a_.fd.get(), os::kLockByte);
  if (local_) a_.local.unlock();
  byte_ = local_ = false;
}

}  // namespace e6::core
