// Making and opening a segment where the kernel or the file system lacks something: another way is found, or the reason told, and no litter left.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "fixture.h"
#include "os/host_identity.h"
#include "os/named_memfd.h"
#include "os/segment_file.h"
#include "os/sigbus_guard.h"
#include "refusal.h"

namespace e6::shared_test {
namespace {

using kernel_test::Call;
using kernel_test::Refusal;
using kernel_test::Stuck;

class CreateTest : public SharedTest {
 protected:
  /// Attaches although `call` fails, which must end in the fallback for `cause`, and leave nothing in the directory.
  void expect_fallback(Call call, int sys_errno, Cause cause) {
    const Refusal refusal(call, sys_errno);
    auto c = attach();
    EXPECT_EQ(c->mode(), Mode::kFallback);
    EXPECT_EQ(c->degraded_by().cause, cause) << c->degraded_by().sentence();
    EXPECT_EQ(c->degraded_by().sys_errno, sys_errno) << c->degraded_by().sentence();
    EXPECT_EQ(directory_.entries(), 0U);
  }
  static ino_t inode_of(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
  }
  /// A segment like any other: whole, alone in its directory, and shared with a process that lacks nothing.
  void expect_shared() {
    auto c = attach_with(Strategy::kGreen);
    EXPECT_EQ(c->mode(), Mode::kShared) << c->degraded_by().sentence();
    EXPECT_EQ(directory_.entries(), 1U);
    EXPECT_TRUE(inspect::look(c->path()).problems.empty());
  }
};

TEST_F(CreateTest, a_file_system_without_unnamed_files_gets_a_segment_all_the_same) {
  for (const int e : {EOPNOTSUPP, EISDIR, ENOENT, EINVAL}) {
    const SegmentDirectory elsewhere;
    const Refusal none(Call::kUnnamedFile, e);
    Options o = options();
    o.directory = elsewhere.path();
    auto c = attach(o);
    EXPECT_EQ(c->mode(), Mode::kShared) << e;
    EXPECT_EQ(elsewhere.entries(), 1U) << e;
  }
}

TEST_F(CreateTest, neither_unnamed_files_nor_a_rename_that_replaces_nothing) {
  const Refusal none(Call::kUnnamedFile, EOPNOTSUPP);
  const Refusal old(Call::kRename, EINVAL);
  expect_shared();
}

TEST_F(CreateTest, a_refusal_that_is_no_lack_is_told) {
  expect_fallback(Call::kUnnamedFile, EACCES, Cause::kNoPermission);
  expect_fallback(Call::kUnnamedFile, EIO, Cause::kSystem);
}

TEST_F(CreateTest, a_refusal_to_make_the_named_file_is_told) {
  const Refusal none(Call::kUnnamedFile, EOPNOTSUPP);
  expect_fallback(Call::kNewFile, ENOSPC, Cause::kNoSpace);
}

TEST_F(CreateTest, a_refusal_to_give_the_name_is_told) { expect_fallback(Call::kName, EPERM, Cause::kNoPermission); }
TEST_F(CreateTest, a_refusal_of_the_mode_is_told) { expect_fallback(Call::kMode, EPERM, Cause::kNoPermission); }
TEST_F(CreateTest, a_refusal_of_the_mapping_is_told) { expect_fallback(Call::kMapping, ENOMEM, Cause::kSystem); }
TEST_F(CreateTest, a_c_library_without_robust_mutexes_is_told) { expect_fallback(Call::kMutex, ENOTSUP, Cause::kSystem); }

TEST_F(CreateTest, a_refusal_of_the_mode_leaves_no_named_file_behind) {
  const Refusal none(Call::kUnnamedFile, EOPNOTSUPP);
  expect_fallback(Call::kMode, EPERM, Cause::kNoPermission);
}

TEST_F(CreateTest, a_group_that_the_file_cannot_be_given_is_told) {
  core::Place shared = place();
  shared.group = ::getegid();
  const Refusal refusal(Call::kGroup, EPERM);
  core::SegmentRef ref;
  const Error e = core::attach_segment(shared, ref);
  EXPECT_EQ(e.cause, Cause::kNoPermission);
  EXPECT_NE(e.sentence().find("set the group"), std::string::npos) << e.sentence();
  EXPECT_EQ(directory_.entries(), 0U);
}

TEST_F(CreateTest, a_process_that_cannot_be_guarded_against_a_file_cut_off_says_so) {
  for (const Call call : {Call::kStandIn, Call::kHandler})
    E6_EXPECT_CHILD(in_child([&] {
      os::forget_handler_for_test();
      const Refusal none(call, ENOMEM);
      auto c = attach();
      E6_CHILD_CHECK(c->mode() == Mode::kFallback);
      E6_CHILD_CHECK(c->degraded_by().sentence().find("E6_SHM_SIGBUS_GUARD") != std::string::npos);
      return 0;
    }));
}

TEST_F(CreateTest, a_thread_that_is_stuck_installing_the_guard_keeps_the_others_for_a_second_from_a_segment_and_not_for_ever) {
  E6_EXPECT_CHILD(in_child([&] {
    os::forget_handler_for_test();
    const Stuck stuck(Call::kHandler, 1);
    std::thread first([&] { (void)attach("first:1"); });
    E6_CHILD_CHECK(eventually([&] { return stuck.holds_somebody(); }));
    auto second = attach("second:1");
    E6_CHILD_CHECK(second->mode() == Mode::kFallback);
    E6_CHILD_CHECK(says(second->degraded_by(), "E6_SHM_SIGBUS_GUARD"));
    std::fflush(nullptr);
    ::_exit(0);  // one is still stuck
  }));
}

TEST_F(CreateTest, a_mapping_refused_to_one_who_comes_later_is_told_and_harms_nobody) {
  auto first = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    const Refusal refusal(Call::kMapping, ENOMEM);
    core::SegmentRef ref;
    const Error e = core::attach_segment(place(), ref);
    E6_CHILD_CHECK(e.cause == Cause::kSystem && e.where == path());
    return 0;
  }));
  EXPECT_TRUE(first->snapshot().usable);
}

TEST_F(CreateTest, whoever_loses_the_race_for_the_name_takes_the_winners_segment) {
  {
    const Refusal lost(Call::kName, EEXIST, 1);
    expect_shared();
  }
  const SegmentDirectory elsewhere;
  Options o = options();
  o.directory = elsewhere.path();
  const Refusal none(Call::kUnnamedFile, EOPNOTSUPP);
  const Refusal taken_for_litter(Call::kName, ENOENT, 1);
  EXPECT_EQ(attach(o)->mode(), Mode::kShared);
}

TEST_F(CreateTest, one_whose_segments_vanish_again_and_again_gives_up) {
  const Refusal none(Call::kUnnamedFile, EOPNOTSUPP);
  const Refusal refusal(Call::kName, ENOENT);
  auto c = attach();
  EXPECT_EQ(c->mode(), Mode::kFallback);
  EXPECT_EQ(c->degraded_by().cause, Cause::kRetired);
  EXPECT_EQ(directory_.entries(), 0U);
}

TEST_F(CreateTest, without_proc_a_segment_is_made_and_shared_with_those_who_have_it) {
  const Refusal none(Call::kProc, ENOENT);
  expect_shared();
  const RawSegment raw(path());
  ASSERT_TRUE(raw.valid());
  EXPECT_EQ(raw->header.boot_id[0], '\0');
  EXPECT_EQ(raw->header.time_namespace, 0U);
  EXPECT_STREQ(os::program_name().data(), "");
}

TEST_F(CreateTest, without_proc_a_segment_that_was_made_with_it_is_shared) {
  auto first = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    const Refusal none(Call::kProc, ENOENT);
    E6_CHILD_CHECK(first->mode() == Mode::kShared);
    E6_CHILD_CHECK(first->snapshot().active == Strategy::kBlue);
    return 0;
  }));
}

TEST_F(CreateTest, without_proc_no_other_file_is_taken_for_the_one_that_was_checked) {
  auto first = attach();
  os::Fd directory;
  ASSERT_TRUE(os::open_directory(directory_.path(), directory).ok());
  os::Fd checked;
  ASSERT_EQ(os::open_named(directory.get(), place().name(), true, checked), 0);
  ASSERT_EQ(::unlink(path().c_str()), 0);
  ::close(::open(path().c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const Refusal none(Call::kProc, ENOENT);
  os::Fd again;
  EXPECT_EQ(os::reopen(directory.get(), place().name(), checked.get(), true, again), ENOENT);
  EXPECT_FALSE(again.valid());
  EXPECT_EQ(os::reopen(directory.get(), "nothing", checked.get(), true, again), ENOENT);
}

TEST_F(CreateTest, without_random_numbers_instances_differ_all_the_same) {
  const Refusal none(Call::kRandom, EAGAIN);
  EXPECT_NE(os::random_bits(), os::random_bits());
  expect_shared();
}

TEST_F(CreateTest, litter_that_cannot_be_listed_keeps_nobody_from_attaching) {
  const Refusal none(Call::kListing, ENOMEM);
  expect_shared();
}

TEST_F(CreateTest, whoever_joins_a_segment_that_was_removed_while_it_attached_takes_the_next_one) {
  attach_with(Strategy::kBlue).reset();
  const ino_t first = inode_of(path());
  int locks = 0;
  std::shared_ptr<Coordinator> c;
  {
    const kernel_test::Before join(Call::kByteLock, [&] {
      if (++locks == 1) ::unlink(path().c_str());
    });
    c = attach();
  }
  EXPECT_GT(locks, 0);
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);  // what was known goes along
  EXPECT_EQ(participants(), 1U);
  EXPECT_NE(inode_of(path()), first);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(CreateTest, no_descriptor_lies_below_3_for_a_moment_where_the_process_has_closed_those) {
  for (const int unnamed : {0, EOPNOTSUPP})
    E6_EXPECT_CHILD(in_child([&] {
      const Refusal named_only(Call::kUnnamedFile, unnamed);
      (void)kernel_test::lowest_descriptor_opened();
      for (int fd = 0; fd < 3; ++fd) ::close(fd);
      auto c = attach_with(Strategy::kBlue);
      (void)inspect::look(path());
      (void)inspect::list(directory_.path(), true, nullptr);
      ::unlink(path().c_str());
      advance_clock(1100ms);
      const bool moved = c->begin_query() && c->mode() == Mode::kShared;
      return moved && in_child([&] { return c->begin_query() ? 0 : 1; }) == 0 &&
                     kernel_test::lowest_descriptor_opened() > 2
                 ? 0
                 : 1;
    }));
}

TEST_F(CreateTest, nor_where_the_process_works_without_a_segment) {
  E6_EXPECT_CHILD(in_child([&] {
    Options o = options();
    o.directory += "/missing";
    (void)kernel_test::lowest_descriptor_opened();
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    const auto c = attach(o);
    const bool alone = c->mode() == Mode::kFallback;
    return alone && kernel_test::lowest_descriptor_opened() > 2 ? 0 : 1;
  }));
  E6_EXPECT_CHILD(in_child([&] {  // one whose error looks how much memory is locked
    const Refusal refusal(Call::kMapping, EAGAIN);
    const struct rlimit small = {4'096, 4'096};
    E6_CHILD_CHECK(::setrlimit(RLIMIT_MEMLOCK, &small) == 0);
    (void)kernel_test::lowest_descriptor_opened();
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    const bool blamed = says(attach()->degraded_by(), "ulimit -l");
    return blamed && kernel_test::lowest_descriptor_opened() > 2 ? 0 : 1;
  }));
}

TEST_F(CreateTest, a_fallback_that_cannot_be_marked_by_a_memfd_works_all_the_same) {
  for (const int e : {EPERM, ENOSYS, EMFILE, ENOMEM})
    E6_EXPECT_CHILD(in_child([&] {
      const Refusal none(Call::kNamedMemory, e);
      Options o = options();
      o.directory += "/missing";
      auto c = attach(o);
      E6_CHILD_CHECK(c->mode() == Mode::kFallback && c->degraded_by().cause == Cause::kNoDirectory);
      E6_CHILD_CHECK(detect(*c, Strategy::kGreen) && c->begin_query());
      advance_clock(70s);
      E6_CHILD_CHECK(c->begin_query());
      return 0;
    }));
}

TEST_F(CreateTest, a_kernel_that_does_not_know_memfds_that_cannot_be_executed_gives_a_plain_one) {
  E6_EXPECT_CHILD(in_child([&] {
    const Refusal old(Call::kNamedMemory, EINVAL, 1);
    const os::Fd fd = os::named_memfd("e6shm-alone:" + std::string(300, 'x'), "17");
    E6_CHILD_CHECK(fd.valid());
    char link[512];
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    const ssize_t size = ::readlink(path.c_str(), link, sizeof link);
    const std::string expected = "/memfd:e6shm-alone:" + std::string(228, 'x') + " (deleted)";
    E6_CHILD_CHECK(size > 0 && std::string(link, static_cast<std::size_t>(size)) == expected);
    char bytes[8];
    return ::pread(fd.get(), bytes, sizeof bytes, 0) == 2 ? 0 : 1;
  }));
}

TEST_F(CreateTest, a_looker_that_may_not_read_says_so) {
  auto c = attach();
  {
    const Refusal refusal(Call::kRead, EIO);
    const auto report = inspect::look(path());
    EXPECT_FALSE(report.readable);
    ASSERT_FALSE(report.problems.empty());
    EXPECT_EQ(report.problems.front().sys_errno, EIO);
    core::SegmentRef ref;
    EXPECT_EQ(core::attach_segment(place(), ref).sys_errno, EIO);
  }
  {
    const Refusal interrupted(Call::kRead, EINTR, 3);
    EXPECT_TRUE(inspect::look(path()).problems.empty());
  }
  const Refusal refusal(Call::kStat, EIO);
  const auto report = inspect::look(path());
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems.front().sys_errno, EIO);
}

}  // namespace
}  // namespace e6::shared_test
