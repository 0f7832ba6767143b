// Finding the colour, seen from one process: who may probe, in which order, and what becomes of the result.
#include <thread>

#include "fixture.h"
#include "layout/lease_word.h"
#include "os/clock.h"

namespace e6::shared_test {
namespace {

using Outcome = Detection::Outcome;

class DetectionTest : public SharedTest {
 protected:
  static Detection begin(Coordinator& c) { return c.detect_begin(SteadyClock::now() + 5s); }
  /// The order in which the holder of a new lease is to try.
  static std::string order(Coordinator& c) {
    const Detection d = begin(c);
    if (d.outcome != Outcome::kProbe) return "none";
    const std::string text = std::string(to_string(d.lease.order[0])) + " " + std::string(to_string(d.lease.order[1]));
    c.detect_abandon(d.lease);
    return text;
  }
};

TEST_F(DetectionTest, without_history_blue_is_tried_first) {
  auto c = attach();
  EXPECT_EQ(order(*c), "blue green");
}

TEST_F(DetectionTest, the_colour_that_was_not_just_refused_is_tried_first) {
  auto c = attach_with(Strategy::kBlue);
  ASSERT_TRUE(c->mismatch(Strategy::kBlue, c->snapshot().epoch));
  EXPECT_EQ(order(*c), "green blue");
  ASSERT_TRUE(detect(*c, Strategy::kGreen));
  ASSERT_TRUE(c->mismatch(Strategy::kGreen, c->snapshot().epoch));
  EXPECT_EQ(order(*c), "blue green");
}

TEST_F(DetectionTest, a_pending_colour_is_tried_first) {
  for (const Strategy active : {Strategy::kBlue, Strategy::kGreen}) {
    auto c = attach_with(active, std::string(to_string(active)));
    auto q = c->begin_query();
    ASSERT_TRUE(c->announce(other(active), q->epoch()));
    ASSERT_TRUE(c->mismatch(active, c->snapshot().epoch));
    EXPECT_EQ(c->snapshot().pending, other(active));
    EXPECT_EQ(order(*c), std::string(to_string(other(active))) + " " + std::string(to_string(active)));
  }
}

TEST_F(DetectionTest, an_expired_colour_is_tried_first_unless_another_is_pending) {
  auto c = attach_with(Strategy::kGreen);
  auto q = c->begin_query();
  advance_clock(301s);
  EXPECT_EQ(order(*c), "green blue");
  ASSERT_TRUE(c->announce(Strategy::kBlue, c->snapshot().epoch));
  ASSERT_EQ(c->snapshot().pending, Strategy::kBlue);
  EXPECT_EQ(order(*c), "blue green");
}

TEST_F(DetectionTest, after_both_were_refused_the_order_is_that_without_history) {
  auto c = attach_with(Strategy::kGreen);
  ASSERT_TRUE(c->mismatch(Strategy::kGreen, c->snapshot().epoch));
  const Detection d = begin(*c);
  c->detect_fail(d.lease, ProbeFailure::kBothRefused, 0);
  advance_clock(1500ms);
  EXPECT_EQ(order(*c), "blue green");
}

TEST_F(DetectionTest, when_both_were_refused_nobody_probes_for_the_negative_ttl) {
  auto c = attach();
  const Detection d = begin(*c);
  ASSERT_EQ(d.outcome, Outcome::kProbe);
  c->detect_refused(d.lease, Strategy::kBlue);
  c->detect_refused(d.lease, Strategy::kGreen);
  c->detect_fail(d.lease, ProbeFailure::kBothRefused, 0);
  EXPECT_TRUE(c->snapshot().both_refused);
  for (int i = 0; i < 10; ++i) {
    const Detection again = begin(*c);
    EXPECT_EQ(again.outcome, Outcome::kFailed);
    EXPECT_EQ(again.failure, ProbeFailure::kBothRefused);
    EXPECT_EQ(c->detect_try().outcome, Outcome::kFailed);
  }
  EXPECT_EQ(c->counter(Counter::kDetections), 1U);
  EXPECT_EQ(c->counter(Counter::kDetectionsFailed), 1U);
  EXPECT_EQ(c->counter(Counter::kRefusedProbes), 2U);
  EXPECT_EQ(inspect::look(c->path()).state, State::kError);
  advance_clock(1s - 10ms);
  EXPECT_EQ(begin(*c).outcome, Outcome::kFailed);
  advance_clock(510ms);
  EXPECT_FALSE(c->snapshot().both_refused);
  EXPECT_EQ(begin(*c).outcome, Outcome::kProbe);
}

TEST_F(DetectionTest, a_cluster_that_cannot_be_reached_leaves_the_cached_colour_alone) {
  for (const ProbeFailure failure : {ProbeFailure::kUnreachable, ProbeFailure::kDenied, ProbeFailure::kSuspended,
                                     ProbeFailure::kTimedOut, ProbeFailure::kOther}) {
    auto c = attach_with(Strategy::kGreen, std::string(to_string(failure)));
    advance_clock(301s);
    const RawSegment raw(c->path());
    const std::uint64_t before = raw->hot.word.load();
    const Detection d = begin(*c);
    c->detect_fail(d.lease, failure, 14);
    EXPECT_EQ(raw->hot.word.load(), before);
    EXPECT_EQ(events_of(*c, EventKind::kDetectionFailed), 1U);
    EXPECT_EQ(begin(*c).outcome, Outcome::kProbe);
  }
}

TEST_F(DetectionTest, a_second_thread_of_the_process_waits_for_the_first) {
  auto c = attach();
  const Detection mine = begin(*c);
  ASSERT_EQ(mine.outcome, Outcome::kProbe);
  Detection theirs;
  std::thread waiter([&] { theirs = c->detect_begin(SteadyClock::now() + kPatience); });
  EXPECT_EQ(c->detect_try().outcome, Outcome::kBusy);
  EXPECT_TRUE(c->detect_succeed(mine.lease, Strategy::kGreen));
  waiter.join();
  EXPECT_EQ(theirs.outcome, Outcome::kUsable);
  EXPECT_EQ(theirs.snapshot.active, Strategy::kGreen);
  EXPECT_EQ(c->counter(Counter::kDetections), 1U);
}

TEST_F(DetectionTest, a_waiter_gives_up_at_its_own_deadline) {
  auto c = attach();
  const Detection mine = begin(*c);
  const auto before = SteadyClock::now();
  EXPECT_EQ(c->detect_begin(before + 60ms).outcome, Outcome::kTimeout);
  const auto waited = SteadyClock::now() - before;
  EXPECT_GE(waited, 55ms);
  EXPECT_LT(waited, 5s);
  EXPECT_EQ(c->detect_begin(before - 1s).outcome, Outcome::kTimeout);
  c->detect_abandon(mine.lease);
}

TEST_F(DetectionTest, an_abandoned_lease_is_free_for_the_next_one) {
  auto c = attach();
  const Detection first = begin(*c);
  c->detect_abandon(first.lease);
  EXPECT_EQ(events_of(*c, EventKind::kDetectionFailed, EventCause::kAbandoned), 1U);
  const Detection second = begin(*c);
  ASSERT_EQ(second.outcome, Outcome::kProbe);
  c->detect_abandon(first.lease);  // has no effect on its successor's
  EXPECT_EQ(c->detect_try().outcome, Outcome::kBusy);
  EXPECT_TRUE(c->detect_succeed(second.lease, Strategy::kBlue));
}

TEST_F(DetectionTest, a_result_counts_once) {
  auto c = attach();
  const Detection d = begin(*c);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kBlue));
  EXPECT_FALSE(c->detect_succeed(d.lease, Strategy::kGreen));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(DetectionTest, a_success_without_a_colour_or_a_lease_is_ignored) {
  auto c = attach();
  EXPECT_FALSE(c->detect_succeed(DetectionLease{}, Strategy::kBlue));
  c->detect_fail(DetectionLease{}, ProbeFailure::kOther, 0);
  c->detect_abandon(DetectionLease{});
  c->detect_refused(DetectionLease{}, Strategy::kBlue);
  const Detection d = begin(*c);
  EXPECT_FALSE(c->detect_succeed(d.lease, Strategy::kNone));
  EXPECT_FALSE(c->snapshot().usable);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kGreen));
}

TEST_F(DetectionTest, a_probe_that_took_longer_than_its_lease_is_fenced_off) {
  auto c = attach();
  const Detection slow = begin(*c);
  advance_clock(9s);
  EXPECT_EQ(c->detect_try().outcome, Outcome::kBusy);
  advance_clock(2s);  // a third of the detection time-out has passed
  const Detection next = begin(*c);
  ASSERT_EQ(next.outcome, Outcome::kProbe);
  EXPECT_EQ(events_of(*c, EventKind::kLeaseTakenOver, EventCause::kOwnerLate), 1U);
  EXPECT_EQ(c->counter(Counter::kLeaseTakeovers), 1U);
  EXPECT_FALSE(c->detect_succeed(slow.lease, Strategy::kBlue));
  EXPECT_FALSE(c->snapshot().usable);
  c->detect_fail(slow.lease, ProbeFailure::kBothRefused, 0);
  EXPECT_FALSE(c->snapshot().both_refused);
  EXPECT_TRUE(c->detect_succeed(next.lease, Strategy::kGreen));
  EXPECT_FALSE(c->detect_succeed(slow.lease, Strategy::kBlue));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(DetectionTest, a_probe_that_makes_progress_keeps_its_lease) {
  auto c = attach();
  const Detection d = begin(*c);
  advance_clock(9s);
  c->detect_refused(d.lease, Strategy::kBlue);
  advance_clock(9s);
  EXPECT_EQ(c->detect_try().outcome, Outcome::kBusy);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kGreen));
}

TEST_F(DetectionTest, a_result_from_before_an_operator_acted_is_ignored) {
  auto c = attach();
  const Detection d = begin(*c);
  ASSERT_TRUE(c->set(Strategy::kGreen));
  EXPECT_FALSE(c->detect_succeed(d.lease, Strategy::kBlue));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(DetectionTest, durations_are_counted_in_cumulative_buckets) {
  auto c = attach();
  const Detection d = begin(*c);
  advance_clock(300ms);
  ASSERT_TRUE(c->detect_succeed(d.lease, Strategy::kBlue));
  EXPECT_GE(c->counter(Counter::kDetectionMicros), 300'000U);
  EXPECT_EQ(c->counter(Counter::kDetectionLe10ms), 0U);
  EXPECT_EQ(c->counter(Counter::kDetectionLe250ms), 0U);
  EXPECT_EQ(c->counter(Counter::kDetectionLe1s), 1U);
  EXPECT_EQ(c->counter(Counter::kDetectionLe30s), 1U);
}

TEST_F(DetectionTest, a_detection_that_found_the_second_colour_drops_a_pending_one_that_was_refused) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, q->epoch()));
  advance_clock(301s);
  const Detection d = begin(*c);
  ASSERT_EQ(d.lease.order[0], Strategy::kGreen);
  c->detect_refused(d.lease, Strategy::kGreen);
  ASSERT_TRUE(c->detect_succeed(d.lease, Strategy::kBlue));
  EXPECT_EQ(c->snapshot().pending, Strategy::kNone);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(DetectionTest, the_fence_of_a_lease_wraps_without_harm) {
  auto c = attach();
  const RawSegment raw(c->path());
  raw->leases[layout::kDetectionLease].word.store(layout::pack(layout::LeaseWord{layout::kLeaseFenceMask - 1, 0, 0}));
  for (int i = 0; i < 4; ++i) {
    const Detection d = begin(*c);
    ASSERT_EQ(d.outcome, Outcome::kProbe) << i;
    EXPECT_EQ(c->detect_try().outcome, Outcome::kBusy);
    c->detect_abandon(d.lease);
  }
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
}

TEST_F(DetectionTest, a_deadline_that_no_clock_of_this_host_can_have_written_is_over) {
  auto c = attach();
  const RawSegment raw(c->path());
  layout::LeaseWord far{5, layout::kLeaseGuest, 0};
  far.deadline = (layout::lease_unit(static_cast<std::uint64_t>(
                      std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now().time_since_epoch()).count())) +
                  layout::kFurthestLease + 100) &
                 layout::kLeaseDeadlineMask;
  raw->leases[layout::kDetectionLease].word.store(layout::pack(far));
  EXPECT_EQ(begin(*c).outcome, Outcome::kProbe);
}

TEST_F(DetectionTest, a_prober_that_says_that_it_is_at_work_is_not_passed_over) {
  auto c = attach();
  const Detection mine = c->detect_begin(SteadyClock::now());
  ASSERT_EQ(mine.outcome, Outcome::kProbe);
  const auto third = c->options().detection_timeout / 3;
  for (int i = 0; i < 5; ++i) {
    advance_clock(std::chrono::duration_cast<std::chrono::milliseconds>(third) - 100ms);
    c->detect_extend(mine.lease);
    EXPECT_EQ(c->detect_try().outcome, Outcome::kBusy);
  }
  EXPECT_TRUE(c->detect_succeed(mine.lease, Strategy::kGreen));
}

TEST_F(DetectionTest, a_lease_that_was_lost_cannot_be_extended) {
  auto c = attach();
  const Detection mine = c->detect_begin(SteadyClock::now());
  advance_clock(c->options().detection_timeout);
  const Detection next = c->detect_try();
  ASSERT_EQ(next.outcome, Outcome::kProbe);
  c->detect_extend(mine.lease);
  EXPECT_FALSE(c->detect_succeed(mine.lease, Strategy::kBlue));
  EXPECT_TRUE(c->detect_succeed(next.lease, Strategy::kGreen));
}

TEST_F(DetectionTest, a_lease_of_a_slot_that_cannot_be_is_nobodys) {
  auto c = attach();
  layout::LeaseWord w;
  w.fence = 7;
  w.holder = layout::kParticipants + 1;
  w.deadline = layout::lease_unit(os::monotonic_ms() + 1'000'000);
  RawSegment(path())->leases[layout::kDetectionLease].word.store(layout::pack(w));
  EXPECT_EQ(c->detect_try().outcome, Outcome::kProbe);
}

}  // namespace
}  // namespace e6::shared_test
