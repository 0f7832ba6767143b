// Putting a new segment in the place of one that was given up, while somebody is stopped in the middle of doing so, or may not.
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "fixture.h"
#include "layout/transition.h"
#include "os/segment_file.h"
#include "refusal.h"

namespace e6::shared_test {
namespace {

using kernel_test::Call;
using kernel_test::Refusal;
using kernel_test::Stuck;

class ReplaceTest : public SharedTest {
 protected:
  void TearDown() override {
    os::disable_tmpfile_for_test(false);
    SharedTest::TearDown();
  }
  void give_up_one() {
    attach_with(Strategy::kBlue).reset();
    RawSegment(path())->hot.word.store(layout::kRetiredWord);
  }
  ino_t inode() const {
    struct stat st;
    return ::stat(path().c_str(), &st) == 0 ? st.st_ino : 0;
  }
};

/// A thread that is stopped, like a process, in the midst of replacing the segment: before its last step, if nothing else is said.
class Stopped {
 public:
  explicit Stopped(const core::Place& place, Call at = Call::kReplace)
      : stuck_(std::make_unique<Stuck>(at, 1)), thread_([this, place] { error = core::attach_segment(place, ref); }) {
    came = eventually([&] { return stuck_->holds_somebody(); });
  }
  ~Stopped() {
    if (stuck_) go_on();
  }
  void go_on() {
    stuck_.reset();
    thread_.join();
  }
  bool came = false;
  core::SegmentRef ref;
  Error error;

 private:
  std::unique_ptr<Stuck> stuck_;
  std::thread thread_;
};

TEST_F(ReplaceTest, who_was_stopped_before_its_last_step_takes_the_segment_that_another_one_made_meanwhile) {
  give_up_one();
  Stopped stopped(place());
  ASSERT_TRUE(stopped.came);
  core::SegmentRef made;
  ASSERT_TRUE(core::attach_segment(place(), made).ok());
  EXPECT_TRUE(made.created);
  stopped.go_on();
  EXPECT_TRUE(stopped.error.ok()) << stopped.error.sentence();
  EXPECT_FALSE(stopped.ref.created);
  EXPECT_EQ(stopped.ref.inode, made.inode);
  EXPECT_EQ(inode(), made.inode);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ReplaceTest, who_was_stopped_before_its_last_step_harms_nobody_who_made_one_where_the_name_was_removed) {
  give_up_one();
  Stopped stopped(place());
  ASSERT_TRUE(stopped.came);
  ASSERT_EQ(::unlink(path().c_str()), 0);  // by an operator
  core::SegmentRef made;
  ASSERT_TRUE(core::attach_segment(place(), made).ok());
  EXPECT_TRUE(made.created);
  stopped.go_on();
  EXPECT_EQ(stopped.ref.inode, made.inode);
  EXPECT_EQ(inode(), made.inode);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ReplaceTest, who_was_stopped_while_making_its_segment_takes_the_one_that_another_one_made_meanwhile) {
  give_up_one();
  Stopped stopped(place(), Call::kUnnamedFile);
  ASSERT_TRUE(stopped.came);
  core::SegmentRef made;
  ASSERT_TRUE(core::attach_segment(place(), made).ok());
  stopped.go_on();
  EXPECT_FALSE(stopped.ref.created);
  EXPECT_EQ(inode(), made.inode);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ReplaceTest, who_comes_late_finds_its_own_segment_superfluous_and_removes_it) {
  give_up_one();
  os::Fd directory;
  os::Fd old;
  ASSERT_TRUE(os::open_directory(directory_.path(), directory).ok());
  ASSERT_EQ(os::open_named(directory.get(), place().name(), true, old), 0);
  auto c = attach_with(Strategy::kGreen);
  const ino_t now = inode();
  core::SegmentRef ref;
  bool again = false;
  EXPECT_TRUE(core::replace_segment(place(), old.get(), ref, again).ok());
  EXPECT_TRUE(again);
  EXPECT_EQ(inode(), now);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ReplaceTest, a_file_system_without_unnamed_files_gets_a_new_segment_all_the_same) {
  os::disable_tmpfile_for_test(true);
  give_up_one();
  const ino_t before = inode();
  auto c = attach();
  EXPECT_EQ(c->mode(), Mode::kShared) << c->degraded_by().sentence();
  EXPECT_NE(inode(), before);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ReplaceTest, a_refusal_is_told_and_leaves_nothing_behind) {
  give_up_one();
  for (const Call call : {Call::kReplace, Call::kName}) {
    const Refusal refusal(call, EPERM);
    auto c = attach();
    EXPECT_EQ(c->mode(), Mode::kFallback);
    EXPECT_EQ(c->degraded_by().cause, Cause::kNoPermission) << c->degraded_by().sentence();
    EXPECT_EQ(directory_.entries(), 1U);
  }
  os::disable_tmpfile_for_test(true);
  const Refusal refusal(Call::kReplace, EIO);
  EXPECT_EQ(attach()->degraded_by().cause, Cause::kSystem);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(ReplaceTest, where_others_bids_cannot_be_seen_nothing_is_replaced) {
  give_up_one();
  const ino_t before = inode();
  const Refusal none(Call::kListing, ENOMEM);
  EXPECT_EQ(attach()->degraded_by().cause, Cause::kRetired);
  EXPECT_EQ(inode(), before);
  EXPECT_EQ(directory_.entries(), 1U);
}

}  // namespace
}  // namespace e6::shared_test
