// Processes that have closed some of their descriptors 0, 1 and 2: a log line must never land in a
// segment.
#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <thread>

#include "fixture.h"
#include "os/segment_file.h"

namespace e6::shared_test {
namespace {

constexpr int kSubsets = 8;  // of 0, 1 and 2, a bit each

/// Closes a subset of the standard descriptors of a child; what is wrong is told on a copy of
/// stderr.
class WithoutStdio {
 public:
  explicit WithoutStdio(int subset) noexcept
      : subset_(subset), words_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100)) {
    for (int fd = 0; fd < 3; ++fd)
      if (closed(fd)) ::close(fd);
  }
  [[nodiscard]] bool closed(int fd) const noexcept { return (subset_ >> fd & 1) != 0; }
  /// True, and said, if a closed descriptor leads somewhere.
  [[nodiscard]] bool misused(const char* after) const noexcept {
    for (int fd = 0; fd < 3; ++fd)
      if (closed(fd) && ::fcntl(fd, F_GETFD) != -1) {
        ::dprintf(words_, "subset %d: descriptor %d is in use after %s\n", subset_, fd, after);
        return true;
      }
    return false;
  }
  [[nodiscard]] bool fails(bool condition, const char* what) const noexcept {
    if (condition) ::dprintf(words_, "subset %d: %s\n", subset_, what);
    return condition;
  }

 private:
  int subset_;
  int words_;
};

class StdioTest : public SharedTest {
 protected:
  void TearDown() override {
    os::disable_tmpfile_for_test(false);
    SharedTest::TearDown();
  }
  std::string bytes(const std::string& cluster) const {
    const RawSegment raw(path(cluster));
    return raw.valid() ? std::string(reinterpret_cast<const char*>(&*raw), sizeof(layout::Segment))
                       : "";
  }
  static bool work(Coordinator& c, const std::string& id) {
    auto q = c.begin_query();
    return q && c.bind(*q, id, "engine").ok() && c.find_query(id) &&
           c.announce(other(q->strategy()), q->epoch());
  }
};

TEST_F(StdioTest, nothing_takes_the_place_of_a_standard_descriptor_that_the_process_has_closed) {
  for (const bool without_tmpfile : {false, true})
    for (int subset = 0; subset < kSubsets; ++subset) {
      const std::string cluster =
          "db:" + std::to_string(subset + 1) + (without_tmpfile ? "/named" : "");
      E6_EXPECT_CHILD(in_child([&] {
        os::disable_tmpfile_for_test(without_tmpfile);
        const WithoutStdio process(subset);
        auto made = Coordinator::attach(options(cluster)).coordinator;
        if (process.misused("making a segment")) return 1;
        if (process.fails(!made || made->mode() != Mode::kShared || !detect(*made, Strategy::kBlue),
                          "no segment"))
          return 1;
        if (process.fails(!work(*made, "query-1"), "no query")) return 1;
        Options shared = options(cluster);
        shared.group = "root";  // looked up by name
        (void)Coordinator::attach(shared);
        if (process.misused("looking up a group")) return 1;
        (void)inspect::look(path(cluster));
        (void)inspect::list(directory_.path(), true, nullptr);
        if (process.misused("looking at it")) return 1;

        const int child = in_child([&] {
          if (process.misused("a fork")) return 1;
          if (process.fails(!work(*made, "query-2"), "no query in the child")) return 1;
          if (process.misused("a child's joining")) return 1;
          return process.fails(::unlink(path(cluster).c_str()) != 0, "cannot unlink") ? 1 : 0;
        });
        if (process.fails(child != 0, "the child failed")) return 1;
        advance_clock(1100ms);
        if (process.fails(!work(*made, "query-3"), "no query after the segment was removed"))
          return 1;
        if (process.misused("moving to another segment")) return 1;
        made.reset();
        RawSegment(path(cluster))->hot.word.store(layout::kRetiredWord);
        made = Coordinator::attach(options(cluster)).coordinator;
        if (process.fails(!made || made->mode() != Mode::kShared,
                          "no segment in the place of a retired one"))
          return 1;
        if (process.misused("replacing a retired segment")) return 1;

        const std::string before = bytes(cluster);
        for (int fd = 0; fd < 3; ++fd)
          if (process.closed(fd) &&
              process.fails(::write(fd, "a log line\n", 11) != -1, "a line was written"))
            return 1;
        return process.fails(bytes(cluster) != before, "the segment changed") ? 1 : 0;
      })) << subset;
    }
}

TEST_F(StdioTest,
       what_other_threads_write_to_a_closed_descriptor_goes_nowhere_at_any_moment_of_attaching) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "threads race for a descriptor here on purpose, which ThreadSanitizer reports";
#endif
  for (const bool without_tmpfile : {false, true})
    E6_EXPECT_CHILD(in_child([&] {
      os::disable_tmpfile_for_test(without_tmpfile);
      const WithoutStdio process(7);
      std::atomic<bool> stop{false};
      std::atomic<int> written{0};
      std::vector<std::thread> threads;
      threads.emplace_back([&] {
        while (!stop)
          for (int fd = 0; fd < 3; ++fd)
            if (::write(fd, "a log line\n", 11) >= 0) ++written;
      });
      // two at a time: what keeps one's descriptors above 2 must not end while the other opens
      for (const char* cluster : {"one:1", "two:1"})
        threads.emplace_back([&, cluster] {
          for (int i = 0; i < (kManyTimesSlower ? 100 : 1'000); ++i) {
            auto c = Coordinator::attach(options(cluster)).coordinator;
            if (i % 10 == 0) ::unlink(path(cluster).c_str());
          }
        });
      threads[1].join();
      threads[2].join();
      stop = true;
      threads[0].join();
      if (process.misused("all of it")) return 1;
      return process.fails(written != 0, "lines were written") ? 1 : 0;
    }));
}

TEST_F(StdioTest,
       a_child_forked_in_the_middle_of_attaching_finds_its_standard_descriptors_as_they_were) {
  E6_EXPECT_CHILD(in_child([&] {
    const WithoutStdio process(7);
    std::atomic<bool> stop{false};
    std::thread attaching([&] {
      while (!stop) {
        auto c = Coordinator::attach(options()).coordinator;
        ::unlink(path().c_str());
      }
    });
    int misused = 0;
    for (int i = 0; i < (kManyTimesSlower ? 50 : 500); ++i) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(process.misused("a fork") ? 1 : 0);
      misused += Child(child).wait() != 0 ? 1 : 0;
    }
    stop = true;
    attaching.join();
    return process.fails(misused != 0, "children with descriptors in the place of closed ones") ? 1
                                                                                                : 0;
  }));
}

}  // namespace
}  // namespace e6::shared_test
