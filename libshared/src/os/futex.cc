#include "os/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>

namespace e6::os {

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, std::chrono::nanoseconds bound) noexcept {
  if (bound <= std::chrono::nanoseconds::zero()) return;
  timespec t;
  t.tv_sec = static_cast<time_t>(bound.count() / 1'000'000'000);
  t.tv_nsec = static_cast<long>(bound.count() % 1'000'000'000);
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, &t, nullptr, 0);
}

void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace e6::os
