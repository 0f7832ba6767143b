// The model's clock in place of libshared's os/clock.h: it moves only where a scenario moves it.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace e6::os {

std::uint64_t monotonic_ms() noexcept;
inline std::uint64_t realtime_ns() noexcept { return 1; }

using SteadyTime = std::chrono::steady_clock::time_point;
inline SteadyTime steady_now() noexcept { return SteadyTime{}; }

}  // namespace e6::os
