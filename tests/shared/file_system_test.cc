// File systems that are full, small, read-only or not /dev/shm.
#include <sys/resource.h>

#include "namespaces.h"
#include "os/segment_file.h"

namespace e6::shared_test {
namespace {

class FileSystemTest : public SharedTest {
 protected:
  void TearDown() override {
    os::disable_tmpfile_for_test(false);
    SharedTest::TearDown();
  }
};

TEST_F(FileSystemTest, a_full_shared_memory_file_system_is_an_error_at_attach_and_not_a_crash_later) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(with_tmpfs_at(directory_.path(), "size=64k", false, [&] {
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    const Error e = c->degraded_by();
    E6_CHILD_CHECK(e.cause == Cause::kNoSpace && e.sys_errno == ENOSPC);
    E6_CHILD_CHECK(says(e, "--shm-size"));
    E6_CHILD_CHECK(directory_.entries() == 0);
    E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
    E6_CHILD_CHECK(c->begin_query()->strategy() == Strategy::kGreen);
    return 0;
  }));
}

TEST_F(FileSystemTest, a_file_system_out_of_inodes_is_no_space_too) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(with_tmpfs_at(directory_.path(), "nr_inodes=1", false, [&] {
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoSpace);
    return 0;
  }));
}

TEST_F(FileSystemTest, a_read_only_file_system_is_told_as_such) {
  E6_NEEDS_MOUNTS();
  E6_EXPECT_CHILD(with_tmpfs_at(directory_.path(), "", true, [&] {
    auto c = attach();
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kReadOnly);
    return 0;
  }));
}

TEST_F(FileSystemTest, a_directory_on_another_file_system_works_the_same) {
  const SegmentDirectory elsewhere("/tmp");
  for (const bool without_tmpfile : {false, true}) {
    os::disable_tmpfile_for_test(without_tmpfile);
    Options o = options(without_tmpfile ? "a:1" : "b:1");
    o.directory = elsewhere.path();
    auto c = attach(o);
    ASSERT_EQ(c->mode(), Mode::kShared) << c->degraded_by().sentence();
    ASSERT_TRUE(detect(*c, Strategy::kGreen));
    EXPECT_EQ(start_peer({"colour", elsewhere.path(), o.cluster}).wait(), 2);
    const Signal ready;
    Child child([&] {
      auto q = c->begin_query();
      ready.raise();
      ::pause();
      return 1;
    });
    ASSERT_TRUE(ready.wait());
    EXPECT_EQ(c->in_flight(), 1U);
    child.kill();
    EXPECT_EQ(c->in_flight(), 0U);
  }
  EXPECT_EQ(elsewhere.entries(), 2U);
}

TEST_F(FileSystemTest, a_limit_on_file_sizes_is_an_error_and_does_not_kill_the_process) {
  E6_EXPECT_CHILD(in_child([&] {
    struct rlimit small;
    E6_CHILD_CHECK(::getrlimit(RLIMIT_FSIZE, &small) == 0);
    small.rlim_cur = 65'536;
    E6_CHILD_CHECK(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    auto c = Coordinator::attach(options()).coordinator;
    E6_CHILD_CHECK(c && c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoSpace);
    E6_CHILD_CHECK(c->degraded_by().sentence().find("ulimit -f") != std::string::npos);
    return 0;
  }));
}

}  // namespace
}  // namespace e6::shared_test
