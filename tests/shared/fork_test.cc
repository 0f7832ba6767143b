// Attach before fork, after fork, or both; use before, after, or both; from any thread.
#include <thread>

#include "fixture.h"
#include "os/process_mark.h"

namespace e6::shared_test {
namespace {

class ForkTest : public SharedTest {};

TEST_F(ForkTest, a_child_of_an_attached_parent_becomes_a_participant_of_its_own_on_its_first_call) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    E6_CHILD_CHECK(c->snapshot().active == Strategy::kBlue);
    auto q = c->begin_query();
    E6_CHILD_CHECK(q);
    const auto report = inspect::look(path());
    E6_CHILD_CHECK(report.participants.size() == 2);
    E6_CHILD_CHECK(report.participants[0].pid != report.participants[1].pid);
    E6_CHILD_CHECK(report.participants[1].pid == static_cast<std::uint32_t>(::getpid()));
    E6_CHILD_CHECK(c->counter(Counter::kQueriesBegun) == 1);
    return 0;
  }));
}

TEST_F(ForkTest, a_parent_that_attached_and_never_used_it_may_fork) {
  auto c = attach();
  E6_EXPECT_CHILD(in_child([&] {
    E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
    return 0;
  }));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(ForkTest, attaching_after_the_fork_or_on_both_sides_of_it_is_the_same) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    auto again = Coordinator::attach(options()).coordinator;
    E6_CHILD_CHECK(again && again->mode() == Mode::kShared);
    E6_CHILD_CHECK(inspect::look(path()).participants.size() == 2);
    auto other = Coordinator::attach(options("other:1")).coordinator;
    E6_CHILD_CHECK(other && other->set(Strategy::kGreen));
    return 0;
  }));
  EXPECT_EQ(attach("other:1")->snapshot().active, Strategy::kGreen);
}

TEST_F(ForkTest, a_child_does_not_keep_its_dead_parent_alive) {
  const Signal forked;
  const Signal look;
  const Common<std::atomic<pid_t>> grandchild;
  Child parent([&] {
    auto c = attach();
    auto q = c->begin_query_on(Strategy::kBlue, {});
    *grandchild = ::fork();
    if (*grandchild == 0) {  // lives on, with everything it inherited, and never calls the library
      forked.raise();
      (void)look.wait();
      ::_exit(0);
    }
    ::pause();
    return 1;
  });
  ASSERT_TRUE(forked.wait());
  const auto before = inspect::look(path());
  ASSERT_EQ(before.participants.size(), 1U);
  EXPECT_EQ(before.participants[0].alive, inspect::Alive::kAlive);
  parent.kill();
  EXPECT_EQ(inspect::look(path()).participants[0].alive, inspect::Alive::kDead);
  auto c = attach();
  EXPECT_EQ(c->in_flight(), 0U);
  EXPECT_EQ(participants(), 1U);
  look.raise();
}

TEST_F(ForkTest, a_child_that_exits_does_not_take_its_parents_slot_with_it) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  E6_EXPECT_CHILD(in_child([] { return 0; }));
  E6_EXPECT_CHILD(in_child([&] { return c->begin_query() ? 0 : 1; }));
  const auto report = inspect::look(path());
  ASSERT_GE(report.participants.size(), 1U);
  EXPECT_EQ(report.participants[0].pid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_EQ(report.participants[0].alive, inspect::Alive::kAlive);
  EXPECT_EQ(c->in_flight(), 1U);
}

TEST_F(ForkTest, a_ticket_from_before_the_fork_has_no_effect_in_the_child) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "").ok());
  auto unbound = c->begin_query();
  E6_EXPECT_CHILD(in_child([&] {
    auto own = c->begin_query();
    E6_CHILD_CHECK(c->bind(*unbound, "query-2", "").cause == Cause::kForked);
    c->end_query(std::move(*q));
    unbound.reset();
    E6_CHILD_CHECK(c->find_query("query-1"));
    E6_CHILD_CHECK(c->in_flight() == 3);
    return 0;
  }));
  EXPECT_TRUE(c->find_query("query-1"));
  advance_clock(1100ms);
  c->end_query(c->begin_query_on(Strategy::kBlue, {}));
  EXPECT_TRUE(c->bind(*unbound, "query-2", "").ok());
}

TEST_F(ForkTest, a_child_can_end_its_parents_query_by_its_id) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "").ok());
  E6_EXPECT_CHILD(in_child([&] { return c->end_query("query-1") ? 0 : 1; }));
  EXPECT_FALSE(c->find_query("query-1"));
}

TEST_F(ForkTest, a_lease_from_before_the_fork_has_no_effect_in_the_child) {
  auto c = attach();
  const Detection d = c->detect_begin(SteadyClock::now() + 1s);
  ResumeLease resume;
  ASSERT_EQ(c->resume_begin(SteadyClock::now() + 1s, resume), ResumeOutcome::kResume);
  E6_EXPECT_CHILD(in_child([&] {
    c->detect_refused(d.lease, Strategy::kBlue);
    E6_CHILD_CHECK(!c->detect_succeed(d.lease, Strategy::kBlue));
    c->detect_fail(d.lease, ProbeFailure::kBothRefused, 0);
    c->detect_abandon(d.lease);
    c->resume_end(resume, false);
    E6_CHILD_CHECK(c->detect_try().outcome == Detection::Outcome::kBusy);
    return 0;
  }));
  EXPECT_TRUE(inspect::look(path()).resume.held);
  EXPECT_TRUE(c->detect_succeed(d.lease, Strategy::kGreen));
  c->resume_end(resume, true);
}

TEST_F(ForkTest, children_and_their_children_are_participants_each) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    auto mine = c->begin_query();
    E6_CHILD_CHECK(in_child([&] {
      E6_CHILD_CHECK(in_child([&] {
        auto q = c->begin_query();
        E6_CHILD_CHECK(c->in_flight() == 2);
        E6_CHILD_CHECK(c->bind(*mine, "x", "").cause == Cause::kForked);
        return 0;
      }) == 0);
      auto q = c->begin_query();  // only now: its own child was there first
      E6_CHILD_CHECK(q);
      return 0;
    }) == 0);
    mine.reset();
    return 0;
  }));
  advance_clock(1100ms);
  (void)c->begin_query();
  EXPECT_EQ(participants(), 1U);
  EXPECT_EQ(events_of(*c, EventKind::kJoined), 4U);
}

TEST_F(ForkTest, a_daemon_that_closes_every_descriptor_attaches_anew) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    E6_CHILD_CHECK(::setsid() > 0);
    const pid_t second = ::fork();
    if (second == 0) {
      ::closefrom(3);
      auto q = c->begin_query();
      const bool fine = q && c->bind(*q, "daemon", "").ok() && c->mode() == Mode::kShared;
      q.reset();
      ::_exit(fine ? 0 : 1);
    }
    return Child(second).wait();
  }));
}

TEST_F(ForkTest, threads_in_the_middle_of_every_operation_do_not_hang_a_forked_child) {
  auto c = attach_with(Strategy::kBlue);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; !stop; ++n) {
        auto q = c->begin_query();
        if (q) (void)c->bind(*q, "t" + std::to_string(i), "e");
        if (q) (void)c->announce(other(q->strategy()), q->epoch());
        c->confirm(Strategy::kBlue, c->snapshot().epoch);
        if (q && n % 16 == 0) (void)c->mismatch(q->strategy(), q->epoch());
        const Detection d = c->detect_try();
        if (d.outcome == Detection::Outcome::kProbe) (void)c->detect_succeed(d.lease, Strategy::kBlue);
        // leaving and joining take the lock
        auto other_cluster = Coordinator::attach(options("second:1")).coordinator;
      }
    });
  int wrong = 0;
  for (int i = 0; i < 100; ++i)
    wrong += in_child([&] {
      auto second = Coordinator::attach(options("second:1")).coordinator;
      E6_CHILD_CHECK(second && second->mode() != Mode::kFallback);
      E6_CHILD_CHECK(c->set(Strategy::kGreen));
      auto q = c->begin_query_on(Strategy::kGreen, {});
      E6_CHILD_CHECK(c->mode() != Mode::kFallback);
      return 0;
    });
  stop = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ForkTest, observers_that_come_and_go_while_another_thread_forks_do_no_harm_in_the_child) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer leaves its allocator's locks taken in a forked child";
#endif
  auto c = attach_with(Strategy::kBlue);
  std::atomic<bool> stop{false};
  std::thread changing([&] {
    std::vector<std::shared_ptr<Observer>> all;
    for (int i = 0; i < 8; ++i) all.push_back(std::make_shared<Observer>());
    while (!stop) {
      for (const auto& o : all) c->add_observer(o);
      for (const auto& o : all) c->remove_observer(o.get());
    }
  });
  int wrong = 0;
  for (int i = 0; i < 100; ++i) wrong += in_child([&] { return c->set(Strategy::kGreen) ? 0 : 1; });
  stop = true;
  changing.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ForkTest, a_watch_for_forks_sees_those_that_began_before_or_after_it) {
  const os::ForkWatch quiet;
  EXPECT_FALSE(quiet.forked());
  E6_EXPECT_CHILD(in_child([&] {
    const os::ForkWatch own;
    return own.forked() ? 1 : 0;
  }));
  EXPECT_TRUE(quiet.forked());
  const os::ForkWatch after;
  EXPECT_FALSE(after.forked());
}

TEST_F(ForkTest, vfork_and_exec_leave_the_parent_as_it_was) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  char program[] = "/bin/true";
  char* arguments[] = {program, nullptr};
  for (int i = 0; i < 20; ++i) {
    const pid_t pid = ::vfork();
    if (pid == 0) {
      ::execv(program, arguments);
      ::_exit(127);
    }
    EXPECT_EQ(Child(pid).wait(), 0);
  }
  EXPECT_EQ(participants(), 1U);
  EXPECT_EQ(c->in_flight(), 1U);
  EXPECT_TRUE(c->bind(*q, "query-1", "").ok());
  EXPECT_EQ(start_peer({"find", directory_.path(), "db.example:9000", "query-1"}).wait(), 1);
}

TEST_F(ForkTest, descriptors_do_not_leak_into_programs_started_by_exec) {
  auto c = attach();
  // the child's shell lists its descriptors: none leads to a segment
  const std::string command = "! ls -l /proc/self/fd | grep -q " + directory_.path();
  EXPECT_EQ(::system(command.c_str()), 0);
}

TEST_F(ForkTest, a_coordinator_dropped_in_the_child_does_not_make_the_parent_leave) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  E6_EXPECT_CHILD(in_child([&] {
    c.reset();
    return 0;
  }));
  E6_EXPECT_CHILD(in_child([&] {
    (void)c->begin_query();
    c.reset();
    E6_CHILD_CHECK(inspect::look(path()).participants.size() == 1);
    return 0;
  }));
  EXPECT_EQ(participants(), 1U);
  EXPECT_EQ(c->in_flight(), 1U);
}

TEST_F(ForkTest, forking_many_generations_leaves_one_descriptor_per_process) {
  auto c = attach_with(Strategy::kBlue);
  const std::function<int(int)> generation = [&](int left) -> int {
    E6_CHILD_CHECK(c->begin_query());
    if (left > 0) return in_child([&] { return generation(left - 1); });
    int open = 0;
    for (int fd = 3; fd < 256; ++fd) {
      const std::string link = "/proc/self/fd/" + std::to_string(fd);
      char target[512] = {};
      if (::readlink(link.c_str(), target, sizeof target - 1) > 0 && std::string(target).find(directory_.path()) == 0) ++open;
    }
    E6_CHILD_CHECK(open == 1);
    return 0;
  };
  E6_EXPECT_CHILD(in_child([&] { return generation(20); }));
}

}  // namespace
}  // namespace e6::shared_test
