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
void claim_in_doubt(Actor& a) { a.detection = a.coordinator->detect_verify(Strategy::kBlue).lease; }
void claim_without_waiting(Actor& a) { a.detection = a.coordinator->detect_try().lease; }
void claim_as_guest(Actor& a) {
  become_guest(a);
  claim(a);
}
/// 1500 s less to live of 1800: still usable, and to be looked at again.
void pass_soft_limit(layout::Segment& s) {
  layout::HotWord w = layout::unpack(s.hot.word.load());
  w.expiry -= 6000;
  s.hot.word.store(layout::pack(w));
}
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
void extend(Actor& a) { a.coordinator->detect_extend(a.detection); }
void extend_resume(Actor& a) { a.coordinator->resume_extend(a.resume); }
void abandon_resume(Actor& a) { a.coordinator->resume_abandon(a.resume); }
void find_active(Actor& a) { a.coordinator->resume_not_needed(a.resume); }
void fail_resume(Actor& a) { a.coordinator->resume_end(a.resume, false); }
void end_resume(Actor& a) { a.coordinator->resume_end(a.resume, true); }

constexpr Operation kOperations[] = {
    {.name = "detect-claim", .special = kRepresentative, .neighbour = knows_refused_blue, .run = claim},
    {.name = "detect-refused", .neighbour = knows_refused_blue, .prepare = claim, .run = refused},
    {.name = "detect-extend", .neighbour = knows_refused_blue, .prepare = claim, .run = extend},
    {.name = "detect-succeed", .special = kRepresentative, .neighbour = knows_refused_blue, .prepare = claim, .run = succeed},
    {.name = "detect-same", .neighbour = knows_expired_blue, .prepare = claim, .run = succeed_same},
    {.name = "detect-cancels-pending", .neighbour = knows_expired_blue_then_green, .prepare = claim, .run = succeed_same},
    {.name = "detect-both-refused", .neighbour = knows_refused_blue, .prepare = claim, .run = fail_both},
    {.name = "detect-unreachable", .neighbour = knows_refused_blue, .prepare = claim, .run = fail_unreachable},
    {.name = "detect-abandon", .neighbour = knows_refused_blue, .prepare = claim, .run = abandon},
    {.name = "take-over-dead", .neighbour = knows_refused_blue, .dead = claim, .run = claim_without_waiting},
    {.name = "take-over-late", .special = kTouchesNeighbour | kRepresentative, .neighbour = probes, .arrange = make_prober_late,
     .run = claim},
    {.name = "resume-begin", .neighbour = knows_refused_blue, .run = claim_resume},
    {.name = "detect-verify", .neighbour = knows_blue, .run = claim_in_doubt},
    {.name = "detect-recheck", .neighbour = knows_blue, .arrange = pass_soft_limit, .run = claim_without_waiting},
    {.name = "guest-claim", .special = kGuest, .neighbour = knows_refused_blue, .prepare = become_guest, .run = claim},
    {.name = "guest-succeed", .special = kGuest, .neighbour = knows_refused_blue, .prepare = claim_as_guest, .run = succeed},
    {.name = "resume-extend", .neighbour = knows_refused_blue, .prepare = claim_resume, .run = extend_resume},
    {.name = "resume-abandon", .neighbour = knows_refused_blue, .prepare = claim_resume, .run = abandon_resume},
    {.name = "resume-not-needed", .neighbour = knows_refused_blue, .prepare = claim_resume, .run = find_active},
    {.name = "resume-fail", .neighbour = knows_refused_blue, .prepare = claim_resume, .run = fail_resume},
    {.name = "resume-take-over-dead", .neighbour = knows_refused_blue, .dead = claim_resume, .run = claim_resume},
    {.name = "resume-end", .neighbour = knows_refused_blue, .prepare = claim_resume, .run = end_resume},
    {.name = "resume-take-over-late", .special = kTouchesNeighbour, .neighbour = resumes, .arrange = make_resumer_late, .run = claim_resume},
};

}  // namespace

std::span<const Operation> lease_operations() { return kOperations; }

}  // namespace e6::crash
