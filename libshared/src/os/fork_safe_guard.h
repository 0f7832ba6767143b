// Holding a ForkSafeLock for a scope, also when something in it throws.
#pragma once

#include "os/backoff.h"
#include "os/process_mark.h"

namespace e6::os {

class ForkSafeGuard {
 public:
  /// Sleeps while it waits, so that a holder of a lower priority gets the processor. Without a deadline it waits for as long as the lock is held: only
  /// for locks whose holders call nothing that waits.
  explicit ForkSafeGuard(ForkSafeLock& lock, SteadyTime deadline = SteadyTime::max()) noexcept : lock_(lock) {
    Backoff pause(deadline);
    while (!(held_ = lock_.try_lock()))
      if (!pause.wait()) return;
  }
  ~ForkSafeGuard() {
    if (held_) lock_.unlock();
  }
  ForkSafeGuard(const ForkSafeGuard&) = delete;
  ForkSafeGuard& operator=(const ForkSafeGuard&) = delete;

  [[nodiscard]] bool held() const noexcept { return held_; }

 private:
  ForkSafeLock& lock_;
  bool held_ = false;
};

}  // namespace e6::os
