// How much trying one operation may still do: attempts, pauses between them, and the caller's deadline.
#pragma once

#include <chrono>

#include "e6/client/options.h"

namespace e6::client {

/// Made at the start of an operation and handed down to everything it does; used by one thread.
class Budget {
 public:
  using Clock = std::chrono::steady_clock;

  Budget(const ConnectionOptions& options, std::chrono::milliseconds timeout) noexcept;

  [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }
  /// The deadline of one call: `timeout` from now, or the operation's if that is sooner.
  [[nodiscard]] Clock::time_point call_deadline(std::chrono::milliseconds timeout) const noexcept;
  [[nodiscard]] bool expired() const noexcept { return Clock::now() >= deadline_; }

  /// Takes one more attempt. False when there is none left or the deadline has passed.
  [[nodiscard]] bool again() noexcept;
  /// The same for an engine that cannot be reached: also false once that has lasted for the connect time-out.
  [[nodiscard]] bool again_unreachable() noexcept;
  /// Sleeps for the present backoff, with jitter and never past the deadline, and doubles it.
  void pause() noexcept;
  /// Sleeps for `time`, never past the deadline; false if that cuts it short.
  bool sleep(std::chrono::milliseconds time) const noexcept;

  // What may happen only so often in one operation.
  int refusals = 0;      ///< 456s answered to this operation; the first one is repeated without a pause
  int denials = 0;       ///< sessions that were found invalid
  int both_refused = 0;  ///< times both colours were refused
  int resumes = 0;       ///< times the cluster was waited for

 private:
  Clock::time_point deadline_;
  std::chrono::milliseconds connect_timeout_;
  std::chrono::milliseconds backoff_;
  int left_;  // attempts after the first
  Clock::time_point unreachable_since_{};
};

}  // namespace e6::client
