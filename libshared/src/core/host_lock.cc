#include "core/host_lock.h"

#include <cerrno>

#include "core/repair.h"
#include "layout/turn_word.h"
#include "os/ofd_lock.h"
#include "os/robust_mutex.h"

namespace e6::core {
namespace {

// Nobody wakes those who wait, so a pause is what a dead owner costs them (recovery_bench). Waiting in the mutex would be told of the death, but is not safe
// across PID namespaces (TRAPS 2). A look and the wake-up before it cost some microseconds of a processor, for no longer than the bound.
constexpr std::chrono::microseconds kLongestPause{100};

}  // namespace

HostLock::HostLock(Attachment& a, std::chrono::milliseconds bound) noexcept : a_(a) {
  const os::SteadyTime deadline = os::steady_now() + bound;
  os::Backoff pause(deadline, kLongestPause);
  while (!(local_ = a_.local.try_lock()))
    if (!pause.wait()) return;
  std::uint64_t turn = 0;
  if (take_byte(pause, turn)) state_ = enter(turn, deadline);
  if (state_ != State::kHeld) give_back_outer();
}

HostLock::~HostLock() {
  if (state_ != State::kHeld) return;
  os::mutex_unlock(a_.segment->lock.mutex);
  give_back_outer();
}

/// Takes the byte of the turn, under which nobody else may enter the mutex. False: not to be had within the bound.
///
/// At most one process at a time is in the mutex or on its way into it:
///   - Under one byte, because it is locked. Its next holder finds the mutex marked if the last one died inside: the kernel writes the mark when the owner's
///     memory goes, and closes its files later. A mark under a byte that somebody has entered by stays until the turn moves on, as nobody goes in past it.
///   - Under two bytes, because the turn moves on only where such a mark is seen, that is, when the last one to enter under the old byte is dead. Whoever gets
///     the old byte later sees the mark; or that it is gone, and then that the turn has moved on, which is why it looks at the turn after the mutex.
/// The first to enter under a byte takes the mutex with the mark for which the turn moved on; until it has, the turn is even, and nobody takes that mark for
/// its own. Dying before that leaves no new mark: the others wait for its files to be closed.
///
/// Crash: the turn was moved on or not; who comes next starts from what it finds.
bool HostLock::take_byte(os::Backoff& pause, std::uint64_t& turn) noexcept {
  layout::LockBlock& lock = a_.segment->lock;
  for (;;) {
    // acquire: pairs with the swap in enter(). Who sees that somebody has entered sees the mutex as that one took it, or later
    turn = lock.turn.load(std::memory_order_acquire);
    const off_t byte = os::kLockByte + layout::turn_byte(turn);
    const os::Locked got = os::try_lock_byte(a_.fd.get(), byte);
    if (got == os::Locked::kUnknown) {
      refused_by_ = errno;
      return false;
    }
    if (got == os::Locked::kYes) {
      byte_ = byte;
      // else a lock on somebody else's file: the application closed ours and has its number in use
      if (!a_.descriptor_intact()) return false;
    }
    const bool died = layout::turn_entered(turn) && os::owner_died(lock.mutex);
    // acquire: not before the look at the mutex
    if (got == os::Locked::kYes && !died && lock.turn.load(std::memory_order_acquire) == turn) return true;
    if (died) {
      std::uint64_t seen = turn;  // not there any more: somebody else has answered this death
      lock.turn.compare_exchange_strong(seen, layout::answer_death(turn), std::memory_order_acq_rel, std::memory_order_relaxed);
    }
    give_back_byte();
    const bool again_at_once = died || got == os::Locked::kYes;  // for no longer than the bound, whatever is written to the words
    if (again_at_once ? !pause.in_time() : !pause.wait()) return false;
  }
}

/// Takes the mutex, with the byte of `turn` in hand, and repairs what a dead owner left.
/// Crash: before the swap of the turn nobody is hurried, and the next one waits for the byte; from then on a mark is answered at once.
HostLock::State HostLock::enter(std::uint64_t turn, os::SteadyTime deadline) noexcept {
  layout::LockBlock& lock = a_.segment->lock;
  const os::MutexResult result = os::mutex_lock(lock.mutex, deadline);
  // Timed out: its owner holds the mutex without the OFD lock, so it lost its descriptor inside or died where the kernel could not mark it.
  if (result == os::MutexResult::kTimedOut || result == os::MutexResult::kUnrecoverable) return State::kBroken;
  if (!layout::turn_entered(turn))  // release: pairs with the first look in take_byte()
    lock.turn.compare_exchange_strong(turn, layout::enter_turn(turn), std::memory_order_release, std::memory_order_relaxed);
  if (result == os::MutexResult::kOwnerDied) {
    if (!repair(a_)) {
      // left inconsistent on purpose: unlocking makes it unrecoverable for everybody, which is what retires the segment
      os::mutex_unlock(lock.mutex);
      return State::kBroken;
    }
    os::mutex_consistent(lock.mutex);  // after the repair, never before: dying in between hands the repair on
    recovered_ = true;
  }
  lock.acquisitions.store(lock.acquisitions.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return State::kHeld;
}

void HostLock::give_back_byte() noexcept {
  if (byte_ != 0) os::unlock_byte(a_.fd.get(), byte_);
  byte_ = 0;
}

void HostLock::give_back_outer() noexcept {
  give_back_byte();
  if (local_) a_.local.unlock();
  local_ = false;
}

}  // namespace e6::core
