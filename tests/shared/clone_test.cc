// Children made behind the C library's back, by raw clone.
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "fixture.h"
#include "os/process_mark.h"

namespace e6::shared_test {
namespace {

class CloneTest : public SharedTest {};

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

TEST_F(CloneTest, a_child_made_by_raw_clone_is_noticed_and_becomes_a_participant_of_its_own) {
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

TEST_F(CloneTest, a_raw_clone_that_uses_the_library_does_not_keep_its_dead_parent_alive) {
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
TEST_F(CloneTest, a_raw_clone_killed_inside_the_lock_costs_the_segment_and_nobody_a_call) {
  auto c = attach_with(Strategy::kBlue);
  const std::uint64_t first = RawSegment(path())->header.instance;
  const Signal inside;
  Child child = raw_clone(keeps_the_lock(place(), inside));
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

TEST_F(CloneTest, a_guest_of_the_host_gives_up_the_segment_whose_lock_a_raw_clone_took_with_it) {
  auto c = attach_with(Strategy::kBlue);
  const Signal inside;
  Child child = raw_clone(keeps_the_lock(place(), inside));
  ASSERT_TRUE(inside.wait());
  const Signal dead;
  const Signal guest;
  Child other([&] {
    auto there = attach();
    E6_CHILD_CHECK(there->mode() == Mode::kGuest);
    guest.raise();
    E6_CHILD_CHECK(dead.wait());
    advance_clock(1100ms);
    auto q = there->begin_query();
    E6_CHILD_CHECK(q && q->strategy() == Strategy::kBlue);
    E6_CHILD_CHECK(there->mode() == Mode::kShared);
    return 0;
  });
  ASSERT_TRUE(guest.wait());
  child.kill();
  dead.raise();
  EXPECT_EQ(other.wait(), 0);
}

TEST_F(CloneTest, every_process_has_a_generation_that_none_of_its_ancestors_had) {
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
