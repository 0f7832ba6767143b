// In place of libshared's os/backoff.h: waits until something was given back, or until nothing else can happen.
#pragma once

#include <chrono>

#include "os/clock.h"

namespace e6::os {

class Backoff {
 public:
  explicit Backoff(SteadyTime, std::chrono::microseconds = {}) noexcept {}  // however short the pause
  bool wait() noexcept;
};

}  // namespace e6::os
