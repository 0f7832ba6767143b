// How libshared tells the application what happened. It logs nothing itself.
#pragma once

#include <cstdint>
#include <string_view>

#include "e6/shared/error.h"
#include "e6/shared/strategy.h"

namespace e6 {

/// What an event in the ring is about. Values are part of the layout: append only.
enum class EventKind : std::uint8_t {
  kNone = 0,
  kCreated = 1,           ///< the segment was made
  kJoined = 2,            ///< a process became a participant
  kLeft = 3,              ///< a participant left in order
  kDied = 4,              ///< a participant was found dead and reaped
  kDetectionStarted = 5,  ///< a process took the detection lease
  kDetected = 6,          ///< a probe found the active colour
  kDetectionFailed = 7,   ///< a probe failed; the cause says how
  kPending = 8,           ///< the engine announced another colour
  kRolledBack = 9,        ///< the engine announced the active colour again; pending is cancelled
  kApplied = 10,          ///< pending became active
  kMismatch = 11,         ///< a current 456: the active colour is unknown now
  kExpired = 12,          ///< the colour was made to expire by an operator
  kLeaseTakenOver = 13,   ///< a lease's holder was dead or too late
  kRecovered = 14,        ///< a lock owner died inside; its work was repaired
  kRetired = 15,          ///< the segment was given up; everyone moves to a new one
  kOperatorSet = 16,
  kOperatorCleared = 17,
  kOperatorApplied = 18,
  kResumeStarted = 19,    ///< a process took the lease for resuming a suspended cluster
  kResumed = 20,
  kMadeRoom = 21,         ///< the segment did not fit, and an unused one was removed
};
[[nodiscard]] std::string_view to_string(EventKind kind) noexcept;  ///< "detected", "lease-taken-over", ...

/// Why it happened. Values are part of the layout: append only.
enum class EventCause : std::uint8_t {
  kNone = 0,
  kNoHistory = 1,       ///< nothing was known
  kRefused = 2,         ///< after a 456
  kExpired = 3,         ///< the hard limit had passed
  kSoftExpired = 4,     ///< the soft limit had passed
  kAnnounced = 5,       ///< a response carried new_strategy
  kCompletion = 6,      ///< a query ended
  kIdle = 7,            ///< no query was in flight
  kNextQuery = 8,       ///< a query began under the policy next-query
  kDrainTimeout = 9,    ///< the drain time-out had passed
  kOperator = 10,
  kOwnerDied = 11,
  kOwnerLate = 12,
  kBothRefused = 13,
  kUnreachable = 14,
  kDenied = 15,
  kSuspended = 16,
  kTimedOut = 17,
  kAbandoned = 18,
  kOther = 19,
  kUnlinked = 20,       ///< the segment's name had vanished
  kCutOff = 21,         ///< the segment's file had been truncated or overwritten
  kDoubted = 22,        ///< a refusal was in doubt, and a probe verifies the colour
};
[[nodiscard]] std::string_view to_string(EventCause cause) noexcept;

/// One thing that happened, as the ring keeps it.
struct Event {
  std::uint64_t sequence = 0;      ///< position in the ring since creation
  std::uint64_t realtime_ns = 0;   ///< CLOCK_REALTIME of the writer
  std::uint64_t monotonic_ms = 0;  ///< CLOCK_MONOTONIC_COARSE of the writer
  EventKind kind = EventKind::kNone;
  EventCause cause = EventCause::kNone;
  Strategy from = Strategy::kNone;  ///< the colour before, where the event is about a colour
  Strategy to = Strategy::kNone;    ///< the colour after
  Epoch epoch;                      ///< after the event
  std::uint32_t pid = 0;            ///< of the actor in its own PID namespace; for display only
  std::uint32_t about_pid = 0;      ///< of the participant it is about (died, taken over)
};

/// Implement it to log or count. Called on the thread that caused the event, with no lock held; it must not block for long,
/// must not call back into the coordinator, and must not throw. Only events of this process arrive; read the others' from the ring.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_event(const Event& event) noexcept { (void)event; }
  /// The process could not get a place on its segment or keep a record (kBusy, kFull), or, unless
  /// on_fallback is overridden, works without a segment.
  virtual void on_degraded(const Error& error) noexcept { (void)error; }
  /// The process works without a segment: from here on (once per reason), or already when the
  /// observer was added. True: the user learns of it from this observer, and libshared writes no
  /// warning of its own (Options::fallback_warning).
  virtual bool on_fallback(const Error& error) noexcept {
    on_degraded(error);
    return false;
  }
  /// A segment was found again after a fallback.
  virtual void on_restored() noexcept {}
  /// Processes of this user use two segments of one cluster in one directory, its own and a group's
  /// (or two groups'), and do not learn from each other. This process uses `used`. Once per
  /// process, if the other one was in use when it attached or the observer was added.
  virtual void on_second_segment(std::string_view used, std::string_view other) noexcept {
    (void)used;
    (void)other;
  }
};

}  // namespace e6
