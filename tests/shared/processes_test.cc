// One host, many processes: what one learns all know, and whoever dies leaves nothing behind.
#include <algorithm>

#include "core/host_lock.h"
#include "fixture.h"

namespace e6::shared_test {
namespace {

using Outcome = Detection::Outcome;

class ProcessesTest : public SharedTest {};

double milliseconds(std::chrono::nanoseconds t) { return std::chrono::duration<double, std::milli>(t).count(); }

TEST_F(ProcessesTest, what_one_process_learns_a_forked_one_uses_on_its_next_request) {
  auto c = attach_with(Strategy::kBlue);
  const Signal ready;
  const Signal changed;
  Child child([&] {
    auto q = c->begin_query();
    E6_CHILD_CHECK(q && q->strategy() == Strategy::kBlue);
    ready.raise();
    E6_CHILD_CHECK(changed.wait());
    E6_CHILD_CHECK(c->begin_query()->strategy() == Strategy::kGreen);
    E6_CHILD_CHECK(c->mismatch(Strategy::kGreen, c->snapshot().epoch));
    return 0;
  });
  ASSERT_TRUE(ready.wait());
  EXPECT_EQ(c->in_flight(), 1U);
  ASSERT_TRUE(c->set(Strategy::kGreen));
  changed.raise();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_FALSE(c->snapshot().usable);
}

TEST_F(ProcessesTest, a_program_started_by_exec_shares_the_colour_and_the_queries) {
  auto c = attach_with(Strategy::kGreen);
  const std::vector<std::string> where{directory_.path(), "DB.example:9000"};
  EXPECT_EQ(start_peer({"mode", where[0], where[1]}).wait(), static_cast<int>(Mode::kShared));
  EXPECT_EQ(start_peer({"colour", where[0], where[1]}).wait(), 2);
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "engine").ok());
  EXPECT_EQ(start_peer({"find", where[0], where[1], "query-1"}).wait(), 2);
  EXPECT_EQ(start_peer({"set", where[0], where[1], "blue"}).wait(), 0);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  EXPECT_EQ(start_peer({"end", where[0], where[1], "query-1"}).wait(), 0);
  EXPECT_EQ(c->in_flight(), 0U);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ProcessesTest, a_killed_process_leaves_no_query_no_lease_and_all_its_counts) {
  auto c = attach_with(Strategy::kBlue);
  const Signal ready;
  Child child([&] {
    std::vector<QueryTicket> queries;
    for (int i = 0; i < 20; ++i) {
      queries.push_back(*c->begin_query());
      E6_CHILD_CHECK(c->bind(queries.back(), "child-" + std::to_string(i), "").ok());
    }
    ResumeLease lease;
    E6_CHILD_CHECK(c->resume_begin(SteadyClock::now() + 1s, lease) == ResumeOutcome::kResume);
    ready.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(ready.wait());
  EXPECT_EQ(c->in_flight(), 20U);
  EXPECT_TRUE(c->find_query("child-7"));
  EXPECT_EQ(inspect::look(c->path()).participants.size(), 2U);
  const auto pid = static_cast<std::uint32_t>(child.pid());
  child.kill();
  EXPECT_EQ(c->in_flight(), 0U);  // at once, before anybody has reaped
  advance_clock(1100ms);
  auto mine = c->begin_query();  // reaps on the way
  const auto report = inspect::look(c->path());
  EXPECT_EQ(report.participants.size(), 1U);
  EXPECT_EQ(report.pins.size(), 1U);
  EXPECT_FALSE(report.resume.held);
  EXPECT_FALSE(c->find_query("child-7"));
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kQueriesBegun)], 21U);
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kHits)], 21U);
  ASSERT_EQ(events_of(*c, EventKind::kDied), 1U);
  for (const Event& e : c->recent_events(100))
    if (e.kind == EventKind::kDied) {
      EXPECT_EQ(e.about_pid, pid);
    }
}

TEST_F(ProcessesTest, a_pending_colour_is_applied_when_the_only_process_with_queries_dies) {
  Options o = options();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  const Signal ready;
  Child child([&] {
    auto q = c->begin_query();
    ready.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(ready.wait());
  ASSERT_TRUE(c->announce(Strategy::kGreen, c->snapshot().epoch));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  child.kill();
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen);
}

TEST_F(ProcessesTest, a_process_that_leaves_in_order_is_gone_from_the_table_and_kept_in_the_totals) {
  auto c = attach_with(Strategy::kBlue);
  EXPECT_EQ(start_peer({"colour", directory_.path(), "db.example:9000"}).wait(), 1);
  const auto report = inspect::look(c->path());
  EXPECT_EQ(report.participants.size(), 1U);
  EXPECT_EQ(events_of(*c, EventKind::kLeft), 1U);
  EXPECT_EQ(events_of(*c, EventKind::kDied), 0U);
}

TEST_F(ProcessesTest, totals_of_many_short_lives_are_complete) {
  auto c = attach_with(Strategy::kBlue);
  constexpr int kLives = 100;
  for (int i = 0; i < kLives; ++i) {
    const Signal ready;
    Child child([&] {
      for (int n = 0; n < 10; ++n) (void)c->begin_query();
      ready.raise();
      if (i % 2 == 0) ::pause();
      return 0;
    });
    ASSERT_TRUE(ready.wait());
    if (i % 2 != 0) {
      EXPECT_EQ(child.wait(), 0);
    }
  }
  advance_clock(1100ms);
  (void)c->begin_query();
  const auto report = inspect::look(c->path());
  EXPECT_EQ(report.participants.size(), 1U);
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kQueriesBegun)], 10U * kLives + 1);
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kQueriesEnded)], 10U * kLives + 1);
}

TEST_F(ProcessesTest, while_the_owner_of_the_lock_is_stopped_others_work_as_guests_and_join_later) {
  auto c = attach_with(Strategy::kBlue);
  const Signal inside;
  Child owner(keeps_the_lock(place(), inside));
  ASSERT_TRUE(inside.wait());
  owner.stop();
  const Signal as_guest;
  const Signal lock_is_free;
  Child newcomer([&] {
    const auto before = SteadyClock::now();
    auto result = Coordinator::attach(options());
    const auto took = SteadyClock::now() - before;
    E6_CHILD_CHECK(result.coordinator);
    Coordinator& g = *result.coordinator;
    E6_CHILD_CHECK(g.mode() == Mode::kGuest);
    E6_CHILD_CHECK(g.degraded_by().cause == Cause::kBusy);
    std::printf("attaching while the lock's owner is stopped: %.0f ms\n", milliseconds(took));
    E6_CHILD_CHECK(took < 2s);
    auto q = g.begin_query();
    E6_CHILD_CHECK(q && q->strategy() == Strategy::kBlue);
    E6_CHILD_CHECK(g.bind(*q, "query-1", "").cause == Cause::kFull);
    E6_CHILD_CHECK(g.mismatch(Strategy::kBlue, q->epoch()));
    E6_CHILD_CHECK(detect(g, Strategy::kGreen));
    as_guest.raise();
    E6_CHILD_CHECK(lock_is_free.wait());
    advance_clock(1100ms);
    auto after = g.begin_query();
    E6_CHILD_CHECK(g.mode() == Mode::kShared);
    E6_CHILD_CHECK(g.degraded_by().ok());
    auto pinned = g.begin_query();
    E6_CHILD_CHECK(g.bind(*pinned, "query-2", "").ok());
    return 0;
  });
  ASSERT_TRUE(as_guest.wait());
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_TRUE(c->begin_query());
  owner.kill();
  lock_is_free.raise();
  EXPECT_EQ(newcomer.wait(), 0);
  EXPECT_EQ(events_of(*c, EventKind::kRecovered), 1U);
}

TEST_F(ProcessesTest, a_guest_waits_for_the_lock_once_in_a_call) {
  auto c = attach_with(Strategy::kBlue);
  Child dead([&] {
    auto there = attach();
    (void)there->begin_query();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(eventually([&] { return participants() == 2; }));
  const Signal inside;
  Child owner(keeps_the_lock(place(), inside));
  ASSERT_TRUE(inside.wait());
  dead.kill();
  E6_EXPECT_CHILD(in_child([&] {
    auto there = attach();
    E6_CHILD_CHECK(there->mode() == Mode::kGuest);
    const std::uint64_t before = inspect::look(path()).totals[static_cast<std::size_t>(Counter::kLockTimeouts)];
    advance_clock(1100ms);
    (void)there->begin_query();
    // It tried to join. Looking for the dead, which counts a lock that is not to be had, would have been the second wait.
    E6_CHILD_CHECK(inspect::look(path()).totals[static_cast<std::size_t>(Counter::kLockTimeouts)] == before);
    return 0;
  }));
}

TEST_F(ProcessesTest, a_killed_owner_of_the_lock_is_recovered_from_at_once) {
  auto c = attach_with(Strategy::kBlue);
  std::vector<double> took;
  core::Attachment* mine = take_part(place());
  ASSERT_NE(mine, nullptr);
  for (int round = 0; round < 20; ++round) {
    const Signal inside;
    Child owner(keeps_the_lock(place(), inside));
    ASSERT_TRUE(inside.wait());
    owner.kill();
    const auto before = SteadyClock::now();
    const core::HostLock lock(*mine);
    took.push_back(milliseconds(SteadyClock::now() - before));
    ASSERT_TRUE(lock.held());
    EXPECT_TRUE(lock.recovered());
  }
  std::sort(took.begin(), took.end());
  std::printf("lock of a killed owner: median %.3f ms, worst %.3f ms\n", took[took.size() / 2], took.back());
  EXPECT_LT(took.back(), 500.0);
  EXPECT_EQ(events_of(*c, EventKind::kRecovered), 20U);
}

TEST_F(ProcessesTest, a_full_process_table_makes_guests_that_share_the_colour) {
  auto c = attach_with(Strategy::kBlue);
  const RawSegment raw(c->path());
  // the slots of 511 others: taken, and alive as far as anybody can tell
  const Signal done;
  const Signal full;
  Child others([&] {
    for (int i = 0; i < 511; ++i)
      if (take_part(place()) == nullptr) return 1;
    full.raise();
    E6_CHILD_CHECK(done.wait());
    return 0;
  });
  ASSERT_TRUE(full.wait(1, 60s));
  E6_EXPECT_CHILD(in_child([&] {
    auto result = Coordinator::attach(options());
    E6_CHILD_CHECK(result.coordinator->mode() == Mode::kGuest);
    E6_CHILD_CHECK(result.coordinator->degraded_by().cause == Cause::kFull);
    E6_CHILD_CHECK(result.coordinator->begin_query()->strategy() == Strategy::kBlue);
    return 0;
  }));
  EXPECT_GE(inspect::look(c->path()).totals[static_cast<std::size_t>(Counter::kQueriesBegun)], 1U);
  done.raise();
  EXPECT_EQ(others.wait(), 0);
}

}  // namespace
}  // namespace e6::shared_test
