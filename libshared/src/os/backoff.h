// The one way to wait for something that cannot wake us: short sleeps that double, bounded by a deadline.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "os/clock.h"

namespace e6::os {

class Backoff {
 public:
  /// `longest`: how late, at worst, the waiter may notice.
  explicit Backoff(SteadyTime deadline, std::chrono::microseconds longest = std::chrono::microseconds(1000)) noexcept
      : deadline_(deadline), longest_(longest) {}
  [[nodiscard]] bool in_time() const noexcept { return steady_now() < deadline_; }
  /// Sleeps once (20 us, doubling up to `longest`). False, without sleeping, once the deadline has passed.
  bool wait() noexcept {
    const SteadyTime now = steady_now();
    if (now >= deadline_) return false;
    std::this_thread::sleep_until(std::min(deadline_, now + pause_));
    pause_ = std::min(pause_ * 2, longest_);
    return true;
  }

 private:
  SteadyTime deadline_;
  std::chrono::microseconds longest_;
  std::chrono::microseconds pause_{20};
};

}  // namespace e6::os
