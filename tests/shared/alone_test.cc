// A process that has to work without the segment says so, and can be found from outside.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "fixture.h"

namespace e6::shared_test {
namespace {

constexpr const char* kCluster = "db.example:9000";

/// The numbers of the descriptors by which a process shows that it works without the segment.
std::vector<int> marks_of(pid_t pid, const std::string& cluster = kCluster) {
  std::vector<int> found;
  std::error_code error;
  const std::string directory = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target == "/memfd:e6shm-alone:" + cluster + " (deleted)")
      found.push_back(std::atoi(entry.path().filename().c_str()));
  }
  return found;
}
std::vector<int> own_marks(const std::string& cluster = kCluster) {
  return marks_of(::getpid(), cluster);
}

ino_t inode_of(int fd) {
  struct stat st = {};
  return ::fstat(fd, &st) == 0 ? st.st_ino : 0;
}

struct Ended {
  int status = -1;
  std::string words;  ///< what it wrote to standard error
  [[nodiscard]] long lines() const { return std::count(words.begin(), words.end(), '\n'); }
};

/// Runs `body` in a child whose standard error is a pipe.
Ended caught(const std::function<int()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  Ended ended;
  ended.status = in_child([&] {
    ::dup2(ends[1], STDERR_FILENO);
    return body();
  });
  ::close(ends[1]);
  char bytes[65536];
  for (ssize_t n; (n = ::read(ends[0], bytes, sizeof bytes)) > 0;)
    ended.words.append(bytes, static_cast<std::size_t>(n));
  ::close(ends[0]);
  return ended;
}

class AloneTest : public SharedTest {
 protected:
  [[nodiscard]] Options without_segment(const std::string& cluster = kCluster) const {
    Options o = options(cluster);
    o.directory += "/missing";
    return o;
  }
  void make_room() const { (void)::mkdir((directory_.path() + "/missing").c_str(), 0700); }
  /// Lets the coordinator try for a segment again.
  static void try_again(Coordinator& c) {
    advance_clock(70s);
    (void)c.begin_query();
  }
};

TEST_F(AloneTest, it_says_so_on_standard_error_once_for_each_cluster) {
  const Ended ended = caught([&] {
    auto c = attach(without_segment());
    try_again(*c);
    c.reset();
    c = attach(without_segment());
    Options elsewhere = without_segment();
    elsewhere.directory += "/deeper";
    auto d = attach(elsewhere);
    auto other = attach(without_segment("other:1"));
    return 0;
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.lines(), 2) << ended.words;
  for (const char* part : {"e6shm[", "warning: db.example:9000: ", "warning: other:1: ",
                           "/missing: the segment directory cannot be used", "E6_SHM_REQUIRED=1",
                           "E6_SHM_FALLBACK_WARNING=0"})
    EXPECT_NE(ended.words.find(part), std::string::npos) << part << " in " << ended.words;
}

TEST_F(AloneTest, a_path_with_line_ends_in_it_makes_no_second_line) {
  const Ended ended = caught([&] {
    Options o = options();
    o.directory += "/a\nb\x1b[31m" + std::string(4'000, 'x');
    return attach(o)->mode() == Mode::kFallback ? 0 : 1;
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.lines(), 1) << ended.words;
  EXPECT_NE(ended.words.find(R"(/a\x0ab\x1b[31m)"), std::string::npos) << ended.words;
  EXPECT_LT(ended.words.size(), 2'400U) << "a pipe takes no more in one piece";
  EXPECT_NE(ended.words.find("E6_SHM_REQUIRED=1"), std::string::npos) << ended.words;
}

TEST_F(AloneTest, one_that_does_not_share_or_that_requires_a_segment_is_silent_and_unmarked) {
  const Ended ended = caught([&] {
    Options not_shared = without_segment();
    not_shared.share = false;
    auto c = attach(not_shared);
    Options required = without_segment();
    required.required = true;
    E6_CHILD_CHECK(!Coordinator::attach(required).coordinator);
    E6_CHILD_CHECK(own_marks().empty());
    auto shared = attach();
    E6_CHILD_CHECK(shared->mode() == Mode::kShared && own_marks().empty());
    return 0;
  });
  EXPECT_EQ(ended.status, 0) << ended.words;
  EXPECT_EQ(ended.words, "");
}

TEST_F(AloneTest, it_holds_a_memfd_with_the_clusters_name_until_it_is_on_a_segment_again) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach(without_segment("db.example:9000/a name"));
    const auto marks = own_marks("db.example:9000/a name");
    E6_CHILD_CHECK(marks.size() == 1);
    E6_CHILD_CHECK(marks[0] > 2);
    E6_CHILD_CHECK((::fcntl(marks[0], F_GETFD) & FD_CLOEXEC) != 0);
    try_again(*c);
    E6_CHILD_CHECK(own_marks("db.example:9000/a name") == marks);
    make_room();
    try_again(*c);
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(own_marks("db.example:9000/a name").empty());
    return 0;
  }));
}

TEST_F(AloneTest, the_last_coordinator_of_a_cluster_takes_the_memfd_along) {
  E6_EXPECT_CHILD(in_child([&] {
    auto a = attach(without_segment());
    auto b = attach(without_segment());
    Options elsewhere = without_segment();
    elsewhere.directory += "/deeper";
    auto c = attach(elsewhere);
    auto other = attach(without_segment("other:1"));
    const auto marks = own_marks();
    E6_CHILD_CHECK(marks.size() == 1);
    a.reset();
    b.reset();
    E6_CHILD_CHECK(own_marks() == marks);
    c.reset();
    E6_CHILD_CHECK(own_marks().empty());
    E6_CHILD_CHECK(own_marks("other:1").size() == 1);
    a = attach(without_segment());
    E6_CHILD_CHECK(own_marks().size() == 1);
    return 0;
  }));
}

TEST_F(AloneTest, with_descriptors_0_to_2_closed_the_memfd_lies_above_them_all_the_same) {
  for (int closed = 0; closed < 8; ++closed)
    E6_EXPECT_CHILD(in_child([&] {
      for (int fd = 0; fd < 3; ++fd)
        if ((closed & (1 << fd)) != 0) ::close(fd);
      auto c = attach(without_segment());
      const auto marks = own_marks();
      E6_CHILD_CHECK(marks.size() == 1 && marks[0] > 2);
      for (int fd = 0; fd < 3; ++fd)
        E6_CHILD_CHECK((::fcntl(fd, F_GETFD) < 0) == ((closed & (1 << fd)) != 0));
      return 0;
    })) << closed;
}

TEST_F(AloneTest, a_forked_child_is_marked_once_it_works_without_the_segment_itself) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach(without_segment());
    const auto parents = own_marks();
    E6_CHILD_CHECK(parents.size() == 1);
    const ino_t parents_inode = inode_of(parents[0]);
    E6_CHILD_CHECK(in_child([&] {
      E6_CHILD_CHECK(own_marks().empty());
      E6_CHILD_CHECK(c->mode() == Mode::kFallback);
      const auto mine = own_marks();
      E6_CHILD_CHECK(mine.size() == 1 && inode_of(mine[0]) != parents_inode);
      E6_CHILD_CHECK(in_child([&] { return own_marks().empty() ? 0 : 1; }) == 0);
      c.reset();
      E6_CHILD_CHECK(own_marks().empty());
      return 0;
    }) == 0);
    E6_CHILD_CHECK(own_marks() == parents && inode_of(parents[0]) == parents_inode);
    return 0;
  }));
}

TEST_F(AloneTest, a_child_that_failed_to_get_a_required_segment_is_marked_for_the_inherited_one) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach(without_segment());
    E6_CHILD_CHECK(in_child([&] {
      Options required = without_segment();
      required.required = true;
      E6_CHILD_CHECK(!Coordinator::attach(required).coordinator);
      try_again(*c);
      E6_CHILD_CHECK(c->mode() == Mode::kFallback && own_marks().size() == 1);
      return 0;
    }) == 0);
    return 0;
  }));
}

TEST_F(AloneTest, children_of_one_that_said_so_do_not_repeat_it_and_workers_that_come_first_do) {
  const Ended preloaded = caught([&] {
    auto c = attach(without_segment());
    for (int i = 0; i < 3; ++i)
      E6_CHILD_CHECK(in_child([&] {
        auto again = attach(without_segment());
        return c->mode() == Mode::kFallback ? 0 : 1;
      }) == 0);
    return 0;
  });
  EXPECT_EQ(preloaded.status, 0);
  EXPECT_EQ(preloaded.lines(), 1) << preloaded.words;
  const Ended workers = caught([&] {
    for (int i = 0; i < 3; ++i)
      E6_CHILD_CHECK(in_child([&] { return attach(without_segment()) ? 0 : 1; }) == 0);
    return 0;
  });
  EXPECT_EQ(workers.status, 0);
  EXPECT_EQ(workers.lines(), 3) << workers.words;
}

TEST_F(AloneTest, a_child_that_may_not_use_its_parents_segment_says_so_though_the_parent_did_not) {
  const Ended ended = caught([&] {
    auto c = attach(options());
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    std::filesystem::rename(directory_.path(), directory_.path() + "-moved");
    const int status = in_child([&] {
      (void)c->begin_query();
      E6_CHILD_CHECK(c->mode() == Mode::kFallback && own_marks().size() == 1);
      return 0;
    });
    std::filesystem::rename(directory_.path() + "-moved", directory_.path());
    E6_CHILD_CHECK(c->mode() == Mode::kShared && own_marks().empty());
    return status;
  });
  EXPECT_EQ(ended.status, 0) << ended.words;
  EXPECT_EQ(ended.lines(), 1) << ended.words;
}

TEST_F(AloneTest, a_process_that_closes_all_descriptors_is_marked_again) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach(without_segment());
    ::closefrom(3);
    const int taken = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    E6_CHILD_CHECK(own_marks().empty());
    try_again(*c);
    const auto marks = own_marks();
    E6_CHILD_CHECK(marks.size() == 1 && marks[0] != taken);
    E6_CHILD_CHECK(in_child([&] {
      return ::fcntl(taken, F_GETFD) >= 0 && own_marks().empty() ? 0 : 1;
    }) == 0);
    c.reset();
    E6_CHILD_CHECK(own_marks().empty() && ::fcntl(taken, F_GETFD) >= 0);
    return 0;
  }));
}

TEST_F(AloneTest, threads_that_attach_at_the_same_moment_say_it_once_and_hold_one_memfd) {
  const Ended ended = caught([&] {
    std::vector<std::thread> threads;
    std::atomic<int> waiting{8};
    std::vector<std::shared_ptr<Coordinator>> all(8);
    for (std::size_t i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        all[i] = Coordinator::attach(without_segment()).coordinator;
        (void)all[i]->begin_query();
      });
    for (std::thread& t : threads) t.join();
    E6_CHILD_CHECK(own_marks().size() == 1);
    all.clear();
    E6_CHILD_CHECK(own_marks().empty());
    return 0;
  });
  EXPECT_EQ(ended.status, 0) << ended.words;
  EXPECT_EQ(ended.lines(), 1) << ended.words;
}

struct Listener : Observer {
  explicit Listener(bool takes_over_it) : takes_over(takes_over_it) {}
  bool takes_over;
  std::vector<Cause> fallbacks;
  bool on_fallback(const Error& e) noexcept override {
    fallbacks.push_back(e.cause);
    return takes_over;
  }
};

TEST_F(AloneTest, an_observer_that_takes_the_warning_over_has_it_alone) {
  const Ended ended = caught([&] {
    auto c = Coordinator::attach(without_segment(), FallbackWarning::kWhenObserved).coordinator;
    const auto listener = std::make_shared<Listener>(true);
    c->add_observer(listener);
    E6_CHILD_CHECK(listener->fallbacks == std::vector<Cause>{Cause::kNoDirectory});
    auto again = attach(without_segment());  // somebody who knows nothing of the observer
    E6_CHILD_CHECK(listener->fallbacks.size() == 1);
    c->remove_observer(listener.get());
    again.reset();
    c.reset();
    return attach(without_segment()) ? 0 : 1;
  });
  EXPECT_EQ(ended.status, 0) << ended.words;
  EXPECT_EQ(ended.words, "");
}

TEST_F(AloneTest, an_observer_that_does_not_take_it_over_leaves_the_line_to_the_library) {
  const Ended ended = caught([&] {
    auto c = Coordinator::attach(without_segment(), FallbackWarning::kWhenObserved).coordinator;
    const auto listener = std::make_shared<Listener>(false);
    c->add_observer(listener);
    c->add_observer(std::make_shared<Listener>(false));
    E6_CHILD_CHECK(listener->fallbacks.size() == 1);
    return 0;
  });
  EXPECT_EQ(ended.status, 0) << ended.words;
  EXPECT_EQ(ended.lines(), 1) << ended.words;
}

TEST_F(AloneTest, a_warning_that_waited_for_an_observer_comes_with_the_next_one_who_attaches) {
  const Ended ended = caught([&] {
    auto c = Coordinator::attach(without_segment(), FallbackWarning::kWhenObserved).coordinator;
    return attach(without_segment()) ? 0 : 1;
  });
  EXPECT_EQ(ended.status, 0) << ended.words;
  EXPECT_EQ(ended.lines(), 1) << ended.words;
}

TEST_F(AloneTest, the_line_can_be_switched_off_and_the_memfd_stays) {
  const Ended ended = caught([&] {
    Options o = without_segment();
    o.fallback_warning = false;
    auto c = attach(o);
    E6_CHILD_CHECK(own_marks().size() == 1);
    c.reset();
    ::setenv("E6_SHM_FALLBACK_WARNING", "0", 1);
    Error error;
    const bool from_environment = Options::from_environment(&error).fallback_warning;
    ::unsetenv("E6_SHM_FALLBACK_WARNING");
    E6_CHILD_CHECK(!from_environment && error.ok());
    E6_CHILD_CHECK(Options::from_environment(&error).fallback_warning);
    return 0;
  });
  EXPECT_EQ(ended.status, 0) << ended.words;
  EXPECT_EQ(ended.words, "");
  // where nothing was said, it is still due
  EXPECT_EQ(caught([&] {
              Options o = without_segment();
              o.fallback_warning = false;
              auto c = attach(o);
              c.reset();
              return attach(without_segment()) ? 0 : 1;
            }).lines(),
            1);
}

/// What becomes descriptor 2 of a process, and what of it must stay as it is.
class StandardErrorTest : public AloneTest {
 protected:
  /// A process with `fd` as its standard error begins to work without a segment.
  int warns_to(int fd) const {
    return in_child([&] {
      ::dup2(fd, STDERR_FILENO);
      return attach(without_segment())->mode() == Mode::kFallback ? 0 : 1;
    });
  }
  [[nodiscard]] std::string file(const char* name) const { return directory_.path() + "/" + name; }
  std::uintmax_t written_to(const char* name, int flags) const {
    const int fd = ::open(file(name).c_str(), flags | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(warns_to(fd), 0);
    ::close(fd);
    return std::filesystem::file_size(file(name));
  }
};

TEST_F(StandardErrorTest, a_log_file_gets_the_line_and_a_file_that_is_read_and_written_does_not) {
  EXPECT_GT(written_to("log", O_WRONLY), 0U);
  EXPECT_GT(written_to("log.append", O_WRONLY | O_APPEND), 0U);
  EXPECT_GT(written_to("log.both", O_RDWR | O_APPEND), 0U);
  EXPECT_EQ(written_to("database", O_RDWR), 0U);
}

TEST_F(StandardErrorTest, a_segment_as_descriptor_2_stays_as_it_is) {
  auto c = attach_with(Strategy::kGreen);
  const RawSegment raw(c->path());
  const std::string before(reinterpret_cast<const char*>(&*raw), sizeof(layout::Header));
  const int fd = ::open(c->path().c_str(), O_RDWR | O_CLOEXEC);
  E6_EXPECT_CHILD(in_child([&] {
    ::dup2(fd, STDERR_FILENO);
    return attach(without_segment("other:1"))->mode() == Mode::kFallback ? 0 : 1;
  }));
  ::close(fd);
  EXPECT_EQ(before, std::string(reinterpret_cast<const char*>(&*raw), sizeof(layout::Header)));
}

TEST_F(StandardErrorTest, a_local_socket_gets_the_line_and_a_network_connection_does_not) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  EXPECT_EQ(warns_to(pair[1]), 0);
  char byte = 0;
  EXPECT_EQ(::recv(pair[0], &byte, 1, 0), 1);
  const int server = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(server, reinterpret_cast<struct sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(server, reinterpret_cast<struct sockaddr*>(&address), &size), 0);
  const int client = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(client, reinterpret_cast<struct sockaddr*>(&address), size), 0);
  EXPECT_EQ(warns_to(client), 0);
  EXPECT_EQ(::recv(server, &byte, 1, 0), -1);
  for (const int fd : {pair[0], pair[1], server, client}) ::close(fd);
}

TEST_F(StandardErrorTest, a_pipe_whose_reader_is_gone_kills_nobody) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  EXPECT_EQ(warns_to(ends[1]), 0);
  ::close(ends[1]);
}

TEST_F(StandardErrorTest, a_pipe_that_is_full_keeps_nobody) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const std::string bytes(4096, 'x');
  while (::write(ends[1], bytes.data(), bytes.size()) > 0) {
  }
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, 0), 0);  // as a standard error is: a write waits
  EXPECT_EQ(warns_to(ends[1]), 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace e6::shared_test
