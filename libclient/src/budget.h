// How much trying one operation may still do: attempts, pauses between them, the caller's deadline and stop token.
#pragma once

#include <chrono>
#include <stop_token>

#include "e6/client/call_options.h"
#include "e6/client/options.h"

namespace e6::client {

/// Made at the start of an operation and handed down to everything it does; used by one thread.
class Budget {
 public:
  using Clock = std::chrono::steady_clock;

  /// `call` says how long; what it leaves out is `timeout`.
  Budget(const ConnectionOptions& options, std::chrono::milliseconds timeout,
         const CallOptions& call = {}) noexcept;

  [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }
  /// The deadline of one call: `timeout` from now, or the operation's if that is sooner.
  [[nodiscard]] Clock::time_point call_deadline(std::chrono::milliseconds timeout) const noexcept;
  /// The deadline for everything that an operation waits for a suspended cluster: `timeout` from the first call of this, or the operation's.
  [[nodiscard]] Clock::time_point resume_deadline(std::chrono::milliseconds timeout) noexcept;
  [[nodiscard]] bool expired() const noexcept { return Clock::now() >= deadline_; }
  [[nodiscard]] const std::stop_token& stop() const noexcept { return stop_; }
  [[nodiscard]] bool stopped() const noexcept { return stop_.stop_requested(); }
  /// Until when to wait for something that a stop request cannot interrupt: the deadline, or a moment if there
  /// may be such a request.
  [[nodiscard]] Clock::time_point slice(Clock::time_point deadline) const noexcept;

  /// Takes one more attempt. False when there is none left, the deadline has passed, or a stop was requested.
  [[nodiscard]] bool again() noexcept;
  /// The same after a 456: a cluster that switched under the operation has not failed it, so these come out of an allowance of their own, ten for each
  /// attempt after the first. The first is followed at once; then come pauses with jitter that grow by 5 ms each, up to the first backoff: short enough to
  /// catch an engine that flaps every 50 ms, long enough in sum for one that does so for seconds.
  [[nodiscard]] bool again_after_refusal() noexcept;
  /// The same after a session was found invalid. Twice in a row may happen when the cluster switches and nobody has noticed; a third time is about what the
  /// user may do. `switching`: the host has seen a switch lately. Then the next one may come between an authentication and the call after it and be over
  /// before that, which looks the same, so that it takes ten in a row, and no attempts.
  [[nodiscard]] bool again_after_denial(bool switching) noexcept;
  /// The same for an engine that cannot be reached, after the present backoff or what is left of
  /// the connect time-out: also false once that has passed, and where the deadline or a stop
  /// request cuts the backoff short. The time counts from the first call that was `sent` and found
  /// no connection; a call that lost its connection (the epoch) counts from its end.
  [[nodiscard]] bool again_unreachable(Clock::time_point sent = {}) noexcept;
  /// Until when a call must have found a connection; the epoch: for the connect time-out.
  [[nodiscard]] Clock::time_point reach_by() const noexcept {
    return unreachable_since_ == Clock::time_point{} ? unreachable_since_
                                                     : unreachable_since_ + connect_timeout_;
  }
  /// Sleeps for the present backoff, with jitter and never past the deadline or a stop request, and doubles it; false if one of them cuts it short.
  bool pause() noexcept { return pause_at_most(std::chrono::milliseconds::max()); }
  /// Sleeps for `time`, never past the deadline or a stop request; false if one of them cuts it short.
  bool sleep(std::chrono::milliseconds time) const noexcept;

  bool may_wake = true;  ///< a suspended cluster; else it is an error

  // What may happen only so often in one operation.
  int both_refused = 0;  ///< times both colours were refused
  int suspensions = 0;   ///< times a call was refused as suspended
  int wakings = 0;       ///< times this operation woke the cluster up

 private:
  bool pause_at_most(std::chrono::milliseconds most) noexcept;

  Clock::time_point deadline_;
  std::stop_token stop_;
  std::chrono::milliseconds connect_timeout_;
  std::chrono::milliseconds first_backoff_;
  std::chrono::milliseconds backoff_;
  int left_;           // attempts after the first
  int refusals_left_;  // 456s that may still be followed by another attempt
  int refusals_ = 0;   // that were
  int denials_ = 0;    // sessions that were found invalid, with no 456 in between
  Clock::time_point unreachable_since_{};
  Clock::time_point resume_deadline_{};
};

}  // namespace e6::client
