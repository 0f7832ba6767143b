#include "budget.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace e6::client {
namespace {

constexpr std::chrono::milliseconds kLongestPause{10'000};
constexpr std::chrono::milliseconds kSlice{25};
constexpr std::chrono::hours kLongest{7 * 24};  // so that no caller's "for ever" overflows the clock
constexpr int kSwitchesPerAttempt = 10;
constexpr std::chrono::milliseconds kPausePerSwitch{5};
constexpr int kDenials = 2;
constexpr int kDenialsWhileSwitching = 10;

// A number in [0.5, 1.0) that differs between threads and processes; no state, so nothing to make anew after
// a fork.
double jitter() noexcept {
  auto x = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  x ^= static_cast<std::uint64_t>(::getpid()) << 32 ^ reinterpret_cast<std::uintptr_t>(&x);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;  // splitmix64
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  x ^= x >> 31;
  return 0.5 + static_cast<double>(x >> 11) * 0x1p-54;
}

std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause) noexcept {
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) * jitter()));
}

}  // namespace

[[gnu::hot]] Budget::Budget(const ConnectionOptions& options, std::chrono::milliseconds timeout, const CallOptions& call) noexcept
    : deadline_(Clock::now()),
      stop_(call.stop),
      connect_timeout_(options.connect_timeout),
      first_backoff_(options.retry_backoff),
      backoff_(options.retry_backoff),
      left_(options.max_retry_attempts - 1),
      refusals_left_(left_ * kSwitchesPerAttempt) {
  // A deadline alone replaces the usual time-out, as a time-out does.
  const bool only_deadline = call.deadline && !call.timeout;
  deadline_ += std::min<std::chrono::milliseconds>(only_deadline ? kLongest : call.timeout.value_or(timeout), kLongest);
  if (call.deadline) deadline_ = std::min(deadline_, *call.deadline);
}

Budget::Clock::time_point Budget::slice(Clock::time_point deadline) const noexcept {
  return stop_.stop_possible() ? std::min(deadline, Clock::now() + kSlice) : deadline;
}

Budget::Clock::time_point Budget::call_deadline(std::chrono::milliseconds timeout) const noexcept {
  return std::min(deadline_, Clock::now() + timeout);
}

Budget::Clock::time_point Budget::resume_deadline(std::chrono::milliseconds timeout) noexcept {
  if (resume_deadline_ == Clock::time_point{}) resume_deadline_ = call_deadline(timeout);
  return resume_deadline_;
}

bool Budget::again() noexcept {
  if (left_ <= 0 || expired() || stopped()) return false;
  --left_;
  return true;
}

bool Budget::again_after_refusal() noexcept {
  if (refusals_left_ <= 0 || expired() || stopped()) return false;
  --refusals_left_;
  denials_ = 0;  // the cluster switched: that explains why it forgot a session
  return sleep(with_jitter(std::min(first_backoff_, kPausePerSwitch * refusals_++)));
}

bool Budget::again_after_denial(bool switching) noexcept {
  if (denials_ >= (switching ? kDenialsWhileSwitching : kDenials)) return false;
  // The first one is about an old session: what was spent on reaching the engine is not held
  // against it.
  if (switching || denials_ == 0 ? expired() || stopped() : !again()) return false;
  if (denials_++ == 0) return true;
  return switching ? sleep(with_jitter(std::min(first_backoff_, kPausePerSwitch * denials_))) : pause();
}

bool Budget::again_unreachable(Clock::time_point sent) noexcept {
  const auto now = Clock::now();
  if (unreachable_since_ == Clock::time_point{})
    unreachable_since_ = sent == Clock::time_point{} ? now : sent;
  const auto left = std::chrono::floor<std::chrono::milliseconds>(reach_by() - now);
  return left.count() > 0 && again() && pause_at_most(left);
}

bool Budget::pause_at_most(std::chrono::milliseconds most) noexcept {
  const std::chrono::milliseconds time = std::min(most, with_jitter(backoff_));
  backoff_ = std::min(backoff_ * 2, kLongestPause);
  return sleep(time);
}

bool Budget::sleep(std::chrono::milliseconds time) const noexcept {
  const auto wanted = Clock::now() + time;
  const auto until = std::min(wanted, deadline_);
  if (stop_.stop_possible()) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop_, until, [] { return false; });
  } else {
    std::this_thread::sleep_until(until);
  }
  return wanted < deadline_ && !stopped();
}

}  // namespace e6::client
