#include "test_clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace {
std::atomic<std::int64_t> offset_ms{0};
}

extern "C" int clock_gettime(clockid_t clock, struct timespec* t) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, t);
  if (result != 0 || (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)) return static_cast<int>(result);
  const std::int64_t ms = offset_ms.load(std::memory_order_relaxed);
  t->tv_sec += static_cast<time_t>(ms / 1000);
  t->tv_nsec += static_cast<long>(ms % 1000) * 1'000'000;
  if (t->tv_nsec >= 1'000'000'000) {
    t->tv_nsec -= 1'000'000'000;
    ++t->tv_sec;
  }
  return 0;
}

namespace e6::shared_test {

void advance_clock(std::chrono::milliseconds by) noexcept { offset_ms.fetch_add(by.count(), std::memory_order_relaxed); }
void reset_clock() noexcept { offset_ms.store(0, std::memory_order_relaxed); }

}  // namespace e6::shared_test
