// The colour: announced, confirmed, refused, applied, expired, and set by an operator, in one process.
#include "fixture.h"

namespace e6::shared_test {
namespace {

class StrategyTest : public SharedTest {};

Epoch epoch_of(const Coordinator& c) { return c.snapshot().epoch; }

TEST_F(StrategyTest, nothing_is_known_in_a_new_segment) {
  auto c = attach();
  const Snapshot s = c->snapshot();
  EXPECT_EQ(s.active, Strategy::kNone);
  EXPECT_FALSE(s.usable);
  EXPECT_FALSE(c->begin_query());
  EXPECT_EQ(c->counter(Counter::kMisses), 1U);
  EXPECT_EQ(c->mode(), Mode::kShared) << c->degraded_by().sentence();
}

TEST_F(StrategyTest, a_detected_colour_is_usable_for_the_whole_ttl) {
  auto c = attach_with(Strategy::kGreen);
  EXPECT_TRUE(c->snapshot().usable);
  EXPECT_LE(c->snapshot().remaining_ms, 300'000U);
  EXPECT_GE(c->snapshot().remaining_ms, 299'000U);
  advance_clock(299s);
  EXPECT_TRUE(c->snapshot().usable);
  advance_clock(1s + 250ms);
  EXPECT_FALSE(c->snapshot().usable);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_FALSE(c->begin_query());
}

TEST_F(StrategyTest, confirm_writes_at_most_once_per_tenth_of_the_ttl) {
  auto c = attach_with(Strategy::kBlue);
  const RawSegment raw(c->path());
  const std::uint64_t before = raw->hot.word.load();
  advance_clock(29s);
  c->confirm(Strategy::kBlue, epoch_of(*c));
  EXPECT_EQ(raw->hot.word.load(), before);
  EXPECT_EQ(c->counter(Counter::kRenewals), 0U);
  advance_clock(2s);
  for (int i = 0; i < 1000; ++i) c->confirm(Strategy::kBlue, epoch_of(*c));
  EXPECT_NE(raw->hot.word.load(), before);
  EXPECT_EQ(c->counter(Counter::kRenewals), 1U);
  EXPECT_GE(c->snapshot().remaining_ms, 299'000U);
}

TEST_F(StrategyTest, traffic_keeps_a_colour_usable_for_ever) {
  auto c = attach_with(Strategy::kBlue);
  for (int minute = 0; minute < 60; ++minute) {
    advance_clock(60s);
    ASSERT_TRUE(c->snapshot().usable);
    EXPECT_FALSE(c->snapshot().soft_expired);
    c->confirm(Strategy::kBlue, epoch_of(*c));
  }
  EXPECT_EQ(c->counter(Counter::kDetections), 1U);
}

TEST_F(StrategyTest, a_confirmation_of_another_colour_or_epoch_extends_nothing) {
  auto c = attach_with(Strategy::kBlue);
  const Epoch old = epoch_of(*c);
  advance_clock(200s);
  c->confirm(Strategy::kGreen, old);
  c->confirm(Strategy::kBlue, {old.active - 1, old.pending});
  EXPECT_LE(c->snapshot().remaining_ms, 100'250U);
}

TEST_F(StrategyTest, a_host_that_was_idle_for_hours_has_no_usable_colour_and_pays_one_detection) {
  auto c = attach_with(Strategy::kGreen);
  advance_clock(5h);
  EXPECT_FALSE(c->begin_query());
  const Detection d = c->detect_begin(SteadyClock::now() + 1s);
  ASSERT_EQ(d.outcome, Detection::Outcome::kProbe);
  EXPECT_EQ(d.lease.order[0], Strategy::kGreen);
  EXPECT_EQ(d.lease.order[1], Strategy::kBlue);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kGreen));
  EXPECT_TRUE(c->begin_query());
}

TEST_F(StrategyTest, a_current_mismatch_makes_the_colour_unknown) {
  auto c = attach_with(Strategy::kBlue);
  EXPECT_TRUE(c->mismatch(Strategy::kBlue, epoch_of(*c)));
  EXPECT_EQ(c->snapshot().active, Strategy::kNone);
  EXPECT_FALSE(c->snapshot().usable);
  EXPECT_EQ(events_of(*c, EventKind::kMismatch), 1U);
}

TEST_F(StrategyTest, a_late_mismatch_changes_nothing) {
  auto c = attach_with(Strategy::kBlue);
  const Epoch sent_in = epoch_of(*c);
  ASSERT_TRUE(c->mismatch(Strategy::kBlue, sent_in));
  ASSERT_TRUE(detect(*c, Strategy::kGreen));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(c->mismatch(Strategy::kBlue, sent_in));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_TRUE(c->snapshot().usable);
  EXPECT_EQ(c->counter(Counter::kStaleNews), 1000U);
  EXPECT_EQ(c->counter(Counter::kMismatches), 1001U);
  EXPECT_EQ(c->counter(Counter::kDetections), 2U);
}

TEST_F(StrategyTest, an_announced_colour_is_taken_at_once_when_nothing_is_in_flight) {
  auto c = attach_with(Strategy::kBlue);
  EXPECT_TRUE(c->announce(Strategy::kGreen, epoch_of(*c)));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_EQ(c->snapshot().pending, Strategy::kNone);
  EXPECT_EQ(events_of(*c, EventKind::kApplied, EventCause::kIdle), 1U);
}

TEST_F(StrategyTest, an_announced_colour_waits_for_the_next_completion_of_any_query) {
  auto c = attach_with(Strategy::kBlue);
  auto first = c->begin_query();
  auto second = c->begin_query();
  EXPECT_TRUE(c->announce(Strategy::kGreen, first->epoch()));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  EXPECT_EQ(c->snapshot().pending, Strategy::kGreen);
  auto third = c->begin_query();
  EXPECT_EQ(third->strategy(), Strategy::kBlue);
  c->end_query(std::move(*second));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_EQ(events_of(*c, EventKind::kApplied, EventCause::kCompletion), 1U);
  EXPECT_EQ(first->strategy(), Strategy::kBlue);
  EXPECT_EQ(c->in_flight(), 2U);
  EXPECT_EQ(c->counter(Counter::kTransitions), 1U);
}

TEST_F(StrategyTest, an_announcement_of_the_active_colour_rolls_the_pending_one_back) {
  auto c = attach_with(Strategy::kBlue);
  auto running = c->begin_query();
  const Epoch before = epoch_of(*c);
  ASSERT_TRUE(c->announce(Strategy::kGreen, before));
  EXPECT_FALSE(c->announce(Strategy::kGreen, epoch_of(*c)));
  const Epoch announced = epoch_of(*c);
  EXPECT_TRUE(c->announce(Strategy::kBlue, announced));
  EXPECT_EQ(c->snapshot().pending, Strategy::kNone);
  EXPECT_EQ(events_of(*c, EventKind::kRolledBack), 1U);
  // the answers to requests that were sent before the rollback arrive after it
  EXPECT_FALSE(c->announce(Strategy::kGreen, before));
  EXPECT_FALSE(c->announce(Strategy::kGreen, announced));
  EXPECT_EQ(c->snapshot().pending, Strategy::kNone);
  c->end_query(std::move(*running));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(StrategyTest, an_announcement_from_an_older_epoch_is_old_news) {
  auto c = attach_with(Strategy::kBlue);
  const Epoch old = epoch_of(*c);
  ASSERT_TRUE(c->set(Strategy::kBlue));
  EXPECT_FALSE(c->announce(Strategy::kGreen, old));
  EXPECT_EQ(c->snapshot().pending, Strategy::kNone);
  EXPECT_EQ(c->counter(Counter::kStaleNews), 1U);
}

TEST_F(StrategyTest, next_query_takes_an_announced_colour_at_the_next_beginning) {
  Options o = options();
  o.policy = TransitionPolicy::kNextQuery;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto running = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, epoch_of(*c)));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  auto next = c->begin_query();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->strategy(), Strategy::kGreen);
  EXPECT_EQ(running->strategy(), Strategy::kBlue);
  EXPECT_EQ(events_of(*c, EventKind::kApplied, EventCause::kNextQuery), 1U);
}

TEST_F(StrategyTest, when_idle_takes_an_announced_colour_only_when_the_last_query_has_ended) {
  Options o = options();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto first = c->begin_query();
  auto second = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, epoch_of(*c)));
  c->end_query(std::move(*first));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  auto third = c->begin_query();
  EXPECT_EQ(third->strategy(), Strategy::kBlue);
  c->end_query(std::move(*second));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  c->end_query(std::move(*third));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(StrategyTest, a_query_that_runs_for_ever_delays_an_announced_colour_by_the_drain_timeout_at_most) {
  for (const TransitionPolicy policy : {TransitionPolicy::kWhenIdle, TransitionPolicy::kOnCompletion}) {
    Options o = options(std::string(to_string(policy)));
    o.policy = policy;
    o.drain_timeout = 60s;
    auto c = attach(o);
    ASSERT_TRUE(detect(*c, Strategy::kBlue));
    auto endless = c->begin_query();
    ASSERT_TRUE(c->announce(Strategy::kGreen, epoch_of(*c)));
    advance_clock(59s);
    auto before = c->begin_query();
    EXPECT_EQ(before->strategy(), Strategy::kBlue) << to_string(policy);
    advance_clock(2s);
    EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen) << to_string(policy);
    EXPECT_EQ(events_of(*c, EventKind::kApplied, EventCause::kDrainTimeout), 1U) << to_string(policy);
    EXPECT_EQ(endless->strategy(), Strategy::kBlue);
    EXPECT_EQ(before->strategy(), Strategy::kBlue);
  }
}

TEST_F(StrategyTest, a_colour_pending_since_a_time_to_come_is_applied_all_the_same) {
  Options o = options();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto running = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, c->snapshot().epoch));
  RawSegment(path())->pending.since_ms.store(~std::uint64_t{0} / 2);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen);
}

TEST_F(StrategyTest, a_second_announcement_does_not_start_the_drain_timeout_anew) {
  Options o = options();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto endless = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, epoch_of(*c)));
  advance_clock(50s);
  EXPECT_FALSE(c->announce(Strategy::kGreen, epoch_of(*c)));
  advance_clock(11s);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen);
}

TEST_F(StrategyTest, the_soft_limit_lets_one_recheck_while_everybody_goes_on) {
  auto c = attach_with(Strategy::kBlue);
  EXPECT_EQ(c->detect_try().outcome, Detection::Outcome::kUsable);
  advance_clock(232s);  // 80 % is 240 s, with a jitter of 2 % of the TTL
  EXPECT_FALSE(c->snapshot().soft_expired);
  advance_clock(16s);
  EXPECT_TRUE(c->snapshot().soft_expired);
  EXPECT_TRUE(c->snapshot().usable);
  const Detection first = c->detect_try();
  ASSERT_EQ(first.outcome, Detection::Outcome::kProbe);
  EXPECT_EQ(first.lease.order[0], Strategy::kBlue);
  EXPECT_EQ(c->detect_try().outcome, Detection::Outcome::kBusy);
  EXPECT_EQ(c->detect_begin(SteadyClock::now() + 1s).outcome, Detection::Outcome::kUsable);
  EXPECT_TRUE(c->begin_query());
  const Epoch before = epoch_of(*c);
  EXPECT_TRUE(c->detect_succeed(first.lease, Strategy::kBlue));
  EXPECT_FALSE(c->snapshot().soft_expired);
  EXPECT_EQ(epoch_of(*c), before);
  EXPECT_EQ(c->detect_try().outcome, Detection::Outcome::kUsable);
}

TEST_F(StrategyTest, a_doubt_hands_out_the_lease_although_the_colour_is_fresh) {
  auto c = attach_with(Strategy::kBlue);
  const Epoch before = epoch_of(*c);
  const Detection first = c->detect_verify(Strategy::kBlue);
  ASSERT_EQ(first.outcome, Detection::Outcome::kProbe);
  EXPECT_EQ(first.lease.order[0], Strategy::kBlue);
  EXPECT_EQ(first.lease.order[1], Strategy::kGreen);
  EXPECT_EQ(c->detect_verify(Strategy::kBlue).outcome, Detection::Outcome::kBusy);
  EXPECT_EQ(c->detect_begin(SteadyClock::now() + 1s).outcome, Detection::Outcome::kUsable);
  const std::vector<Event> events = c->recent_events(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, EventKind::kDetectionStarted);
  EXPECT_EQ(events[0].cause, EventCause::kDoubted);
  EXPECT_TRUE(c->detect_succeed(first.lease, Strategy::kBlue));
  EXPECT_EQ(epoch_of(*c), before);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(StrategyTest, a_doubt_begins_with_the_colour_in_question_although_the_other_is_announced) {
  auto c = attach_with(Strategy::kBlue);
  const auto running = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, epoch_of(*c)));
  const Detection d = c->detect_verify(Strategy::kBlue);
  ASSERT_EQ(d.outcome, Detection::Outcome::kProbe);
  EXPECT_EQ(d.lease.order[0], Strategy::kBlue);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kBlue));
  EXPECT_EQ(c->snapshot().pending, Strategy::kGreen);
}

TEST_F(StrategyTest, a_doubt_that_was_right_moves_the_host) {
  auto c = attach_with(Strategy::kBlue);
  const Detection d = c->detect_verify(Strategy::kBlue);
  ASSERT_EQ(d.outcome, Detection::Outcome::kProbe);
  c->detect_refused(d.lease, Strategy::kBlue);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kGreen));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(StrategyTest, a_recheck_that_cannot_reach_the_cluster_keeps_the_colour) {
  auto c = attach_with(Strategy::kBlue);
  advance_clock(250s);
  const Detection d = c->detect_try();
  ASSERT_EQ(d.outcome, Detection::Outcome::kProbe);
  c->detect_fail(d.lease, ProbeFailure::kUnreachable, 14);
  EXPECT_TRUE(c->snapshot().usable);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(StrategyTest, an_operator_sets_clears_applies_and_expires_and_it_stands_in_the_ring) {
  auto c = attach();
  EXPECT_TRUE(c->set(Strategy::kBlue));
  EXPECT_TRUE(c->snapshot().usable);
  auto running = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, epoch_of(*c)));
  EXPECT_TRUE(c->apply());
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_FALSE(c->apply());
  EXPECT_TRUE(c->expire());
  EXPECT_FALSE(c->snapshot().usable);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_TRUE(c->clear());
  EXPECT_FALSE(c->clear());
  EXPECT_FALSE(c->expire());
  EXPECT_FALSE(c->set(Strategy::kNone));
  for (const EventKind kind : {EventKind::kOperatorSet, EventKind::kOperatorApplied, EventKind::kExpired, EventKind::kOperatorCleared})
    EXPECT_EQ(events_of(*c, kind, EventCause::kOperator), 1U) << to_string(kind);
  for (const Event& e : c->recent_events(100))
    if (e.cause == EventCause::kOperator) {
      EXPECT_EQ(e.pid, static_cast<std::uint32_t>(::getpid()));
    }
}

TEST_F(StrategyTest, an_expired_colour_is_not_revived_by_the_answer_to_an_older_request) {
  auto c = attach_with(Strategy::kBlue);
  const Epoch old = epoch_of(*c);
  ASSERT_TRUE(c->expire());
  c->confirm(Strategy::kBlue, old);
  EXPECT_FALSE(c->snapshot().usable);
}

TEST_F(StrategyTest, two_clusters_in_one_process_know_nothing_of_each_other) {
  auto a = attach_with(Strategy::kBlue, "a:1");
  auto b = attach_with(Strategy::kGreen, "b:1");
  EXPECT_NE(a->path(), b->path());
  EXPECT_TRUE(a->mismatch(Strategy::kBlue, epoch_of(*a)));
  EXPECT_EQ(b->snapshot().active, Strategy::kGreen);
  auto q = b->begin_query();
  EXPECT_EQ(a->in_flight(), 0U);
  EXPECT_EQ(b->in_flight(), 1U);
}

TEST_F(StrategyTest, an_observer_hears_what_this_process_did) {
  struct Listener : Observer {
    std::vector<Event> events;
    void on_event(const Event& e) noexcept override { events.push_back(e); }
  };
  auto c = attach();
  auto listener = std::make_shared<Listener>();
  c->add_observer(listener);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  ASSERT_TRUE(c->mismatch(Strategy::kBlue, epoch_of(*c)));
  ASSERT_EQ(listener->events.size(), 3U);
  EXPECT_EQ(listener->events[0].kind, EventKind::kDetectionStarted);
  EXPECT_EQ(listener->events[1].kind, EventKind::kDetected);
  EXPECT_EQ(listener->events[1].to, Strategy::kBlue);
  EXPECT_EQ(listener->events[2].kind, EventKind::kMismatch);
  EXPECT_EQ(listener->events[2].from, Strategy::kBlue);
  c->remove_observer(listener.get());
  ASSERT_TRUE(detect(*c, Strategy::kGreen));
  EXPECT_EQ(listener->events.size(), 3U);
}

}  // namespace
}  // namespace e6::shared_test
