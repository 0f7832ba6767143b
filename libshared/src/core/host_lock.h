// The host-wide lock: for what must change together (participants, totals), never on a query's path.
//
// Outside in: a process-local lock (threads share the next one), an OFD lock on one byte of the segment file (PID namespaces never meet inside),
// the robust mutex (tells that its owner died, within microseconds). Which byte it is changes when an owner dies inside (layout/turn_word.h), as the
// dead one keeps its byte until its memory is given back, which may take tens of milliseconds. Each has its share of one bound.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

#include "core/attachment.h"
#include "os/backoff.h"

namespace e6::core {

inline constexpr std::chrono::milliseconds kLockBound{100};

class HostLock {
 public:
  enum class State : std::uint8_t {
    kHeld,
    kBusy,    ///< not to be had within the bound: its owner may be stopped, or see refused_by(). Go on without.
    kBroken,  ///< cannot be repaired: the segment must be retired
  };

  /// Tries for at most `bound`. If the last owner died inside, its work is repaired before this returns.
  /// Crash: the kernel marks the mutex; the next one repairs. Repair itself may die and be done again.
  explicit HostLock(Attachment& a, std::chrono::milliseconds bound = kLockBound) noexcept;
  ~HostLock();
  HostLock(const HostLock&) = delete;
  HostLock& operator=(const HostLock&) = delete;

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool held() const noexcept { return state_ == State::kHeld; }
  /// The last owner had died inside and its work was repaired.
  [[nodiscard]] bool recovered() const noexcept { return recovered_; }
  /// The errno with which the kernel refused the lock on a byte of the file, which has nothing to do with other holders; 0: it did not.
  [[nodiscard]] int refused_by() const noexcept { return refused_by_; }

 private:
  bool take_byte(os::Backoff& pause, std::uint64_t& turn) noexcept;
  State enter(std::uint64_t turn, os::SteadyTime deadline) noexcept;
  void give_back_byte() noexcept;
  void give_back_outer() noexcept;

  Attachment& a_;
  State state_ = State::kBusy;
  bool local_ = false;
  bool recovered_ = false;
  int refused_by_ = 0;
  off_t byte_ = 0;  // 0: none
};

}  // namespace e6::core
