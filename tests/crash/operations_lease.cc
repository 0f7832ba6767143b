// Detection and resuming.
#include "layout/hot_word.h"
#include "layout/lease_word.h"
#include "operation.h"

namespace e6::crash {
namespace {

using Clock = std::chrono::steady_clock;

void knows_refused_blue(Actor& a) {
  knows_blue(a);
  a.coordinator->mismatch(Strategy::kBlue, a.coordinator->snapshot().epoch);
}
void probes(Actor& a) {
  knows_refused_blue(a);
  a.detection = a.coordinator->detect_begin(Clock::now()).lease;
}
void knows_expired_blue(Actor& a) {
  knows_blue(a);
  a.coordinator->expire();
}
// Green is announced, and nobody knows whether blue still holds.
void knows_expired_blue_then_green(Actor& a) {
  knows_blue_then_green(a);
  a.coordinator->expire();
}
void resumes(Actor& a) {
  knows_refused_blue(a);
  (void)a.coordinator->resume_begin(Clock::now(), a.resume);
}

void claim(Actor& a) { a.detection = a.coordinator->detect_begin(Clock::now()).lease; }
void claim_without_waiting(Actor& a) { a.detection = a.coordinator->detect_try().lease; }
void claim_resume(Actor& a) { (void)a.coordinator->resume_begin(Clock::now(), a.resume); }

void pass_deadline(layout::Lease& lease) {
  layout::LeaseWord w = layout::unpack_lease(lease.word.load());
  w.deadline = (w.deadline - layout::kFurthestLease) & layout::kLeaseDeadlineMask;
  lease.word.store(layout::pack(w));
}
void make_prober_late(layout::Segment& s) { pass_deadline(s.leases[layout::kDetectionLease]); }
void make_resumer_late(layout::Segment& s) { pass_deadline(s.leases[layout::kResumeLease]); }

void refused(Actor& a) { a.coordinator->detect_refused(a.detection, Strategy::kGreen); }
void succeed(Actor& a) { (void)a.coordinator->detect_succeed(a.detection, Strategy::kGreen); }
void succeed_same(Actor& a) { (void)a.coordinator->detect_succeed(a.detection, Strategy::kBlue); }
void fail_both(Actor& a) { a.coordinator->detect_fail(a.detection, ProbeFailure::kBothRefused, 2); }
void fail_unreachable(Actor& a) { a.coordinator->detect_fail(a.detection, ProbeFailure::kUnreachable, 14); }
void abandon(Actor& a) { a.coordinator->detect_abandon(a.detection); }
void end_resume(Actor& a) { a.coordinator->resume_end(a.resume, true); }

constexpr Operation kOperations[] = {
    {.name = "detect-claim", .special = kHoldsDetection | kRepresentative, .neighbour = knows_refused_blue, .run = claim},
    {.name = "detect-refused", .special = kHoldsDetection, .neighbour = knows_refused_blue, .prepare = claim, .run = refused},
    {.name = "detect-succeed", .special = kHoldsDetection | kRepresentative, .neighbour = knows_refused_blue, .prepare = claim, .run = succeed},
    {.name = "detect-same", .special = kHoldsDetection, .neighbour = knows_expired_blue, .prepare = claim, .run = succeed_same},
    {.name = "detect-cancels-pending", .special = kHoldsDetection, .neighbour = knows_expired_blue_then_green, .prepare = claim, .run = succeed_same},
    {.name = "detect-both-refused", .special = kHoldsDetection, .neighbour = knows_refused_blue, .prepare = claim, .run = fail_both},
    {.name = "detect-unreachable", .special = kHoldsDetection, .neighbour = knows_refused_blue, .prepare = claim, .run = fail_unreachable},
    {.name = "detect-abandon", .special = kHoldsDetection, .neighbour = knows_refused_blue, .prepare = claim, .run = abandon},
    {.name = "take-over-dead", .special = kHoldsDetection, .neighbour = knows_refused_blue, .dead = claim, .run = claim_without_waiting},
    {.name = "take-over-late", .special = kHoldsDetection | kTouchesNeighbour | kRepresentative, .neighbour = probes, .arrange = make_prober_late,
     .run = claim},
    {.name = "resume-begin", .neighbour = knows_refused_blue, .run = claim_resume},
    {.name = "resume-end", .neighbour = knows_refused_blue, .prepare = claim_resume, .run = end_resume},
    {.name = "resume-take-over-late", .special = kTouchesNeighbour, .neighbour = resumes, .arrange = make_resumer_late, .run = claim_resume},
};

}  // namespace

std::span<const Operation> lease_operations() { return kOperations; }

}  // namespace e6::crash
