// The C interface (e6shm.h): detection and resuming.
#include <algorithm>
#include <chrono>
#include <utility>

#include "call.h"
#include "convert.h"
#include "grants.h"
#include "handle.h"

using namespace e6::c;  // NOLINT(google-build-using-namespace): this is the implementation of one interface

static_assert(sizeof(e6shm_lease_t) == 64);
static_assert(sizeof(e6shm_detection_t) == 176 && offsetof(e6shm_detection_t, lease) == 24 &&
              offsetof(e6shm_detection_t, snapshot) == 88);

namespace {

using Clock = e6::Coordinator::Clock;
constexpr std::uint32_t kLargestGrpcCode = 16;

std::int32_t deadline_in(const Call& call, const Attached& at, std::int64_t timeout_ms,
                         Clock::time_point& deadline) noexcept {
  if (timeout_ms < -1)
    return call.undefined("timeout_ms", timeout_ms, "0 or more, or -1 for the detection time-out");
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(1);
  const auto span =
      timeout_ms == -1 ? at.coordinator.options().detection_timeout : std::chrono::milliseconds(timeout_ms);
  deadline = Clock::now() + std::min(span, kLongest);
  return E6SHM_OK;
}

std::int32_t outcome_of(e6::Detection::Outcome outcome) noexcept {
  using Outcome = e6::Detection::Outcome;
  switch (outcome) {
    case Outcome::kUsable:
      return E6SHM_DETECT_USABLE;
    case Outcome::kProbe:
      return E6SHM_DETECT_PROBE;
    case Outcome::kFailed:
      return E6SHM_DETECT_FAILED;
    case Outcome::kBusy:
      return E6SHM_DETECT_BUSY;
    case Outcome::kTimeout:
      break;
  }
  return E6SHM_DETECT_TIMEOUT;
}

void hand_out(Place<e6::DetectionLease>& place, const e6::Detection& found,
              e6shm_detection_t& detection) noexcept {
  detection.outcome = outcome_of(found.outcome);
  detection.failure = static_cast<e6shm_failure_t>(found.failure);
  detection.failure_code = found.failure_code;
  detection.snapshot = out(found.snapshot);
  if (found.outcome != e6::Detection::Outcome::kProbe) return;
  detection.order[0] = out(found.lease.order[0]);
  detection.order[1] = out(found.lease.order[1]);
  place.hand_out(found.lease, found.lease.order[0], found.lease.epoch, detection.lease);
}

// Looks up the lease, and takes it out: whatever the report does, the lease has ended.
template <class Report>
std::int32_t report(const char* function, e6shm_t* handle, e6shm_lease_t* lease, Report&& body) noexcept {
  return guarded(function, handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (lease == nullptr) return call.null("lease");
    return body(call, at, [&](e6::DetectionLease& taken) -> std::int32_t {
      Use<e6::DetectionLease> use;
      if (const std::int32_t status = use.begin(call, at, *lease); status != E6SHM_OK) return status;
      taken = use.end();
      *lease = {};
      return E6SHM_OK;
    });
  });
}

}  // namespace

std::int32_t e6shm_detect_begin(e6shm_t* handle, std::int64_t timeout_ms,
                                e6shm_detection_t* detection) noexcept {
  zero(detection);
  return guarded("e6shm_detect_begin", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (detection == nullptr) return call.null("detection");
    Clock::time_point deadline;
    if (const std::int32_t status = deadline_in(call, at, timeout_ms, deadline); status != E6SHM_OK)
      return status;
    Place<e6::DetectionLease> place;
    if (const std::int32_t status = place.reserve(call, at); status != E6SHM_OK) return status;
    hand_out(place, at.coordinator.detect_begin(deadline), *detection);
    return E6SHM_OK;
  });
}

std::int32_t e6shm_detect_try(e6shm_t* handle, e6shm_detection_t* detection) noexcept {
  zero(detection);
  return guarded("e6shm_detect_try", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (detection == nullptr) return call.null("detection");
    Place<e6::DetectionLease> place;
    if (const std::int32_t status = place.reserve(call, at); status != E6SHM_OK) return status;
    hand_out(place, at.coordinator.detect_try(), *detection);
    return E6SHM_OK;
  });
}

std::int32_t e6shm_detect_verify(e6shm_t* handle, e6shm_strategy_t strategy,
                                 e6shm_detection_t* detection) noexcept {
  zero(detection);
  return guarded(
      "e6shm_detect_verify", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
        if (detection == nullptr) return call.null("detection");
        e6::Strategy colour{};
        if (const std::int32_t status = colour_in(call, strategy, colour); status != E6SHM_OK)
          return status;
        Place<e6::DetectionLease> place;
        if (const std::int32_t status = place.reserve(call, at); status != E6SHM_OK) return status;
        hand_out(place, at.coordinator.detect_verify(colour), *detection);
        return E6SHM_OK;
      });
}

std::int32_t e6shm_detect_refused(e6shm_t* handle, const e6shm_lease_t* lease,
                                  e6shm_strategy_t strategy) noexcept {
  return guarded("e6shm_detect_refused", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (lease == nullptr) return call.null("lease");
    e6::Strategy colour{};
    if (const std::int32_t status = colour_in(call, strategy, colour); status != E6SHM_OK) return status;
    Use<e6::DetectionLease> use;
    if (const std::int32_t status = use.begin(call, at, *lease); status != E6SHM_OK) return status;
    at.coordinator.detect_refused(use.object(), colour);
    return E6SHM_OK;
  });
}

std::int32_t e6shm_detect_extend(e6shm_t* handle, const e6shm_lease_t* lease) noexcept {
  return guarded("e6shm_detect_extend", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (lease == nullptr) return call.null("lease");
    Use<e6::DetectionLease> use;
    if (const std::int32_t status = use.begin(call, at, *lease); status != E6SHM_OK) return status;
    at.coordinator.detect_extend(use.object());
    return E6SHM_OK;
  });
}

std::int32_t e6shm_detect_succeed(e6shm_t* handle, e6shm_lease_t* lease, e6shm_strategy_t strategy) noexcept {
  return report(
      "e6shm_detect_succeed", handle, lease,
      [&](const Call& call, const Attached& at, auto&& take) -> std::int32_t {
        e6::Strategy colour{};
        if (const std::int32_t status = colour_in(call, strategy, colour); status != E6SHM_OK) return status;
        e6::DetectionLease taken;
        if (const std::int32_t status = take(taken); status != E6SHM_OK) return status;
        if (at.coordinator.detect_succeed(taken, colour)) return E6SHM_OK;
        return call.fail(
            E6SHM_ERR_LATE,
            "the host has moved on while this process probed; its result was ignored, look at the snapshot");
      });
}

std::int32_t e6shm_detect_fail(e6shm_t* handle, e6shm_lease_t* lease, e6shm_failure_t failure,
                               std::uint32_t code) noexcept {
  return report("e6shm_detect_fail", handle, lease,
                [&](const Call& call, const Attached& at, auto&& take) -> std::int32_t {
                  if (failure < E6SHM_FAILURE_BOTH_REFUSED || failure > E6SHM_FAILURE_OTHER)
                    return call.undefined("failure", failure,
                                          "E6SHM_FAILURE_BOTH_REFUSED (1) to E6SHM_FAILURE_OTHER (6)");
                  if (code > kLargestGrpcCode)
                    return call.undefined("code", code, "a gRPC status code, 0 to 16");
                  e6::DetectionLease taken;
                  if (const std::int32_t status = take(taken); status != E6SHM_OK) return status;
                  at.coordinator.detect_fail(taken, static_cast<e6::ProbeFailure>(failure), code);
                  return E6SHM_OK;
                });
}

std::int32_t e6shm_detect_abandon(e6shm_t* handle, e6shm_lease_t* lease) noexcept {
  return report("e6shm_detect_abandon", handle, lease,
                [&](const Call&, const Attached& at, auto&& take) -> std::int32_t {
                  if (nothing(*lease)) return E6SHM_OK;
                  e6::DetectionLease taken;
                  if (const std::int32_t status = take(taken); status != E6SHM_OK) return status;
                  at.coordinator.detect_abandon(taken);
                  return E6SHM_OK;
                });
}

std::int32_t e6shm_resume_begin(e6shm_t* handle, std::int64_t timeout_ms, std::int32_t* outcome,
                                e6shm_lease_t* lease) noexcept {
  zero(outcome);
  zero(lease);
  return guarded("e6shm_resume_begin", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (outcome == nullptr) return call.null("outcome");
    if (lease == nullptr) return call.null("lease");
    Clock::time_point deadline;
    if (const std::int32_t status = deadline_in(call, at, timeout_ms, deadline); status != E6SHM_OK)
      return status;
    Place<e6::ResumeLease> place;
    if (const std::int32_t status = place.reserve(call, at); status != E6SHM_OK) return status;
    e6::ResumeLease held;
    switch (at.coordinator.resume_begin(deadline, held)) {
      case e6::ResumeOutcome::kResume:
        *outcome = E6SHM_RESUME_YOURS;
        place.hand_out(held, e6::Strategy::kNone, {}, *lease);
        break;
      case e6::ResumeOutcome::kResumedByOther:
        *outcome = E6SHM_RESUME_BY_OTHER;
        break;
      case e6::ResumeOutcome::kFailedByOther:
        *outcome = E6SHM_RESUME_FAILED;
        break;
      case e6::ResumeOutcome::kTimeout:
        *outcome = E6SHM_RESUME_TIMEOUT;
        break;
      case e6::ResumeOutcome::kNotNeeded:
        *outcome = E6SHM_RESUME_NOT_NEEDED;
        break;
    }
    return E6SHM_OK;
  });
}

std::int32_t e6shm_resume_extend(e6shm_t* handle, const e6shm_lease_t* lease) noexcept {
  return guarded("e6shm_resume_extend", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (lease == nullptr) return call.null("lease");
    Use<e6::ResumeLease> use;
    if (const std::int32_t status = use.begin(call, at, *lease); status != E6SHM_OK) return status;
    at.coordinator.resume_extend(use.object());
    return E6SHM_OK;
  });
}

std::int32_t e6shm_resume_abandon(e6shm_t* handle, e6shm_lease_t* lease) noexcept {
  return guarded("e6shm_resume_abandon", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (lease == nullptr) return call.null("lease");
    if (nothing(*lease)) return E6SHM_OK;
    Use<e6::ResumeLease> use;
    if (const std::int32_t status = use.begin(call, at, *lease); status != E6SHM_OK) return status;
    at.coordinator.resume_abandon(use.end());
    *lease = {};
    return E6SHM_OK;
  });
}

std::int32_t e6shm_resume_end(e6shm_t* handle, e6shm_lease_t* lease, std::int32_t active) noexcept {
  return guarded("e6shm_resume_end", handle, [&](const Call& call, const Attached& at) -> std::int32_t {
    if (lease == nullptr) return call.null("lease");
    if (active < 0 || active > 2) return call.undefined("active", active, "0, 1 or 2");
    Use<e6::ResumeLease> use;
    if (const std::int32_t status = use.begin(call, at, *lease); status != E6SHM_OK) return status;
    active == 2 ? at.coordinator.resume_not_needed(use.end()) : at.coordinator.resume_end(use.end(), active == 1);
    *lease = {};
    return E6SHM_OK;
  });
}
