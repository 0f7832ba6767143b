// In place of libshared's os/backoff.h: waits until something was given back since its latest look began, or until nothing else can happen.
#pragma once

#include <chrono>

#include "os/clock.h"

namespace e6::os {

class Backoff {
 public:
  explicit Backoff(SteadyTime, std::chrono::microseconds = {}) noexcept;  // however short the pause
  bool wait() noexcept;
  /// Whoever tries again at once does so because somebody else got on, which nobody does this often.
  bool in_time() noexcept { return ++at_once_ < 8; }

 private:
  int at_once_ = 0;
};

}  // namespace e6::os
