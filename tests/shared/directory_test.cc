// Where segments live: missing directories, links in the path, private files, creators that meet or die.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <filesystem>
#include <thread>

#include "fixture.h"
#include "os/ofd_lock.h"
#include "os/segment_file.h"

namespace e6::shared_test {
namespace {

class DirectoryTest : public SharedTest {
 protected:
  void TearDown() override {
    os::disable_tmpfile_for_test(false);
    SharedTest::TearDown();
  }
};

TEST_F(DirectoryTest, a_missing_directory_is_named_and_the_fallback_used) {
  Options o = options();
  o.directory += "/not-there";
  auto c = attach(o);
  EXPECT_EQ(c->mode(), Mode::kFallback);
  EXPECT_EQ(c->degraded_by().cause, Cause::kNoDirectory);
  EXPECT_NE(c->degraded_by().sentence().find(o.directory), std::string::npos);
  EXPECT_EQ(c->path(), "");
}

TEST_F(DirectoryTest, a_file_in_the_place_of_the_directory_is_told) {
  Options o = options();
  o.directory += "/file";
  ::close(::open(o.directory.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  auto c = attach(o);
  EXPECT_EQ(c->mode(), Mode::kFallback);
  EXPECT_EQ(c->degraded_by().cause, Cause::kNoDirectory);
}

TEST_F(DirectoryTest, a_link_in_the_path_is_refused_and_the_true_path_told) {
  Options o = options();
  const std::string link = directory_.path() + "/link";
  ASSERT_EQ(::symlink(directory_.path().c_str(), link.c_str()), 0);
  o.directory = link;
  auto c = attach(o);
  EXPECT_EQ(c->mode(), Mode::kFallback);
  EXPECT_EQ(c->degraded_by().cause, Cause::kNoDirectory);
  EXPECT_NE(c->degraded_by().sentence().find(directory_.path() + "; give that path"), std::string::npos) << c->degraded_by().sentence();
}

TEST_F(DirectoryTest, a_path_with_doubled_slashes_and_single_dots_is_no_link) {
  const std::string plain = directory_.path();
  const std::size_t last = plain.rfind('/');
  const std::string parent = plain.substr(0, last);
  const std::string name = plain.substr(last + 1);
  auto keep = attach();
  for (const std::string& written :
       {parent + "//" + name, parent + "/./" + name, plain + "/.", plain + "//", "/" + plain,
        "/." + plain, parent + "/.//./" + name + "/./", plain + "/././/."}) {
    Options o = options();
    o.directory = written;
    auto c = attach(o);
    EXPECT_EQ(c->mode(), Mode::kShared) << written << ": " << c->degraded_by().sentence();
    EXPECT_EQ(c->path(), keep->path()) << written;
    EXPECT_EQ(c, keep) << written << " is a directory of its own";
    core::Place raw = place();
    raw.directory = written;
    core::SegmentRef ref;
    EXPECT_TRUE(core::attach_segment(raw, ref).ok()) << written;
    EXPECT_EQ(inspect::list(written, false, nullptr).at(0).path, keep->path()) << written;
  }
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(DirectoryTest, names_that_begin_with_a_dot_stay_as_they_are) {
  for (const char* name : {"/.hidden", "/..two", "/...", "/a.", "/a.."}) {
    Options o = options();
    o.directory += name;
    ASSERT_EQ(::mkdir(o.directory.c_str(), 0700), 0) << name;
    auto c = attach(o);
    EXPECT_EQ(c->mode(), Mode::kShared) << name << ": " << c->degraded_by().sentence();
    EXPECT_EQ(c->path().substr(0, o.directory.size() + 1), o.directory + "/");
  }
}

TEST_F(DirectoryTest, a_path_that_goes_up_is_refused_for_that_and_the_true_path_told) {
  const std::string sub = directory_.path() + "/sub";
  ASSERT_EQ(::mkdir(sub.c_str(), 0700), 0);
  for (const char* up : {"/..", "/../", "/./..//."}) {
    Options o = options();
    o.directory = sub + up;
    auto c = attach(o);
    EXPECT_EQ(c->mode(), Mode::kFallback);
    EXPECT_EQ(c->degraded_by().cause, Cause::kNoDirectory);
    EXPECT_TRUE(says(c->degraded_by(), "contains '..'; give " + directory_.path()))
        << c->degraded_by().sentence();
    EXPECT_FALSE(says(c->degraded_by(), "symbolic link")) << c->degraded_by().sentence();
  }
}

TEST_F(DirectoryTest, a_new_segment_is_private_whatever_the_umask_and_has_its_pages_reserved) {
  for (const mode_t mask : {0U, 0777U}) {
    const mode_t before = ::umask(mask);
    auto c = attach("mask:" + std::to_string(mask));
    ::umask(before);
    struct stat st;
    ASSERT_EQ(::stat(c->path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0600U);
    EXPECT_EQ(static_cast<std::size_t>(st.st_size), sizeof(layout::Segment));
    EXPECT_GE(static_cast<std::size_t>(st.st_blocks) * 512, sizeof(layout::Segment));
  }
}

TEST_F(DirectoryTest, many_creators_at_once_without_unnamed_files_make_one_segment_and_no_litter) {
  if (kManyTimesSlower) GTEST_SKIP() << "32 processes join one after the other, each within 100 ms: not at the speed of ThreadSanitizer";
  os::disable_tmpfile_for_test(true);
  const Signal start;
  std::vector<Child> children;
  for (int i = 0; i < 32; ++i)
    children.emplace_back([&] {
      E6_CHILD_CHECK(start.wait());
      auto result = Coordinator::attach(options());
      E6_CHILD_CHECK(result.coordinator->mode() == Mode::kShared);
      return 0;
    });
  start.raise();
  for (Child& c : children) EXPECT_EQ(c.wait(), 0);
  EXPECT_EQ(directory_.entries(), 1U);
  EXPECT_EQ(events_of(*attach(), EventKind::kJoined), 33U);
}

TEST_F(DirectoryTest, what_a_killed_creator_left_is_removed_by_the_next_one_and_work_in_progress_is_not) {
  const std::string dead = directory_.path() + "/.e6shm-new-1";
  const std::string busy = directory_.path() + "/.e6shm-new-2";
  ::close(::open(dead.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  const os::Fd working(::open(busy.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  ASSERT_EQ(os::try_lock_byte(working.get(), os::kRetireByte), os::Locked::kYes);
  auto c = attach();
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(busy));
}

TEST_F(DirectoryTest, a_process_full_of_signals_can_create_segments) {
  E6_EXPECT_CHILD(in_child([&] {
    struct sigaction ignore = {};
    ignore.sa_handler = [](int) {};  // without SA_RESTART: system calls are interrupted
    ::sigaction(SIGALRM, &ignore, nullptr);
    const struct itimerval often = {{0, 200}, {0, 200}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    int wrong = 0;
    for (int i = 0; i < 100; ++i) {
      auto c = Coordinator::attach(options("busy:" + std::to_string(i))).coordinator;
      if (c->mode() != Mode::kShared) {
        if (++wrong == 1) std::fprintf(stderr, "%s\n", c->degraded_by().sentence().c_str());
      }
      const std::string where = c->path();
      c.reset();
      ::unlink(where.c_str());
    }
    const struct itimerval never = {};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    return wrong;
  }));
}

TEST_F(DirectoryTest, threads_that_attach_at_the_same_moment_are_one_participant) {
  std::vector<std::thread> threads;
  std::atomic<int> waiting{8};
  std::vector<std::shared_ptr<Coordinator>> all(8);
  for (std::size_t i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) {
      }
      all[i] = Coordinator::attach(options()).coordinator;
      (void)all[i]->begin_query();
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(inspect::look(path()).participants.size(), 1U);
  for (const auto& c : all) EXPECT_EQ(c->mode(), Mode::kShared);
}

TEST_F(DirectoryTest, once_nobody_holds_a_coordinator_other_options_take_effect) {
  auto a = attach();
  EXPECT_EQ(a->options().ttl, 300s);
  Options o = options();
  o.ttl = 600s;
  EXPECT_EQ(attach(o)->options().ttl, 300s);  // the first one's, as long as it is held
  a.reset();
  EXPECT_EQ(attach(o)->options().ttl, 600s);
}

}  // namespace
}  // namespace e6::shared_test
