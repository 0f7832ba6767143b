// Between the numbers of e6shm.h, which never change, and the types of libshared. The asserts hold the two
// together.
#pragma once

#include <cstddef>
#include <cstdint>

#include "call.h"
#include "e6/shared/coordinator.h"
#include "e6/shared/error.h"
#include "e6/shared/observer.h"
#include "e6/shared/options.h"
#include "e6/shared/strategy.h"
#include "e6shm.h"
#include "grants.h"

namespace e6::c {

inline constexpr std::int32_t kCounters = static_cast<std::int32_t>(Counter::kCount);
inline constexpr std::size_t kLargestArray = 65536;  // of events or counters: more is a mistake

template <class Enum>
constexpr bool same(std::int64_t number, Enum value) noexcept {
  return number == static_cast<std::int64_t>(value);
}

static_assert(same(-E6SHM_ERR_BAD_OPTION, Cause::kBadOption) &&
              same(-E6SHM_ERR_NO_DIRECTORY, Cause::kNoDirectory) &&
              same(-E6SHM_ERR_NO_PERMISSION, Cause::kNoPermission) &&
              same(-E6SHM_ERR_READ_ONLY, Cause::kReadOnly) && same(-E6SHM_ERR_NO_SPACE, Cause::kNoSpace) &&
              same(-E6SHM_ERR_NO_DESCRIPTORS, Cause::kNoDescriptors) &&
              same(-E6SHM_ERR_NOT_A_SEGMENT, Cause::kNotASegment) &&
              same(-E6SHM_ERR_FOREIGN_OWNER, Cause::kForeignOwner) &&
              same(-E6SHM_ERR_FOREIGN_MODE, Cause::kForeignMode) &&
              same(-E6SHM_ERR_FOREIGN_LAYOUT, Cause::kForeignLayout) &&
              same(-E6SHM_ERR_FOREIGN_LIBC, Cause::kForeignLibc) &&
              same(-E6SHM_ERR_FOREIGN_CLOCK, Cause::kForeignClock) &&
              same(-E6SHM_ERR_FOREIGN_CLUSTER, Cause::kForeignCluster) &&
              same(-E6SHM_ERR_DAMAGED, Cause::kDamaged) && same(-E6SHM_ERR_RETIRED, Cause::kRetired) &&
              same(-E6SHM_ERR_BUSY, Cause::kBusy) && same(-E6SHM_ERR_FULL, Cause::kFull) &&
              same(-E6SHM_ERR_TOO_LONG, Cause::kTooLong) && same(-E6SHM_ERR_UNKNOWN, Cause::kUnknown) &&
              same(-E6SHM_ERR_FORKED, Cause::kForked) && same(-E6SHM_ERR_TIMEOUT, Cause::kTimeout) &&
              same(-E6SHM_ERR_SYSTEM, Cause::kSystem) &&
              same(-E6SHM_ERR_FOREIGN_KERNEL, Cause::kForeignKernel));

static_assert(same(E6SHM_NONE, Strategy::kNone) && same(E6SHM_BLUE, Strategy::kBlue) &&
              same(E6SHM_GREEN, Strategy::kGreen));

static_assert(same(E6SHM_FAILURE_BOTH_REFUSED, ProbeFailure::kBothRefused) &&
              same(E6SHM_FAILURE_UNREACHABLE, ProbeFailure::kUnreachable) &&
              same(E6SHM_FAILURE_DENIED, ProbeFailure::kDenied) &&
              same(E6SHM_FAILURE_SUSPENDED, ProbeFailure::kSuspended) &&
              same(E6SHM_FAILURE_TIMED_OUT, ProbeFailure::kTimedOut) &&
              same(E6SHM_FAILURE_OTHER, ProbeFailure::kOther));

static_assert(same(E6SHM_COUNTER_COUNT, Counter::kCount) && same(E6SHM_COUNTER_HITS, Counter::kHits) &&
              same(E6SHM_COUNTER_QUERIES_BEGUN, Counter::kQueriesBegun) &&
              same(E6SHM_COUNTER_MISMATCHES, Counter::kMismatches) &&
              same(E6SHM_COUNTER_STALE_NEWS, Counter::kStaleNews) &&
              same(E6SHM_COUNTER_ANNOUNCEMENTS, Counter::kAnnouncements) &&
              same(E6SHM_COUNTER_TRANSITIONS, Counter::kTransitions) &&
              same(E6SHM_COUNTER_DETECTIONS, Counter::kDetections) &&
              same(E6SHM_COUNTER_REFUSED_PROBES, Counter::kRefusedProbes) &&
              same(E6SHM_COUNTER_DETECTION_MICROS, Counter::kDetectionMicros) &&
              same(E6SHM_COUNTER_LEASE_TAKEOVERS, Counter::kLeaseTakeovers) &&
              same(E6SHM_COUNTER_LOCK_RECOVERIES, Counter::kLockRecoveries) &&
              same(E6SHM_COUNTER_LOCK_TIMEOUTS, Counter::kLockTimeouts) &&
              same(E6SHM_COUNTER_PINS_OVERFLOWED, Counter::kPinsOverflowed) &&
              same(E6SHM_COUNTER_EVENTS_DROPPED, Counter::kEventsDropped) &&
              same(E6SHM_COUNTER_RENEWALS, Counter::kRenewals) &&
              same(E6SHM_COUNTER_RESUMES, Counter::kResumes) &&
              same(E6SHM_COUNTER_DETECTION_LE_10MS, Counter::kDetectionLe10ms) &&
              same(E6SHM_COUNTER_DETECTION_LE_30S, Counter::kDetectionLe30s));

static_assert(same(E6SHM_EVENT_CREATED, EventKind::kCreated) && same(E6SHM_EVENT_DIED, EventKind::kDied) &&
              same(E6SHM_EVENT_DETECTED, EventKind::kDetected) &&
              same(E6SHM_EVENT_APPLIED, EventKind::kApplied) &&
              same(E6SHM_EVENT_MISMATCH, EventKind::kMismatch) &&
              same(E6SHM_EVENT_LEASE_TAKEN_OVER, EventKind::kLeaseTakenOver) &&
              same(E6SHM_EVENT_OPERATOR_SET, EventKind::kOperatorSet) &&
              same(E6SHM_EVENT_RESUMED, EventKind::kResumed) &&
              same(E6SHM_EVENT_MADE_ROOM, EventKind::kMadeRoom));
static_assert(same(E6SHM_CAUSE_REFUSED, EventCause::kRefused) &&
              same(E6SHM_CAUSE_ANNOUNCED, EventCause::kAnnounced) &&
              same(E6SHM_CAUSE_OPERATOR, EventCause::kOperator) &&
              same(E6SHM_CAUSE_BOTH_REFUSED, EventCause::kBothRefused) &&
              same(E6SHM_CAUSE_OTHER, EventCause::kOther) &&
              same(E6SHM_CAUSE_UNLINKED, EventCause::kUnlinked) &&
              same(E6SHM_CAUSE_CUT_OFF, EventCause::kCutOff) &&
              same(E6SHM_CAUSE_DOUBTED, EventCause::kDoubted));

constexpr std::int32_t out(Strategy strategy) noexcept {
  return static_cast<std::int32_t>(strategy);
}

constexpr std::int32_t out(Mode mode) noexcept {
  switch (mode) {
    case Mode::kShared:
      return E6SHM_MODE_SHARED;
    case Mode::kGuest:
      return E6SHM_MODE_GUEST;
    case Mode::kFallback:
      break;
  }
  return E6SHM_MODE_FALLBACK;
}

constexpr std::int32_t out(TransitionPolicy policy) noexcept {
  switch (policy) {
    case TransitionPolicy::kOnCompletion:
      break;
    case TransitionPolicy::kNextQuery:
      return E6SHM_POLICY_NEXT_QUERY;
    case TransitionPolicy::kWhenIdle:
      return E6SHM_POLICY_WHEN_IDLE;
  }
  return E6SHM_POLICY_ON_COMPLETION;
}

inline e6shm_snapshot_t out(const Snapshot& s) noexcept {
  e6shm_snapshot_t o{};
  o.active = out(s.active);
  o.pending = out(s.pending);
  o.epoch = pack(s.epoch);
  o.usable = s.usable ? 1 : 0;
  o.soft_expired = s.soft_expired ? 1 : 0;
  o.both_refused = s.both_refused ? 1 : 0;
  o.remaining_ms = s.remaining_ms;
  return o;
}

inline e6shm_event_t out(const Event& e) noexcept {
  e6shm_event_t o{};
  o.sequence = e.sequence;
  o.realtime_ns = e.realtime_ns;
  o.monotonic_ms = e.monotonic_ms;
  o.epoch = pack(e.epoch);
  o.kind = static_cast<std::int32_t>(e.kind);
  o.cause = static_cast<std::int32_t>(e.cause);
  o.from = out(e.from);
  o.to = out(e.to);
  o.pid = e.pid;
  o.about_pid = e.about_pid;
  return o;
}

/// Blue or green, or the status of the failure.
inline std::int32_t colour_in(const Call& call, e6shm_strategy_t strategy, Strategy& colour) noexcept {
  if (strategy != E6SHM_BLUE && strategy != E6SHM_GREEN)
    return call.undefined("strategy", strategy, "E6SHM_BLUE (1) or E6SHM_GREEN (2)");
  colour = static_cast<Strategy>(strategy);
  return E6SHM_OK;
}

/// The caller's options over the environment over the defaults, checked.
std::int32_t options_in(const Call& call, const e6shm_options_t* options, Options& settings);
/// Every field but struct_size; the texts are those of `settings`.
std::int32_t options_out(const Call& call, const Options& settings, e6shm_options_t* options) noexcept;

}  // namespace e6::c
