// Containers that share a segment: equal pids, other clocks, other numbers for the same user.
#include <sys/stat.h>

#include "core/host_lock.h"
#include "namespaces.h"

namespace e6::shared_test {
namespace {

class NamespaceTest : public SharedTest {};

TEST_F(NamespaceTest, two_containers_with_equal_pids_see_each_other_alive_and_dead) {
  E6_NEEDS_ROOT();
  const Signal first_in;
  const Signal second_looked;
  const Signal first_died;
  Child first = in_pid_namespace([&] {
    E6_CHILD_CHECK(::getpid() == 1);
    auto c = attach_with(Strategy::kGreen);
    auto q = c->begin_query();
    E6_CHILD_CHECK(c->bind(*q, "of-the-first", "engine").ok());
    first_in.raise();
    (void)first_died.wait();
    return 0;
  });
  ASSERT_TRUE(first_in.wait());
  Child second = in_pid_namespace([&] {
    E6_CHILD_CHECK(::getpid() == 1);
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(c->snapshot().active == Strategy::kGreen);
    E6_CHILD_CHECK(c->in_flight() == 1);
    E6_CHILD_CHECK(c->find_query("of-the-first"));
    const auto report = inspect::look(path());
    E6_CHILD_CHECK(report.participants.size() == 2);
    E6_CHILD_CHECK(report.participants[0].alive == inspect::Alive::kAlive);
    E6_CHILD_CHECK(report.participants[0].pid == 1 && report.participants[1].pid == 1);
    second_looked.raise();
    E6_CHILD_CHECK(first_died.wait());
    E6_CHILD_CHECK(c->in_flight() == 0);
    advance_clock(1100ms);
    (void)c->begin_query();
    E6_CHILD_CHECK(inspect::look(path()).participants.size() == 1);
    E6_CHILD_CHECK(events_of(*c, EventKind::kDied) == 1);
    return 0;
  });
  ASSERT_TRUE(second_looked.wait());
  // from out here too
  auto c = attach();
  EXPECT_EQ(c->in_flight(), 1U);
  first.kill();
  c.reset();
  first_died.raise();
  EXPECT_EQ(second.wait(), 0);
}

TEST_F(NamespaceTest, killing_a_waiter_of_the_lock_does_not_declare_its_living_owner_dead) {
  E6_NEEDS_ROOT();
  for (int round = 0; round < 20; ++round) {
    const Signal inside;
    const Signal let_go;
    Child owner = in_pid_namespace([&] {
      core::Attachment* a = take_part(place());
      E6_CHILD_CHECK(a != nullptr);
      {
        const core::HostLock lock(*a);
        E6_CHILD_CHECK(lock.held());
        inside.raise();
        E6_CHILD_CHECK(let_go.wait());
      }
      return 0;
    });
    ASSERT_TRUE(inside.wait());
    const Signal waiting;
    Child waiter = in_pid_namespace([&] {  // process 1 as well: the same number in the mutex
      core::Attachment* a = look_on(place());
      E6_CHILD_CHECK(a != nullptr);
      waiting.raise();
      const core::HostLock lock(*a, 20s);
      return 0;
    });
    ASSERT_TRUE(waiting.wait());
    ::usleep(2'000);
    waiter.kill();
    core::Attachment* mine = look_on(place());
    ASSERT_NE(mine, nullptr);
    {
      const core::HostLock lock(*mine, 20ms);
      EXPECT_FALSE(lock.held());
      EXPECT_EQ(lock.state(), core::HostLock::State::kBusy);
    }
    let_go.raise();
    EXPECT_EQ(owner.wait(), 0);
    const core::HostLock lock(*mine);
    EXPECT_TRUE(lock.held());
    EXPECT_FALSE(lock.recovered());
  }
}

TEST_F(NamespaceTest, an_owner_of_the_lock_killed_in_another_container_is_recovered_from) {
  E6_NEEDS_ROOT();
  const Signal inside;
  Child owner = in_pid_namespace(keeps_the_lock(place(), inside));
  ASSERT_TRUE(inside.wait());
  const Signal trying;
  Child heir = in_pid_namespace([&] {
    trying.raise();
    core::Attachment* a = take_part(place());
    E6_CHILD_CHECK(a != nullptr);
    E6_CHILD_CHECK(a->has_slot());
    return 0;
  });
  ASSERT_TRUE(trying.wait());
  owner.kill();
  EXPECT_EQ(heir.wait(), 0);
  auto c = attach();
  EXPECT_EQ(events_of(*c, EventKind::kRecovered), 1U);
}

TEST_F(NamespaceTest, a_prober_killed_in_another_container_is_replaced_at_once) {
  E6_NEEDS_ROOT();
  const Signal probing;
  Child prober = in_pid_namespace([&] {
    auto c = attach();
    E6_CHILD_CHECK(c->detect_begin(SteadyClock::now() + 1s).outcome == Detection::Outcome::kProbe);
    probing.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(probing.wait());
  auto c = attach();
  EXPECT_EQ(c->detect_try().outcome, Detection::Outcome::kBusy);
  prober.kill();
  EXPECT_TRUE(detect(*c, Strategy::kGreen));
}

TEST_F(NamespaceTest, a_segment_of_another_time_namespace_is_refused_with_its_reason) {
  E6_NEEDS_ROOT();
  auto c = attach_with(Strategy::kBlue);
  const int result = in_time_namespace(1'000'000s, [&] {
    auto there = attach();
    E6_CHILD_CHECK(there->mode() == Mode::kFallback);
    const Error e = there->degraded_by();
    E6_CHILD_CHECK(e.cause == Cause::kForeignClock);
    E6_CHILD_CHECK(says(e, "time namespace") && says(e, "E6_SHM_DIR"));
    E6_CHILD_CHECK(!there->snapshot().usable);
    E6_CHILD_CHECK(detect(*there, Strategy::kGreen));
    E6_CHILD_CHECK(there->begin_query()->strategy() == Strategy::kGreen);
    return 0;
  });
  if (result == (-2 & 0xff)) GTEST_SKIP() << "this kernel has no time namespaces";
  EXPECT_EQ(result, 0);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(NamespaceTest, a_user_namespace_that_knows_the_owner_by_another_number_has_a_segment_of_its_own) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  auto c = attach_with(Strategy::kBlue);
  const int result = in_user_namespace(12'345, 1'000, [&] {
    auto there = attach();
    E6_CHILD_CHECK(there->mode() == Mode::kShared);
    E6_CHILD_CHECK(!there->snapshot().usable);
    E6_CHILD_CHECK(detect(*there, Strategy::kGreen));
    return 0;
  });
  if (result == (-2 & 0xff)) GTEST_SKIP() << "this machine does not allow user namespaces";
  EXPECT_EQ(result, 0);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  EXPECT_EQ(directory_.entries(), 2U);
}

TEST_F(NamespaceTest, an_owner_whom_the_user_namespace_does_not_know_is_refused_and_told_as_such) {
  E6_NEEDS_ROOT();
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  auto c = attach_with(Strategy::kBlue);  // of user 0; in there somebody else is user 0
  const int result = in_user_namespace(12'345, 0, [&] {
    auto there = attach();
    E6_CHILD_CHECK(there->mode() == Mode::kFallback);
    const Error e = there->degraded_by();
    if (!says(e, "uid 65534") || !says(e, "user namespace") || !says(e, "uid 0") || !says(e, "E6_SHM_DIR")) {
      std::fprintf(stderr, "%s\n", e.sentence().c_str());
      return 2;
    }
    E6_CHILD_CHECK(e.cause == Cause::kForeignOwner);
    E6_CHILD_CHECK(detect(*there, Strategy::kGreen));
    return 0;
  });
  if (result == (-2 & 0xff)) GTEST_SKIP() << "this machine does not allow user namespaces";
  EXPECT_EQ(result, 0);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

}  // namespace
}  // namespace e6::shared_test
