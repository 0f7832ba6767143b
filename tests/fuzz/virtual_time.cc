#include "virtual_time.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace e6::fuzz {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// Every look at a clock takes a moment: whoever waits for a deadline by looking only gets there.
constexpr std::int64_t kLook = 50;

thread_local bool on = false;
thread_local std::int64_t passed_ns = 0;

timespec to_timespec(std::int64_t ns) noexcept {
  timespec t;
  t.tv_sec = static_cast<time_t>(ns / kSecond);
  t.tv_nsec = static_cast<long>(ns % kSecond);
  return t;
}

std::int64_t monotonic_ns() noexcept { return static_cast<std::int64_t>(kStartMonotonicMs) * 1'000'000 + passed_ns; }

}  // namespace

VirtualTime::VirtualTime() noexcept {
  passed_ns = 0;
  on = true;
}
VirtualTime::~VirtualTime() { on = false; }
void VirtualTime::advance(std::chrono::nanoseconds by) noexcept { passed_ns += by.count(); }
std::chrono::nanoseconds VirtualTime::passed() noexcept { return std::chrono::nanoseconds(passed_ns); }

}  // namespace e6::fuzz

using e6::fuzz::kLook;
using e6::fuzz::kSecond;
using e6::fuzz::monotonic_ns;
using e6::fuzz::on;
using e6::fuzz::passed_ns;

// The names that --wrap gives: __wrap_f is what callers of f get, __real_f is f.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

int __real_clock_gettime(clockid_t clock, timespec* t) noexcept;
int __wrap_clock_gettime(clockid_t clock, timespec* t) noexcept;
int __wrap_clock_gettime(clockid_t clock, timespec* t) noexcept {
  if (!on) return __real_clock_gettime(clock, t);
  passed_ns += kLook;
  *t = e6::fuzz::to_timespec(clock == CLOCK_REALTIME ? static_cast<std::int64_t>(e6::fuzz::kStartRealtimeNs) + passed_ns : monotonic_ns());
  return 0;
}

// std::chrono::steady_clock::now(), whose call of clock_gettime is inside libstdc++ and cannot be wrapped
std::int64_t __real__ZNSt6chrono3_V212steady_clock3nowEv() noexcept;
std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv() noexcept;
std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv() noexcept {
  if (!on) return __real__ZNSt6chrono3_V212steady_clock3nowEv();
  passed_ns += kLook;
  return monotonic_ns();
}

int __real_nanosleep(const timespec* wanted, timespec* left);
int __wrap_nanosleep(const timespec* wanted, timespec* left);
int __wrap_nanosleep(const timespec* wanted, timespec* left) {
  if (!on) return __real_nanosleep(wanted, left);
  passed_ns += wanted->tv_sec * kSecond + wanted->tv_nsec;
  return 0;
}

int __real_clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left);
int __wrap_clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
  if (!on) return __real_clock_nanosleep(clock, flags, wanted, left);
  const std::int64_t ns = wanted->tv_sec * kSecond + wanted->tv_nsec;
  passed_ns += (flags & TIMER_ABSTIME) != 0 ? std::max<std::int64_t>(ns - monotonic_ns(), 0) : ns;
  return 0;
}

// The C library's own code, with a deadline that is over: whoever would wait has waited.
int __real_pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) noexcept;
int __wrap_pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) noexcept;
int __wrap_pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) noexcept {
  if (!on) return __real_pthread_mutex_clocklock(mutex, clock, until);
  const timespec over = {0, 1};
  const int result = __real_pthread_mutex_clocklock(mutex, clock, &over);
  if (result == ETIMEDOUT) passed_ns += std::max<std::int64_t>(until->tv_sec * kSecond + until->tv_nsec - monotonic_ns(), 0);
  return result;
}

// e6::os::futex_wait: nobody is there who could wake us
void __real__ZN2e62os10futex_waitERKSt6atomicIjEjNSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEE(const void* word, std::uint32_t expected,
                                                                                                    std::int64_t bound) noexcept;
void __wrap__ZN2e62os10futex_waitERKSt6atomicIjEjNSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEE(const void* word, std::uint32_t expected,
                                                                                                    std::int64_t bound) noexcept;
void __wrap__ZN2e62os10futex_waitERKSt6atomicIjEjNSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEE(const void* word, std::uint32_t expected,
                                                                                                    std::int64_t bound) noexcept {
  if (!on)
    __real__ZN2e62os10futex_waitERKSt6atomicIjEjNSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEE(word, expected, bound);
  else
    passed_ns += std::max<std::int64_t>(bound, 0);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
