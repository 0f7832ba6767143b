// In place of libshared's os/backoff.h: waits until something was given back, or until nothing else can happen.
#pragma once

#include "os/clock.h"

namespace e6::os {

class Backoff {
 public:
  explicit Backoff(SteadyTime) noexcept {}
  bool wait() noexcept;
};

}  // namespace e6::os
