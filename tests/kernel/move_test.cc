// From one segment to another, to none and back, where that does not go smoothly; and what is done once per process, refused from its beginning.
#include <sys/wait.h>

#include <cerrno>
#include <thread>

#include "fixture.h"
#include "os/clock.h"
#include "refusal.h"

namespace e6::shared_test {
namespace {

using kernel_test::Before;
using kernel_test::Call;
using kernel_test::Refusal;
using kernel_test::Stuck;

class MoveTest : public SharedTest {};

TEST_F(MoveTest, when_the_name_is_gone_and_no_new_segment_is_to_be_had_everybody_stays_on_the_old_one) {
  auto c = attach_with(Strategy::kGreen);
  ASSERT_EQ(::unlink(path().c_str()), 0);
  {
    const Refusal full(Call::kUnnamedFile, ENOSPC);
    for (int i = 0; i < 3; ++i) {
      advance_clock(1100ms);
      auto q = c->begin_query();
      ASSERT_TRUE(q);
      EXPECT_EQ(q->strategy(), Strategy::kGreen);
      EXPECT_EQ(c->mode(), Mode::kShared);
    }
    EXPECT_EQ(directory_.entries(), 0U);
  }
  advance_clock(1100ms);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen);
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(MoveTest, a_reason_for_the_fallback_that_changes_is_told_and_one_that_stays_is_not_told_again) {
  struct Listener : Observer {
    std::vector<Cause> degraded;
    void on_degraded(const Error& e) noexcept override { degraded.push_back(e.cause); }
  };
  auto listener = std::make_shared<Listener>();
  std::shared_ptr<Coordinator> c;
  {
    const Refusal refusal(Call::kUnnamedFile, EACCES);
    c = attach();
    c->add_observer(listener);
    EXPECT_EQ(c->degraded_by().cause, Cause::kNoPermission);
  }
  const Refusal refusal(Call::kUnnamedFile, ENOSPC);
  for (int i = 0; i < 3; ++i) {
    advance_clock(70s);
    (void)c->begin_query();
    EXPECT_EQ(c->degraded_by().cause, Cause::kNoSpace);
  }
  const std::vector<Cause> told = {Cause::kNoPermission, Cause::kNoSpace};
  EXPECT_EQ(listener->degraded, told);
}

TEST_F(MoveTest, while_one_thread_takes_too_long_to_attach_the_others_work_for_themselves) {
  std::shared_ptr<Coordinator> slow;
  std::shared_ptr<Coordinator> quick;
  std::thread attaching;
  {
    const Stuck stuck(Call::kUnnamedFile);
    attaching = std::thread([&] { slow = attach(); });
    ASSERT_TRUE(eventually([&] { return stuck.holds_somebody(); }));
    std::atomic<bool> done{false};
    std::thread other([&] {
      quick = attach();
      EXPECT_EQ(quick->mode(), Mode::kFallback);
      EXPECT_EQ(quick->degraded_by().cause, Cause::kBusy);
      EXPECT_EQ(quick->path(), "");
      EXPECT_TRUE(detect(*quick, Strategy::kBlue));
      EXPECT_TRUE(quick->begin_query());
      done = true;
    });
    EXPECT_TRUE(eventually([&] {  // it waits for two seconds each time
      advance_clock(300ms);
      return done.load();
    }));
    other.join();
  }
  attaching.join();
  EXPECT_EQ(quick, slow);
  EXPECT_EQ(quick->mode(), Mode::kShared) << quick->degraded_by().sentence();
}

TEST_F(MoveTest, a_call_waits_once_for_a_thread_that_takes_too_long_to_attach_and_the_next_one_does_not) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {  // a process of its own, that has to attach
    const Stuck stuck(Call::kUnnamedFile);
    ::unlink(path().c_str());
    std::thread attaching([&] { (void)c->begin_query(); });
    attaching.detach();
    E6_CHILD_CHECK(eventually([&] { return stuck.holds_somebody(); }));
    std::atomic<bool> done{false};
    std::chrono::milliseconds first{};
    std::chrono::milliseconds second{};
    std::thread other([&] {
      const auto before = os::steady_now();
      (void)c->begin_query_on(Strategy::kBlue, {});
      (void)c->begin_query();
      const auto between = os::steady_now();
      (void)c->begin_query();
      first = std::chrono::duration_cast<std::chrono::milliseconds>(between - before);
      second = std::chrono::duration_cast<std::chrono::milliseconds>(os::steady_now() - between);
      done = true;
    });
    E6_CHILD_CHECK(eventually([&] {
      advance_clock(20ms);
      return done.load();
    }));
    other.join();
    std::printf("first calls %lld ms, then %lld ms\n", static_cast<long long>(first.count()), static_cast<long long>(second.count()));
    E6_CHILD_CHECK(first >= 1900ms && first < 3500ms);
    E6_CHILD_CHECK(second < 900ms);
    std::fflush(nullptr);
    ::_exit(0);  // one is still stuck
  }));
}

TEST_F(MoveTest, a_child_forked_between_the_descriptor_and_its_entry_does_not_keep_its_dead_parent_alive) {
  const Common<std::atomic<pid_t>> grandchild;
  const Signal ready;
  Child attached([&] {
    auto stuck = std::make_unique<Stuck>(Call::kStat, 1, 1);  // the first look is at the new file, the second for the entry
    std::shared_ptr<Coordinator> c;
    std::thread attaching([&] { c = attach(); });
    E6_CHILD_CHECK(eventually([&] { return stuck->holds_somebody(); }));
    const pid_t forked = ::fork();
    if (forked == 0) {
      ::alarm(60);
      ::pause();
    }
    *grandchild = forked;
    stuck.reset();
    attaching.join();
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    ready.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(ready.wait());
  const auto alive = [&] {
    const auto report = inspect::look(path());
    return report.participants.size() == 1 ? report.participants.front().alive : inspect::Alive::kUnknown;
  };
  EXPECT_EQ(alive(), inspect::Alive::kAlive);
  attached.kill();
  EXPECT_EQ(alive(), inspect::Alive::kDead);
  const Child collected(grandchild->load());
}

TEST_F(MoveTest, a_colour_announced_while_a_call_looks_after_its_segment_is_not_taken_for_one_that_has_waited_long) {
  Options o = options();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto running = c->begin_query();
  advance_clock(1100ms);
  int looks = 0;
  const Before while_it_looks(Call::kStat, [&] {
    if (++looks > 1) return;
    advance_clock(50ms);  // the call has read its clock before
    (void)c->announce(Strategy::kGreen, c->snapshot().epoch);
  });
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kBlue);
  EXPECT_GT(looks, 0);
  EXPECT_EQ(c->snapshot().pending, Strategy::kGreen);
}

TEST_F(MoveTest, a_process_that_forks_all_the_time_is_attached_in_the_end) {
  E6_EXPECT_CHILD(in_child([&] {
    int forks = 0;
    const Before forking(Call::kMapping, [&] {
      ++forks;
      const pid_t child = ::fork();
      if (child == 0) ::_exit(0);
      (void)::waitpid(child, nullptr, 0);
    });
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(forks > 20);
    return 0;
  }));
}

TEST_F(MoveTest, a_fork_is_noticed_where_no_page_is_wiped_in_children) {
  EXPECT_EQ(start_peer({"wipe-on-fork", directory_.path(), options().cluster}).wait(), 0);
}

TEST_F(MoveTest, a_fork_is_noticed_where_no_page_can_be_had) {
  EXPECT_EQ(start_peer({"page", directory_.path(), options().cluster}).wait(), 0);
}

TEST_F(MoveTest, every_cause_has_a_sentence_of_its_own) {
  std::vector<std::string> sentences;
  for (int cause = 0; cause <= static_cast<int>(Cause::kForeignKernel); ++cause) {
    const Error e{static_cast<Cause>(cause), 0, "", ""};
    for (const std::string& other : sentences) EXPECT_NE(e.sentence(), other);
    sentences.push_back(e.sentence());
  }
  const Error unknown{static_cast<Cause>(200), 0, "here", "so"};
  EXPECT_EQ(unknown.sentence(), "here: unknown cause: so");
  EXPECT_EQ(to_string(static_cast<Cause>(200)), "unknown");
}

TEST_F(MoveTest, in_fallback_a_query_is_ended_by_its_id_and_one_ended_before_cannot_be_bound) {
  Options o = options();
  o.directory += "/missing";
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "").ok());
  EXPECT_TRUE(c->announce(Strategy::kGreen, c->snapshot().epoch));
  auto other = c->begin_query();
  EXPECT_FALSE(c->end_query("query-2"));
  EXPECT_TRUE(c->end_query("query-1"));
  EXPECT_TRUE(c->bind(*q, "query-1", "").ok());  // nothing to find any more, and nothing wrong either
  EXPECT_FALSE(c->find_query("query-1"));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
  advance_clock(61s);
  c->end_query(std::move(*other));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);  // drained for too long
}

}  // namespace
}  // namespace e6::shared_test
