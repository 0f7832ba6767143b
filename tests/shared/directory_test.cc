// Where segments live: missing directories, other file systems, vanished names, exhausted and stolen descriptors.
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
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
  /// The number of this process's descriptor that leads to the segment.
  int segment_descriptor() const {
    struct stat segment;
    struct stat st;
    if (::stat(path().c_str(), &segment) != 0) return -1;
    for (int fd = 3; fd < 1024; ++fd)
      if (::fstat(fd, &st) == 0 && st.st_dev == segment.st_dev && st.st_ino == segment.st_ino) return fd;
    return -1;
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

TEST_F(DirectoryTest, a_directory_on_another_file_system_works_the_same) {
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

TEST_F(DirectoryTest, when_the_name_vanishes_everyone_meets_on_a_new_segment_with_the_colour_they_knew) {
  auto c = attach_with(Strategy::kGreen);
  auto running = c->begin_query();
  ASSERT_TRUE(c->bind(*running, "query-1", "engine").ok());
  const Signal ready;
  const Signal vanished;
  Child other([&] {
    (void)c->begin_query_on(Strategy::kGreen, {});
    ready.raise();
    E6_CHILD_CHECK(vanished.wait());
    const auto before = SteadyClock::now();
    while (inspect::look(path()).participants.size() < 2) {
      auto q = c->begin_query();  // never without a colour
      E6_CHILD_CHECK(q && q->strategy() == Strategy::kGreen);
      E6_CHILD_CHECK(SteadyClock::now() - before < 5s);
      ::usleep(1'000);
    }
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    return 0;
  });
  ASSERT_TRUE(ready.wait());
  ASSERT_EQ(::unlink(path().c_str()), 0);
  vanished.raise();
  const auto before = SteadyClock::now();
  while (inspect::look(path()).participants.size() < 2 && SteadyClock::now() - before < 5s) {
    auto q = c->begin_query();
    ASSERT_TRUE(q);
    EXPECT_EQ(q->strategy(), Strategy::kGreen);
    ::usleep(1'000);
  }
  const auto took = std::chrono::duration<double>(SteadyClock::now() - before).count();
  std::printf("unlinked -> both on the new segment: %.2f s\n", took);
  EXPECT_EQ(other.wait(), 0);
  EXPECT_LT(took, 3.0);
  EXPECT_TRUE(c->snapshot().usable);
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(events_of(*c, EventKind::kRetired, EventCause::kUnlinked), 1U);  // the new ring says why there is a new one
  // a query begun before is still found and ends without harm
  EXPECT_TRUE(c->find_query("query-1"));
  c->end_query(std::move(*running));
  EXPECT_EQ(start_peer({"colour", directory_.path(), "db.example:9000"}).wait(), static_cast<int>(c->snapshot().active));
}

TEST_F(DirectoryTest, a_pending_colour_carried_to_a_new_segment_waits_its_drain_timeout_anew) {
  Options o = options();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto running = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, c->snapshot().epoch));
  ASSERT_EQ(::unlink(path().c_str()), 0);
  advance_clock(1100ms);
  auto another = c->begin_query();
  ASSERT_TRUE(std::filesystem::exists(path()));
  EXPECT_EQ(another->strategy(), Strategy::kBlue);
  EXPECT_EQ(c->snapshot().pending, Strategy::kGreen);
  c->end_query(std::move(*another));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);  // one is still running, on the segment that is gone
  c->end_query(std::move(*running));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_EQ(events_of(*c, EventKind::kApplied, EventCause::kIdle), 1U);
}

TEST_F(DirectoryTest, a_name_that_leads_to_another_segment_is_followed_within_a_second) {
  auto c = attach_with(Strategy::kGreen);
  ASSERT_EQ(::unlink(path().c_str()), 0);
  EXPECT_EQ(start_peer({"set", directory_.path(), "db.example:9000", "blue"}).wait(), 0);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  advance_clock(1100ms);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kBlue);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(DirectoryTest, a_process_whose_descriptors_were_all_closed_becomes_a_participant_again) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    auto q = c->begin_query();
    E6_CHILD_CHECK(c->bind(*q, "query-1", "").ok());
    ::closefrom(3);
    E6_CHILD_CHECK(c->begin_query());  // not noticed yet, and harmless
    advance_clock(1100ms);
    auto after = c->begin_query();
    E6_CHILD_CHECK(after && c->bind(*after, "query-2", "").ok());
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(c->in_flight() >= 1);
    const auto report = inspect::look(path());
    int alive = 0;
    for (const auto& p : report.participants) alive += p.alive == inspect::Alive::kAlive ? 1 : 0;
    E6_CHILD_CHECK(alive == 2);
    c->end_query(std::move(*q));
    return 0;
  }));
}

TEST_F(DirectoryTest, a_process_whose_descriptor_was_replaced_takes_nobody_for_dead) {
  auto c = attach_with(Strategy::kBlue);
  auto mine = c->begin_query();
  ASSERT_TRUE(c->bind(*mine, "query-1", "").ok());
  E6_EXPECT_CHILD(in_child([&] {
    (void)c->begin_query();
    const int number = segment_descriptor();
    E6_CHILD_CHECK(number > 0);
    const os::Fd stranger(::open((directory_.path() + "/stranger").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    E6_CHILD_CHECK(::dup2(stranger.get(), number) == number);
    E6_CHILD_CHECK(c->in_flight() >= 1);
    E6_CHILD_CHECK(c->set(Strategy::kGreen) && c->mismatch(Strategy::kGreen, c->snapshot().epoch));
    const Detection d = c->detect_begin(SteadyClock::now() + 1s);  // looks for the dead on its way
    E6_CHILD_CHECK(d.outcome == Detection::Outcome::kProbe);
    c->detect_abandon(d.lease);
    return 0;
  }));
  EXPECT_TRUE(c->find_query("query-1"));
  const auto report = inspect::look(path());
  ASSERT_FALSE(report.participants.empty());
  EXPECT_EQ(report.participants[0].pid, static_cast<std::uint32_t>(::getpid()));
  for (const Event& e : c->recent_events(1000))
    if (e.kind == EventKind::kDied) {
      EXPECT_NE(e.about_pid, static_cast<std::uint32_t>(::getpid()));
    }
}

TEST_F(DirectoryTest, a_descriptor_number_that_now_belongs_to_the_application_is_left_open) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kBlue);
    const int number = segment_descriptor();
    E6_CHILD_CHECK(number > 0);
    const os::Fd stranger(::open((directory_.path() + "/stranger").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    E6_CHILD_CHECK(::dup2(stranger.get(), number) == number);
    E6_CHILD_CHECK(in_child([&] { return ::fcntl(number, F_GETFD) >= 0 ? 0 : 1; }) == 0);  // in children
    c.reset();                                                                          // on detaching
    E6_CHILD_CHECK(::fcntl(number, F_GETFD) >= 0);
    return 0;
  }));
}

TEST_F(DirectoryTest, without_a_free_descriptor_the_fallback_is_used_and_left_once_there_is_one) {
  E6_EXPECT_CHILD(in_child([&] {
    struct rlimit before;
    E6_CHILD_CHECK(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    struct rlimit none = before;
    const int lowest = ::dup(0);
    ::close(lowest);
    for (int room = 0; room < 4; ++room) {  // failing at the first, second, ... descriptor that attaching needs
      none.rlim_cur = static_cast<rlim_t>(lowest + room);
      E6_CHILD_CHECK(::setrlimit(RLIMIT_NOFILE, &none) == 0);
      auto c = Coordinator::attach(options("limit:" + std::to_string(room))).coordinator;
      E6_CHILD_CHECK(::setrlimit(RLIMIT_NOFILE, &before) == 0);
      E6_CHILD_CHECK(c);
      if (c->mode() == Mode::kFallback) {
        E6_CHILD_CHECK(c->degraded_by().cause == Cause::kNoDescriptors);
        E6_CHILD_CHECK(c->degraded_by().sentence().find("ulimit -n") != std::string::npos);
        E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
        E6_CHILD_CHECK(c->begin_query());
        advance_clock(6s);
        (void)c->begin_query();
      } else {
        E6_CHILD_CHECK(room >= 2);
      }
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
    }
    return 0;
  }));
}

TEST_F(DirectoryTest, a_limit_on_file_sizes_is_an_error_and_does_not_kill_the_process) {
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

TEST_F(DirectoryTest, the_last_coordinator_to_go_leaves_and_the_next_one_joins_again) {
  auto a = attach_with(Strategy::kBlue);
  auto b = attach();
  a.reset();
  EXPECT_EQ(inspect::look(path()).participants.size(), 1U);
  b.reset();
  EXPECT_EQ(inspect::look(path()).participants.size(), 0U);
  EXPECT_EQ(segment_descriptor(), -1);
  a = attach();
  EXPECT_EQ(a->snapshot().active, Strategy::kBlue);
  EXPECT_EQ(inspect::look(path()).participants.size(), 1U);
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

TEST_F(DirectoryTest, a_segment_that_is_removed_over_and_over_holds_neither_descriptors_nor_memory) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    auto running = c->begin_query();
    E6_CHILD_CHECK(c->bind(*running, "query-1", "").ok());
    for (int i = 0; i < 20; ++i) {
      E6_CHILD_CHECK(::unlink(path().c_str()) == 0);
      advance_clock(1100ms);
      auto q = c->begin_query();
      E6_CHILD_CHECK(q && q->strategy() == Strategy::kGreen && c->mode() == Mode::kShared);
      E6_CHILD_CHECK(i > 2 || c->find_query("query-1"));
    }
    int held = 0;
    for (const char* list : {"/proc/self/fd", "/proc/self/map_files"})
      for (const auto& entry : std::filesystem::directory_iterator(list)) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry, gone).string().starts_with(directory_.path())) ++held;
      }
    std::printf("20 moves: %d descriptors and mappings of segments\n", held);
    E6_CHILD_CHECK(held <= 10);
    c->end_query(std::move(*running));  // its segment was let go of: no harm
    E6_CHILD_CHECK(c->in_flight() == 0);
    return 0;
  }));
}

TEST_F(DirectoryTest, whoever_attaches_gives_the_one_who_is_just_replacing_a_retired_segment_time_and_then_replaces_it_himself) {
  attach_with(Strategy::kBlue).reset();
  RawSegment(path())->hot.word.store(layout::kRetiredWord);
  const os::Fd replacing(::open(path().c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(os::try_lock_byte(replacing.get(), os::kRetireByte), os::Locked::kYes);  // and is stopped
  core::SegmentRef ref;
  const auto before = SteadyClock::now();
  const Error e = core::attach_segment(place(), ref);
  const auto took = SteadyClock::now() - before;
  EXPECT_TRUE(e.ok()) << e.sentence();
  EXPECT_TRUE(ref.created);
  EXPECT_GE(took, 15ms);
  EXPECT_LT(took, 5s);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(DirectoryTest, many_who_find_a_retired_segment_at_once_meet_on_one_new_one_and_leave_no_litter) {
  if (kManyTimesSlower) GTEST_SKIP() << "32 processes join one after the other, each within 100 ms: not at the speed of ThreadSanitizer";
  for (const bool without_tmpfile : {false, true}) {
    os::disable_tmpfile_for_test(without_tmpfile);
    attach_with(Strategy::kBlue).reset();
    RawSegment(path())->hot.word.store(layout::kRetiredWord);
    const Signal start;
    std::vector<Child> children;
    for (int i = 0; i < 32; ++i)
      children.emplace_back([&] {
        E6_CHILD_CHECK(start.wait());
        auto result = Coordinator::attach(options());
        if (result.coordinator->mode() != Mode::kShared) std::fprintf(stderr, "%s\n", result.coordinator->degraded_by().sentence().c_str());
        E6_CHILD_CHECK(result.coordinator->mode() == Mode::kShared);
        return 0;
      });
    start.raise();
    for (Child& c : children) EXPECT_EQ(c.wait(), 0);
    EXPECT_EQ(directory_.entries(), 1U);
    EXPECT_EQ(events_of(*attach(), EventKind::kJoined), 33U);
  }
}

TEST_F(DirectoryTest, attaching_and_leaving_over_and_over_costs_no_descriptor) {
  auto keep = attach_with(Strategy::kGreen, "keep:1");
  const auto open = [] {
    int n = 0;
    for (int fd = 0; fd < 256; ++fd) n += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return n;
  };
  attach().reset();
  const int before = open();
  for (int i = 0; i < 600; ++i) attach().reset();
  EXPECT_EQ(open(), before);
  EXPECT_EQ(attach()->mode(), Mode::kShared);
}

}  // namespace
}  // namespace e6::shared_test
