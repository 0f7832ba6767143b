#include "clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {
constexpr std::uint64_t kStartMs = 100'000'000;
constexpr std::int64_t kStartRealSeconds = 1'700'000'000;
std::uint64_t simulated_ms = kStartMs;
}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* t) noexcept {
  const auto ms = static_cast<std::int64_t>(simulated_ms);
  switch (clock) {
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
      t->tv_sec = static_cast<time_t>(ms / 1000);
      break;
    case CLOCK_REALTIME:
      t->tv_sec = static_cast<time_t>(kStartRealSeconds + ms / 1000);
      break;
    default:
      return static_cast<int>(::syscall(SYS_clock_gettime, clock, t));
  }
  t->tv_nsec = static_cast<long>(ms % 1000) * 1'000'000;
  return 0;
}

namespace e6::simulation {

std::uint64_t now_ms() noexcept { return simulated_ms; }
void advance_clock(std::uint64_t ms) noexcept { simulated_ms += ms; }
void reset_clock() noexcept { simulated_ms = kStartMs; }

}  // namespace e6::simulation
