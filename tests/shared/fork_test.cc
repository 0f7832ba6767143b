// Attach before fork, after fork, or both; use before, after, or both; from any thread; by any kind of fork.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <thread>

#include "core/host_lock.h"
#include "fixture.h"
#include "os/process_mark.h"

namespace e6::shared_test {
namespace {

class ForkTest : public SharedTest {
 protected:
  /// Takes the participant list as seen from outside.
  std::size_t participants() const { return inspect::look(path()).participants.size(); }
};

/// A child made without the C library's knowledge: no handlers run.
Child raw_clone(const std::function<int()>& body, bool outlives_its_parent = false) {
  std::fflush(nullptr);
  const long pid = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid == 0) {
    if (!outlives_its_parent) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(body());
  }
  return Child(static_cast<pid_t>(pid));
}

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

TEST_F(ForkTest, a_child_made_by_raw_clone_is_noticed_and_becomes_a_participant_of_its_own) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  const Signal ready;
  const Signal done;
  Child child = raw_clone([&] {
    E6_CHILD_CHECK(c->bind(*q, "query-1", "").cause == Cause::kForked);
    auto own = c->begin_query();
    E6_CHILD_CHECK(own && c->bind(*own, "query-2", "").ok());
    E6_CHILD_CHECK(c->counter(Counter::kQueriesBegun) == 1);
    ready.raise();
    E6_CHILD_CHECK(done.wait());
    return 0;
  });
  ASSERT_TRUE(ready.wait());
  EXPECT_TRUE(c->find_query("query-2"));
  EXPECT_EQ(c->in_flight(), 2U);
  EXPECT_EQ(participants(), 2U);
  done.raise();
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(ForkTest, a_raw_clone_that_uses_the_library_does_not_keep_its_dead_parent_alive) {
  const Signal used;
  const Signal done;
  Child parent([&] {
    auto c = attach();
    auto q = c->begin_query_on(Strategy::kBlue, {});
    Child child = raw_clone([&] {
      (void)c->in_flight();
      used.raise();
      (void)done.wait();
      return 0;
    }, true);
    ::pause();
    return 1;
  });
  ASSERT_TRUE(used.wait());
  parent.kill();
  auto c = attach();
  EXPECT_EQ(c->in_flight(), 0U);
  EXPECT_EQ(participants(), 2U);
  done.raise();
}

// The C library takes the thread id that it writes into the mutex from the parent's memory, so the kernel does not see that its owner died.
TEST_F(ForkTest, a_raw_clone_killed_inside_the_lock_costs_the_segment_and_nobody_a_call) {
  auto c = attach_with(Strategy::kBlue);
  const std::uint64_t first = RawSegment(path())->header.instance;
  const Signal inside;
  Child child = raw_clone([&] {
    core::Attachment* a = take_part(place());
    E6_CHILD_CHECK(a != nullptr);
    const core::HostLock lock(*a);
    E6_CHILD_CHECK(lock.held());
    inside.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(inside.wait());
  child.kill();
  const auto before = SteadyClock::now();
  E6_EXPECT_CHILD(in_child([&] {
    auto newcomer = Coordinator::attach(options()).coordinator;
    E6_CHILD_CHECK(newcomer && newcomer->mode() == Mode::kShared);
    E6_CHILD_CHECK(newcomer->begin_query()->strategy() == Strategy::kBlue);
    return 0;
  }));
  EXPECT_LT(SteadyClock::now() - before, 5s);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kBlue);
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_NE(RawSegment(path())->header.instance, first);
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

TEST_F(ForkTest, every_process_has_a_generation_that_none_of_its_ancestors_had) {
  const std::uint64_t mine = os::process_generation();
  EXPECT_NE(mine, 0U);
  EXPECT_EQ(os::process_generation(), mine);
  E6_EXPECT_CHILD(in_child([&] {
    const std::uint64_t child = os::process_generation();
    E6_CHILD_CHECK(child != 0 && child != mine);
    Child grandchild = raw_clone([&] {
      const std::uint64_t g = os::process_generation();
      return g != 0 && g != mine && g != child ? 0 : 1;
    });
    return grandchild.wait();
  }));
  EXPECT_EQ(os::process_generation(), mine);
}

}  // namespace
}  // namespace e6::shared_test
