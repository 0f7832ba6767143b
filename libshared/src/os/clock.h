// The clocks that the segment's times are in.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace e6::os {

/// CLOCK_MONOTONIC_COARSE in milliseconds: a vDSO read of about 5 ns that lags the fine clock by up to about 10 ms and never leads it.
inline std::uint64_t monotonic_ms() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1000U + static_cast<std::uint64_t>(t.tv_nsec) / 1'000'000U;
}

inline std::uint64_t realtime_ns() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

/// Since the kernel booted, suspended time included. In a time namespace it has the namespace's
/// offset.
inline std::uint64_t uptime_ns() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(t.tv_nsec);
}

/// std::chrono::steady_clock is CLOCK_MONOTONIC on every platform this builds for.
using SteadyTime = std::chrono::steady_clock::time_point;
inline SteadyTime steady_now() noexcept { return std::chrono::steady_clock::now(); }

inline timespec to_timespec(SteadyTime when) noexcept {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
  timespec t;
  t.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
  t.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  return t;
}

}  // namespace e6::os
