// One process probes for all; the others take its answer, or its place.
#include <algorithm>

#include "fixture.h"

namespace e6::shared_test {
namespace {

using Outcome = Detection::Outcome;

class ProberTest : public SharedTest {};

double milliseconds(std::chrono::nanoseconds t) { return std::chrono::duration<double, std::milli>(t).count(); }

TEST_F(ProberTest, of_64_processes_that_start_cold_one_probes_and_the_others_take_its_result) {
  if (kManyTimesSlower) GTEST_SKIP() << "64 processes join one after the other, each within 100 ms: not at the speed of ThreadSanitizer";
  constexpr int kProcesses = 64;
  struct Tally {
    std::atomic<int> probes{0};
    std::atomic<int> green{0};
  };
  const Common<Tally> tally;
  const Signal start;
  std::vector<Child> children;
  for (int i = 0; i < kProcesses; ++i)
    children.emplace_back([&] {
      E6_CHILD_CHECK(start.wait());
      auto result = Coordinator::attach(options());
      E6_CHILD_CHECK(result.coordinator && result.coordinator->mode() == Mode::kShared);
      Coordinator& c = *result.coordinator;
      const Detection d = c.detect_begin(SteadyClock::now() + kPatience);
      if (d.outcome == Outcome::kProbe) {
        ++tally->probes;
        c.detect_refused(d.lease, Strategy::kBlue);
        ::usleep(50'000);  // what two authentications take
        E6_CHILD_CHECK(c.detect_succeed(d.lease, Strategy::kGreen));
      } else {
        E6_CHILD_CHECK(d.outcome == Outcome::kUsable);
      }
      const auto q = c.begin_query();
      E6_CHILD_CHECK(q);
      if (q->strategy() == Strategy::kGreen) ++tally->green;
      return 0;
    });
  start.raise();
  for (Child& c : children) EXPECT_EQ(c.wait(), 0);
  EXPECT_EQ(tally->probes, 1);
  EXPECT_EQ(tally->green, kProcesses);
  auto c = attach();
  EXPECT_EQ(events_of(*c, EventKind::kCreated), 1U);
  EXPECT_EQ(events_of(*c, EventKind::kJoined), 65U);
  EXPECT_EQ(events_of(*c, EventKind::kDetectionStarted), 1U);
  const auto report = inspect::look(c->path());
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kDetections)], 1U);
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kRefusedProbes)], 1U);
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kQueriesBegun)], 64U);
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kQueriesEnded)], 64U);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ProberTest, those_who_wait_get_the_same_failure) {
  auto c = attach();
  const Detection mine = c->detect_begin(SteadyClock::now() + 1s);
  ASSERT_EQ(mine.outcome, Outcome::kProbe);
  const Signal waiting;
  std::vector<Child> children;
  for (int i = 0; i < 8; ++i)
    children.emplace_back([&] {
      E6_CHILD_CHECK(c->detect_try().outcome == Outcome::kBusy);
      waiting.raise();
      const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
      // whoever came to wait only after the failure probes by itself
      if (d.outcome == Outcome::kProbe) return c->detect_abandon(d.lease), 9;
      E6_CHILD_CHECK(d.outcome == Outcome::kFailed);
      E6_CHILD_CHECK(d.failure == ProbeFailure::kDenied);
      E6_CHILD_CHECK(d.failure_code == 16);
      return 0;
    });
  ASSERT_TRUE(waiting.wait(8));
  ::usleep(100'000);  // so that they wait; see 9 above
  c->detect_fail(mine.lease, ProbeFailure::kDenied, 16);
  int told = 0;
  for (Child& child : children) {
    const int result = child.wait();
    EXPECT_TRUE(result == 0 || result == 9) << result;
    if (result == 0) ++told;
  }
  EXPECT_GE(told, 6);
}

TEST_F(ProberTest, both_refused_is_the_answer_for_every_process_for_the_negative_ttl) {
  Options o = options();
  o.negative_ttl = 30s;  // longer than this takes on a busy machine
  auto c = attach(o);
  const Detection mine = c->detect_begin(SteadyClock::now() + 1s);
  c->detect_fail(mine.lease, ProbeFailure::kBothRefused, 0);
  std::vector<Child> children;
  for (int i = 0; i < 8; ++i)
    children.emplace_back([&] {
      const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
      E6_CHILD_CHECK(d.outcome == Outcome::kFailed && d.failure == ProbeFailure::kBothRefused);
      return 0;
    });
  for (Child& child : children) EXPECT_EQ(child.wait(), 0);
}

TEST_F(ProberTest, a_waiter_takes_over_when_the_prober_is_killed) {
  auto c = attach();
  std::vector<double> took;
  for (int round = 0; round < 10; ++round) {
    const Signal probing;
    const Signal waiting;
    Child prober([&] {
      const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
      E6_CHILD_CHECK(d.outcome == Outcome::kProbe);
      probing.raise();
      ::pause();
      return 1;
    });
    ASSERT_TRUE(probing.wait());
    const Common<std::atomic<std::int64_t>> taken_over_at;
    Child waiter([&] {
      waiting.raise();
      const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
      *taken_over_at = SteadyClock::now().time_since_epoch().count();
      E6_CHILD_CHECK(d.outcome == Outcome::kProbe);
      c->detect_abandon(d.lease);
      return 0;
    });
    ASSERT_TRUE(waiting.wait());
    ::usleep(20'000);  // inside its wait, most probably; the result does not depend on it
    const auto killed_at = SteadyClock::now();
    prober.kill();
    ASSERT_EQ(waiter.wait(), 0);
    took.push_back(milliseconds(SteadyClock::time_point(SteadyClock::duration(*taken_over_at)) - killed_at));
  }
  std::sort(took.begin(), took.end());
  std::printf("killed prober -> successor probes: median %.1f ms, worst %.1f ms\n", took[took.size() / 2], took.back());
  RecordProperty("median_ms", std::to_string(took[took.size() / 2]));
  EXPECT_LT(took[took.size() / 2], 100.0);
  EXPECT_LT(took.back(), 1000.0);
  EXPECT_GE(events_of(*c, EventKind::kLeaseTakenOver, EventCause::kOwnerDied) + events_of(*c, EventKind::kDied), 10U);
}

TEST_F(ProberTest, the_dead_are_looked_for_by_who_may_probe_and_not_by_those_who_wait) {
  auto c = attach();
  const Signal probing;
  Child prober([&] {
    E6_CHILD_CHECK(c->detect_begin(SteadyClock::now() + kPatience).outcome == Outcome::kProbe);
    probing.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(probing.wait());
  const Signal joined;
  Child other([&] {
    (void)c->in_flight();
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    joined.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(joined.wait());
  other.kill();
  EXPECT_EQ(c->detect_begin(SteadyClock::now() + 30ms).outcome, Outcome::kTimeout);
  EXPECT_EQ(events_of(*c, EventKind::kDied), 0U);
  prober.kill();
  const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
  EXPECT_EQ(d.outcome, Outcome::kProbe);
  EXPECT_EQ(events_of(*c, EventKind::kDied), 2U);
  c->detect_abandon(d.lease);
}

TEST_F(ProberTest, a_stopped_prober_is_passed_over_and_its_late_result_ignored) {
  Options o = options();
  o.detection_timeout = 1s;  // a lease of 333 ms
  auto c = attach(o);
  const Signal probing;
  const Signal go_on;
  Child prober([&] {
    const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
    E6_CHILD_CHECK(d.outcome == Outcome::kProbe);
    probing.raise();
    E6_CHILD_CHECK(go_on.wait());
    E6_CHILD_CHECK(!c->detect_succeed(d.lease, Strategy::kBlue));
    E6_CHILD_CHECK(c->snapshot().active == Strategy::kGreen);
    return 0;
  });
  ASSERT_TRUE(probing.wait());
  prober.stop();
  const auto before = SteadyClock::now();
  const Detection d = c->detect_begin(before + 1s);
  ASSERT_EQ(d.outcome, Outcome::kProbe);
  std::printf("stopped prober -> successor probes: %.0f ms (lease 333 ms)\n", milliseconds(SteadyClock::now() - before));
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kGreen));
  EXPECT_EQ(events_of(*c, EventKind::kLeaseTakenOver, EventCause::kOwnerLate), 1U);
  prober.go_on();
  go_on.raise();
  EXPECT_EQ(prober.wait(), 0);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

}  // namespace
}  // namespace e6::shared_test
