// Where locks on bytes cannot be had, tables are full, or the lock is busy: the colour is shared all the same, nobody is taken for dead, and what is
// not recorded is counted.
#include <fcntl.h>

#include <cerrno>

#include "core/host_lock.h"
#include "core/liveness.h"
#include "core/participants.h"
#include "fixture.h"
#include "os/ofd_lock.h"
#include "os/process_mark.h"
#include "refusal.h"

namespace e6::shared_test {
namespace {

using kernel_test::Call;
using kernel_test::Refusal;
using Outcome = Detection::Outcome;

class LockTest : public SharedTest {};

struct Listener : Observer {
  int restored = 0;
  void on_restored() noexcept override { ++restored; }
};

TEST_F(LockTest, without_locks_on_bytes_the_colour_is_shared_by_guests) {
  auto c = attach();
  E6_EXPECT_CHILD(in_child([&] {
    const Refusal none(Call::kByteLock, EINVAL);
    E6_CHILD_CHECK(c->mode() == Mode::kGuest);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kSystem && c->degraded_by().sys_errno == EINVAL && says(c->degraded_by(), "E6_SHM_DIR"));
    E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
    auto q = c->begin_query();
    E6_CHILD_CHECK(q && q->strategy() == Strategy::kGreen);
    E6_CHILD_CHECK(c->bind(*q, "query-1", "").cause == Cause::kFull);
    c->end_query(std::move(*q));
    return 0;
  }));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  const auto report = inspect::look(c->path());
  EXPECT_EQ(report.totals[static_cast<std::size_t>(Counter::kDetections)], 1U);
  EXPECT_GE(report.totals[static_cast<std::size_t>(Counter::kEventsDropped)], 1U);
}

TEST_F(LockTest, a_guest_becomes_a_participant_as_soon_as_locks_can_be_had_and_its_observers_are_told) {
  std::shared_ptr<Coordinator> c;
  {
    const Refusal none(Call::kByteLock, EINVAL);
    c = attach();
    ASSERT_EQ(c->mode(), Mode::kGuest);
  }
  auto listener = std::make_shared<Listener>();
  c->add_observer(listener);
  advance_clock(1100ms);
  (void)c->begin_query();
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(listener->restored, 1);
}

TEST_F(LockTest, where_locks_cannot_be_asked_for_nobody_is_taken_for_dead) {
  core::Attachment* a = take_part(place());
  Child gone([&] { return take_part(place()) != nullptr ? 0 : 1; });
  ASSERT_EQ(gone.wait(), 0);
  {
    const Refusal none(Call::kByteLock, EINVAL);
    EXPECT_FALSE(core::anybody_dead(*a));
    for (const auto& p : inspect::look(path()).participants) EXPECT_EQ(p.alive, inspect::Alive::kUnknown);
  }
  EXPECT_TRUE(core::anybody_dead(*a));
  EXPECT_FALSE(core::certainly_dead(*a, layout::kParticipants));
}

TEST_F(LockTest, the_dead_are_left_for_later_while_the_lock_is_busy_which_is_counted) {
  auto c = attach_with(Strategy::kBlue);
  core::Attachment* other = take_part(place());
  Child gone([&] { return take_part(place()) != nullptr ? 0 : 1; });
  ASSERT_EQ(gone.wait(), 0);
  {
    const core::HostLock busy(*other);
    ASSERT_TRUE(busy.held());
    advance_clock(1100ms);
    EXPECT_TRUE(c->begin_query());
    EXPECT_EQ(c->counter(Counter::kLockTimeouts), 1U);
    EXPECT_EQ(events_of(*c, EventKind::kDied), 0U);
  }
  advance_clock(1100ms);
  EXPECT_TRUE(c->begin_query());
  EXPECT_EQ(events_of(*c, EventKind::kDied), 1U);
}

TEST_F(LockTest, a_lock_that_nobody_can_repair_is_found_while_looking_for_the_dead_and_the_segment_replaced) {
  auto c = attach_with(Strategy::kGreen);
  const std::uint64_t first = RawSegment(path())->header.instance;
  Child gone([&] {
    core::Attachment* a = take_part(place());
    E6_CHILD_CHECK(a != nullptr);
    a->segment->journal.armed.store(99'999);  // no slot has that number
    static const core::HostLock never_given_back(*a);
    E6_CHILD_CHECK(never_given_back.held());
    return 0;
  });
  ASSERT_EQ(gone.wait(), 0);
  advance_clock(1100ms);
  auto q = c->begin_query();
  ASSERT_TRUE(q);
  EXPECT_EQ(q->strategy(), Strategy::kGreen);
  EXPECT_NE(RawSegment(path())->header.instance, first);
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(events_of(*c, EventKind::kDetected, EventCause::kUnlinked), 1U);
}

TEST_F(LockTest, where_no_lock_can_ever_be_repaired_some_segments_are_given_up_and_then_one_is_used_by_guests) {
  E6_EXPECT_CHILD(in_child([&] {
    const Refusal unrecoverable(Call::kMutexLock, ENOTRECOVERABLE);
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kGuest);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kRetired);
    E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
    E6_CHILD_CHECK(c->begin_query()->strategy() == Strategy::kGreen);
    E6_CHILD_CHECK(directory_.entries() == 1);
    const std::uint64_t kept = RawSegment(c->path())->header.instance;
    for (int i = 0; i < 5; ++i) {
      advance_clock(1100ms);
      E6_CHILD_CHECK(c->begin_query()->strategy() == Strategy::kGreen);
      E6_CHILD_CHECK(c->mode() == Mode::kGuest);
    }
    E6_CHILD_CHECK(RawSegment(c->path())->header.instance == kept);
    return 0;
  }));
  auto c = attach();  // with locks that work
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(LockTest, a_process_with_more_segments_than_can_be_closed_in_its_children_is_a_guest_on_the_next_one) {
  E6_EXPECT_CHILD(in_child([&] {
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    int places = 0;
    while (os::close_in_children(nothing)) ++places;
    E6_CHILD_CHECK(places == 256);
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kGuest);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kFull);
    E6_CHILD_CHECK(detect(*c, Strategy::kBlue) && c->begin_query());
    os::keep_in_children(nothing);
    return 0;
  }));
}

TEST_F(LockTest, a_descriptor_that_leads_nowhere_is_not_remembered_for_children) { EXPECT_FALSE(os::close_in_children(-1)); }

TEST_F(LockTest, a_change_finds_its_way_into_the_ring_also_when_all_places_for_intents_are_taken) {
  auto c = attach_with(Strategy::kBlue);
  const RawSegment raw(path());
  for (layout::Participant& p : raw->participants)
    if (p.tag.load() != 0)
      for (layout::Intent& intent : p.intents) intent.meta.store(1);  // being written, by threads that take their time
  EXPECT_TRUE(c->set(Strategy::kGreen));
  EXPECT_EQ(events_of(*c, EventKind::kOperatorSet), 1U);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(LockTest, a_looker_names_what_cannot_be) {
  auto c = attach_with(Strategy::kBlue);
  const RawSegment raw(path());
  for (layout::Participant& p : raw->participants)
    if (p.tag.load() != 0) p.tag.store(p.tag.load() | 0x40U);
  raw->journal.armed.store(layout::kParticipants + 1);
  raw->hot.word.store(raw->hot.word.load() | 3U << 2);
  EXPECT_EQ(inspect::look(path()).problems.size(), 3U);
  Error error;
  EXPECT_TRUE(inspect::list(directory_.path() + "/missing", false, &error).empty());
  EXPECT_EQ(error.cause, Cause::kNoDirectory);
  EXPECT_TRUE(inspect::list(directory_.path() + "/missing", false, nullptr).empty());
}

TEST_F(LockTest, a_failure_of_an_unknown_kind_is_told_as_some_failure) {
  auto c = attach();
  const Detection mine = c->detect_begin(SteadyClock::now() + 1s);
  ASSERT_EQ(mine.outcome, Outcome::kProbe);
  const Signal waiting;
  Child waiter([&] {
    E6_CHILD_CHECK(c->detect_try().outcome == Outcome::kBusy);
    waiting.raise();
    const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
    if (d.outcome == Outcome::kProbe) return c->detect_abandon(d.lease), 0;  // came to wait only after the failure
    E6_CHILD_CHECK(d.outcome == Outcome::kFailed && d.failure == ProbeFailure::kOther && d.failure_code == 13);
    return 0;
  });
  ASSERT_TRUE(waiting.wait());
  ::usleep(50'000);  // so that it waits
  c->detect_fail(mine.lease, static_cast<ProbeFailure>(200), 13);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_EQ(events_of(*c, EventKind::kDetectionFailed, EventCause::kOther), 1U);
}

}  // namespace
}  // namespace e6::shared_test
