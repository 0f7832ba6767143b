// The one way to wait for something that cannot wake us: short sleeps that double, bounded by a deadline.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "os/clock.h"

namespace e6::os {

class Backoff {
 public:
  explicit Backoff(SteadyTime deadline) noexcept : deadline_(deadline) {}
  /// Sleeps once (20 us, doubling up to 1 ms). False, without sleeping, once the deadline has passed.
  bool wait() noexcept {
    const SteadyTime now = steady_now();
    if (now >= deadline_) return false;
    std::this_thread::sleep_until(std::min(deadline_, now + pause_));
    pause_ = std::min(pause_ * 2, std::chrono::microseconds(1000));
    return true;
  }

 private:
  SteadyTime deadline_;
  std::chrono::microseconds pause_{20};
};

}  // namespace e6::os
