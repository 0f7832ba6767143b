// Without a segment: every thread for itself, behind the same interface, under the same rules.
#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "fixture.h"

namespace e6::shared_test {
namespace {

using Outcome = Detection::Outcome;

class FallbackTest : public SharedTest {
 protected:
  [[nodiscard]] Options without_segment() const {
    Options o = options();
    o.directory += "/missing";
    return o;
  }
};

TEST_F(FallbackTest, the_rules_for_the_colour_are_the_same) {
  auto c = attach(without_segment());
  ASSERT_EQ(c->mode(), Mode::kFallback);
  EXPECT_FALSE(c->begin_query());
  const Detection d = c->detect_begin(SteadyClock::now() + 1s);
  ASSERT_EQ(d.outcome, Outcome::kProbe);
  EXPECT_EQ(d.lease.order[0], Strategy::kBlue);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kBlue));
  const Epoch old = c->snapshot().epoch;
  auto q = c->begin_query();
  ASSERT_TRUE(q);
  ASSERT_TRUE(c->bind(*q, "query-1", "engine").ok());
  EXPECT_EQ(c->find_query("query-1")->engine_address, "engine");
  EXPECT_EQ(c->in_flight(), 1U);
  EXPECT_TRUE(c->announce(Strategy::kGreen, old));
  EXPECT_EQ(c->snapshot().pending, Strategy::kGreen);
  EXPECT_TRUE(c->announce(Strategy::kBlue, c->snapshot().epoch));
  EXPECT_FALSE(c->announce(Strategy::kGreen, old));
  EXPECT_TRUE(c->announce(Strategy::kGreen, c->snapshot().epoch));
  c->end_query(std::move(*q));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_FALSE(c->mismatch(Strategy::kBlue, old));
  EXPECT_TRUE(c->mismatch(Strategy::kGreen, c->snapshot().epoch));
  const Detection again = c->detect_begin(SteadyClock::now() + 1s);
  EXPECT_EQ(again.lease.order[0], Strategy::kBlue);
  c->detect_fail(again.lease, ProbeFailure::kBothRefused, 0);
  EXPECT_EQ(c->detect_begin(SteadyClock::now() + 1s).outcome, Outcome::kFailed);
  advance_clock(1500ms);
  EXPECT_TRUE(detect(*c, Strategy::kBlue));
  advance_clock(301s);
  EXPECT_FALSE(c->snapshot().usable);
  EXPECT_TRUE(c->set(Strategy::kGreen));
  EXPECT_TRUE(c->expire());
  EXPECT_TRUE(c->clear());
  EXPECT_TRUE(c->recent_events(10).empty());
}

TEST_F(FallbackTest, a_drain_timeout_and_the_policies_hold_too) {
  Options o = without_segment();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto running = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, c->snapshot().epoch));
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kBlue);
  advance_clock(61s);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen);
}

TEST_F(FallbackTest, each_thread_knows_for_itself) {
  auto c = attach(without_segment());
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  std::thread([&] {
    EXPECT_FALSE(c->snapshot().usable);
    EXPECT_TRUE(detect(*c, Strategy::kGreen));
    EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  }).join();
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(FallbackTest, a_ticket_ended_on_another_thread_does_not_end_that_threads_query) {
  auto c = attach(without_segment());
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto mine = c->begin_query();
  std::thread([&] {
    EXPECT_TRUE(detect(*c, Strategy::kBlue));
    auto theirs = c->begin_query();
    EXPECT_TRUE(c->bind(*theirs, "theirs", "").ok());
    c->end_query(std::move(*mine));
    EXPECT_TRUE(c->find_query("theirs"));
    EXPECT_EQ(c->in_flight(), 1U);
  }).join();
}

TEST_F(FallbackTest, two_clusters_know_nothing_of_each_other) {
  Options a = without_segment();
  Options b = without_segment();
  b.cluster = "other:1";
  auto ca = attach(a);
  auto cb = attach(b);
  ASSERT_TRUE(detect(*ca, Strategy::kBlue));
  EXPECT_FALSE(cb->snapshot().usable);
}

TEST_F(FallbackTest, a_forked_child_goes_on_with_what_its_thread_knew_and_without_its_parents_queries) {
  auto c = attach(without_segment());
  ASSERT_TRUE(detect(*c, Strategy::kGreen));
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "").ok());
  E6_EXPECT_CHILD(in_child([&] {
    E6_CHILD_CHECK(c->snapshot().active == Strategy::kGreen);
    E6_CHILD_CHECK(c->in_flight() == 0);
    E6_CHILD_CHECK(!c->find_query("query-1"));
    E6_CHILD_CHECK(c->bind(*q, "x", "").cause == Cause::kForked);
    return 0;
  }));
}

TEST_F(FallbackTest, sharing_can_be_switched_off_and_then_touches_no_directory) {
  Options o = options();
  o.share = false;
  auto c = attach(o);
  EXPECT_EQ(c->mode(), Mode::kFallback);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  advance_clock(120s);
  EXPECT_TRUE(c->begin_query());
  EXPECT_EQ(directory_.entries(), 0U);
  EXPECT_EQ(attach()->mode(), Mode::kShared);
  EXPECT_EQ(c->mode(), Mode::kFallback);
}

TEST_F(FallbackTest, a_segment_that_comes_later_is_found_and_the_observer_told) {
  struct Listener : Observer {
    std::vector<Cause> degraded;
    int restored = 0;
    void on_degraded(const Error& e) noexcept override { degraded.push_back(e.cause); }
    void on_restored() noexcept override { ++restored; }
  };
  Options o = without_segment();
  auto c = attach(o);
  auto listener = std::make_shared<Listener>();
  c->add_observer(listener);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  for (int i = 0; i < 3; ++i) {
    advance_clock(70s);
    ASSERT_TRUE(c->begin_query());
    c->confirm(Strategy::kBlue, c->snapshot().epoch);
  }
  // told what held when it began to listen, and not again for the same reason
  EXPECT_EQ(listener->degraded, std::vector<Cause>{Cause::kNoDirectory});
  ASSERT_EQ(::mkdir(o.directory.c_str(), 0700), 0);
  advance_clock(70s);
  (void)c->begin_query();
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(listener->restored, 1);
  EXPECT_TRUE(c->degraded_by().ok());
}

TEST_F(FallbackTest, what_a_thread_knew_in_fallback_is_not_forced_upon_the_host) {
  Options o = without_segment();
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto q = c->begin_query();
  ASSERT_EQ(::mkdir(o.directory.c_str(), 0700), 0);
  EXPECT_EQ(start_peer({"set", o.directory, o.cluster, "green"}).wait(), 0);
  advance_clock(70s);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen);
  c->end_query(std::move(*q));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(FallbackTest, required_makes_it_an_error_with_the_reason) {
  Options o = without_segment();
  o.required = true;
  const auto result = Coordinator::attach(o);
  EXPECT_FALSE(result.coordinator);
  EXPECT_EQ(result.error.cause, Cause::kNoDirectory);
}

TEST_F(FallbackTest, required_works_as_soon_as_the_reason_is_gone) {
  Options o = without_segment();
  o.required = true;
  ASSERT_FALSE(Coordinator::attach(o).coordinator);
  ASSERT_EQ(::mkdir(o.directory.c_str(), 0700), 0);
  const auto result = Coordinator::attach(o);
  ASSERT_TRUE(result.coordinator) << result.error.sentence();
  EXPECT_EQ(result.coordinator->mode(), Mode::kShared);
}

TEST_F(FallbackTest, a_refused_required_attach_does_not_bind_those_who_can_do_without) {
  Options o = without_segment();
  o.required = true;
  ASSERT_FALSE(Coordinator::attach(o).coordinator);
  auto c = attach(without_segment());
  EXPECT_EQ(c->mode(), Mode::kFallback);
}

TEST_F(FallbackTest, required_is_an_error_also_for_those_who_come_to_a_coordinator_in_fallback) {
  auto c = attach(without_segment());
  Options o = without_segment();
  o.required = true;
  EXPECT_FALSE(Coordinator::attach(o).coordinator);
  EXPECT_EQ(c->mode(), Mode::kFallback);
}

TEST_F(FallbackTest, resuming_a_suspended_cluster_is_each_threads_own_business) {
  auto c = attach(without_segment());
  ResumeLease lease;
  EXPECT_EQ(c->resume_begin(SteadyClock::now() + 1s, lease), ResumeOutcome::kResume);
  c->resume_end(lease, true);
}

}  // namespace
}  // namespace e6::shared_test
