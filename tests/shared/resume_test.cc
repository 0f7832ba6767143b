// Resuming a suspended cluster: one process of the host does it, the others hear how it went, or take its place.
#include <functional>

#include "fixture.h"

namespace e6::shared_test {
namespace {

class ResumeTest : public SharedTest {};

TEST_F(ResumeTest, while_one_resumes_the_others_wait_and_then_hear_how_it_ended) {
  struct Case {
    const char* what;
    std::function<void(Coordinator&, ResumeLease)> end;
    ResumeOutcome heard;
  };
  const Case cases[] = {
      {"resumed", [](Coordinator& c, ResumeLease l) { c.resume_end(l, true); }, ResumeOutcome::kResumedByOther},
      {"failed", [](Coordinator& c, ResumeLease l) { c.resume_end(l, false); }, ResumeOutcome::kFailedByOther},
      {"active all the time", [](Coordinator& c, ResumeLease l) { c.resume_not_needed(l); }, ResumeOutcome::kNotNeeded},
      {"given up", [](Coordinator& c, ResumeLease l) { c.resume_abandon(l); }, ResumeOutcome::kResume},
  };
  constexpr int kHeard = 10;  // no exit status of a failed check
  auto c = attach();
  for (const Case& each : cases) {
    ResumeLease mine;
    ASSERT_EQ(c->resume_begin(SteadyClock::now(), mine), ResumeOutcome::kResume) << each.what;
    const Signal waiting;
    Child other([&] {
      auto there = attach();
      ResumeLease lease;
      E6_CHILD_CHECK(there->resume_begin(SteadyClock::now(), lease) == ResumeOutcome::kTimeout && !lease.held());
      waiting.raise();
      const ResumeOutcome heard = there->resume_begin(SteadyClock::now() + kPatience, lease);
      if (heard == ResumeOutcome::kResume) there->resume_abandon(lease);
      return kHeard + static_cast<int>(heard);
    });
    ASSERT_TRUE(waiting.wait()) << each.what;
    ASSERT_TRUE(eventually([&] { return asleep(other.pid()); })) << each.what;
    each.end(*c, mine);
    EXPECT_EQ(other.wait(), kHeard + static_cast<int>(each.heard)) << each.what;
  }
  EXPECT_EQ(events_of(*c, EventKind::kResumeStarted), 5U);  // once more by the one who took over what was given up
  EXPECT_EQ(events_of(*c, EventKind::kResumed), 2U);
  EXPECT_EQ(events_of(*c, EventKind::kDetectionFailed, EventCause::kSuspended), 1U);
  EXPECT_EQ(events_of(*c, EventKind::kDetectionFailed, EventCause::kAbandoned), 2U);
}

TEST_F(ResumeTest, one_process_of_the_host_resumes_and_a_killed_one_is_replaced) {
  auto c = attach();
  const Signal resuming;
  Child first([&] {
    ResumeLease lease;
    E6_CHILD_CHECK(c->resume_begin(SteadyClock::now() + 1s, lease) == ResumeOutcome::kResume);
    resuming.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(resuming.wait());
  ResumeLease lease;
  EXPECT_EQ(c->resume_begin(SteadyClock::now() + 30ms, lease), ResumeOutcome::kTimeout);
  first.kill();
  EXPECT_EQ(c->resume_begin(SteadyClock::now() + kPatience, lease), ResumeOutcome::kResume);
  c->resume_end(lease, true);
  EXPECT_EQ(events_of(*c, EventKind::kResumed), 1U);
}

TEST_F(ResumeTest, a_resumer_that_says_nothing_for_half_a_minute_is_passed_over_and_one_that_is_at_work_is_not) {
  auto c = attach();
  ResumeLease mine;
  ResumeLease next;
  ASSERT_EQ(c->resume_begin(SteadyClock::now(), mine), ResumeOutcome::kResume);
  for (int i = 0; i < 10; ++i) {
    advance_clock(25s);
    c->resume_extend(mine);
    EXPECT_EQ(c->resume_begin(SteadyClock::now(), next), ResumeOutcome::kTimeout);
  }
  advance_clock(31s);
  EXPECT_EQ(c->resume_begin(SteadyClock::now(), next), ResumeOutcome::kResume);
  c->resume_end(mine, true);  // too late
  EXPECT_EQ(c->resume_begin(SteadyClock::now(), mine), ResumeOutcome::kTimeout);
  c->resume_end(next, true);
}

}  // namespace
}  // namespace e6::shared_test
