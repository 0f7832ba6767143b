// A holder that ends between a waiter's look at its result and the waiter's claim: the waiter takes the result all the same.
//
// Nothing but a few instructions lies in between, so the waiter is made to ask the kernel there, whether the holder is alive, and is held up by what
// stands for the kernel here.
#include <fcntl.h>
#include <sys/syscall.h>

#include <cstdarg>
#include <optional>

#include "fixture.h"
#include "layout/lease_word.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/ofd_lock.h"

namespace {

constexpr std::uint32_t kHolder = 200;  // the slot of a holder that exists as a locked byte only
constexpr std::uint32_t kFence = 7;

int questions = 0;  // whether the holder is alive
std::function<void(int)> on_question;

}  // namespace

extern "C" int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (command == F_OFD_GETLK && on_question && static_cast<struct flock*>(argument)->l_start == e6::os::kFirstSlotByte + kHolder)
    on_question(++questions);
  return static_cast<int>(::syscall(SYS_fcntl, fd, command, argument));
}

namespace e6::shared_test {
namespace {

class LateWordTest : public SharedTest {
 protected:
  void SetUp() override {
    SharedTest::SetUp();
    questions = 0;
    c_ = attach();
    ASSERT_NE(c_, nullptr);
    old_.emplace(c_->path());
    holder_ = os::Fd(::open(c_->path().c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(os::try_lock_byte(holder_.get(), os::kFirstSlotByte + kHolder), os::Locked::kYes);
  }
  void TearDown() override {
    on_question = nullptr;
    c_.reset();
    SharedTest::TearDown();
  }

  /// The holder has the lease, and ends with this word when somebody who waits asks for the second time whether it is alive.
  void ends_late(layout::Lease& lease, std::uint32_t result, std::uint32_t code) {
    const layout::LeaseWord held{kFence, kHolder + 1, layout::lease_unit(os::monotonic_ms() + 200'000)};
    lease.failure.store(0);
    lease.word.store(layout::pack(held));
    on_question = [this, &lease, result, code](int question) {
      if (question != 2) return;
      lease.failure.store(layout::pack_failure(kFence, result, code));
      lease.word.store(layout::pack(layout::LeaseWord{kFence, 0, 0}));
      os::unlock_byte(holder_.get(), os::kFirstSlotByte + kHolder);
    };
  }

  /// The holder has the lease and stays, but while somebody waits everybody moves to another segment, where the grant of the same number ended so.
  void segment_is_replaced(std::uint32_t which, std::uint32_t result) {
    layout::Lease& lease = (*old_)->leases[which];
    lease.word.store(layout::pack(layout::LeaseWord{kFence, kHolder + 1, layout::lease_unit(os::monotonic_ms() + 200'000)}));
    on_question = [this, which, result](int question) {
      if (question != 1) return;
      ASSERT_EQ(::unlink(path().c_str()), 0);
      core::SegmentRef made;
      ASSERT_TRUE(core::attach_segment(place(), made).ok());
      layout::Lease& other = static_cast<layout::Segment*>(made.mapping.data())->leases[which];
      other.failure.store(layout::pack_failure(kFence, result, 14));
      other.word.store(layout::pack(layout::LeaseWord{kFence, 0, 0}));
      (*old_)->hot.word.store(layout::kRetiredWord);
    };
  }

  std::shared_ptr<Coordinator> c_;
  os::Fd holder_;
  std::optional<RawSegment> old_;
};

TEST_F(LateWordTest, a_failed_probe_is_not_made_again_by_who_waited_for_it) {
  const RawSegment raw(c_->path());
  layout::Lease& lease = raw->leases[layout::kDetectionLease];
  ends_late(lease, static_cast<std::uint32_t>(ProbeFailure::kUnreachable), 14);
  const Detection d = c_->detect_begin(SteadyClock::now() + kPatience);
  EXPECT_EQ(questions, 2);
  EXPECT_EQ(d.outcome, Detection::Outcome::kFailed);
  EXPECT_EQ(d.failure, ProbeFailure::kUnreachable);
  EXPECT_EQ(d.failure_code, 14U);
  EXPECT_EQ(layout::unpack_lease(lease.word.load()).holder, 0U) << "the lease was kept";
  EXPECT_EQ(c_->counter(Counter::kDetections), 0U);
  EXPECT_EQ(c_->detect_begin(SteadyClock::now() + kPatience).outcome, Detection::Outcome::kProbe) << "for who comes later it is old news";
}

TEST_F(LateWordTest, what_ended_on_another_segment_under_the_same_number_is_not_what_was_waited_for) {
  segment_is_replaced(layout::kDetectionLease, static_cast<std::uint32_t>(ProbeFailure::kUnreachable));
  const Detection d = c_->detect_begin(SteadyClock::now() + kPatience);
  EXPECT_GE(questions, 1);
  EXPECT_EQ(d.outcome, Detection::Outcome::kProbe);
  c_->detect_abandon(d.lease);
}

TEST_F(LateWordTest, a_resume_that_ended_on_another_segment_under_the_same_number_is_not_what_was_waited_for) {
  segment_is_replaced(layout::kResumeLease, 2);
  ResumeLease mine;
  EXPECT_EQ(c_->resume_begin(SteadyClock::now() + kPatience, mine), ResumeOutcome::kResume);
  EXPECT_GE(questions, 1);
  c_->resume_end(mine, true);
}

TEST_F(LateWordTest, a_resumed_cluster_is_not_resumed_again_by_who_waited_for_it) {
  for (const auto expected : {ResumeOutcome::kResumedByOther, ResumeOutcome::kFailedByOther}) {
    const RawSegment raw(c_->path());
    layout::Lease& lease = raw->leases[layout::kResumeLease];
    questions = 0;
    ASSERT_EQ(os::try_lock_byte(holder_.get(), os::kFirstSlotByte + kHolder), os::Locked::kYes);
    ends_late(lease, expected == ResumeOutcome::kResumedByOther ? 1 : 2, 0);
    ResumeLease mine;
    EXPECT_EQ(c_->resume_begin(SteadyClock::now() + kPatience, mine), expected);
    EXPECT_EQ(questions, 2);
    EXPECT_EQ(layout::unpack_lease(lease.word.load()).holder, 0U) << "the lease was kept";
    EXPECT_EQ(c_->counter(Counter::kResumes), 0U);
  }
}

}  // namespace
}  // namespace e6::shared_test
