// Forks need a process without gRPC in it: the engine and the forking program are both programs of their own
// here.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include "scene.h"

extern char** environ;

namespace e6::client::test {
namespace {

// A program with its output in a pipe; killed at the end if it still runs.
class Program {
 public:
  explicit Program(std::vector<std::string> words) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int failed = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failed != 0) throw std::runtime_error("cannot start " + words[0]);
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Output until `stop` occurs in it, or to its end.
  std::string read(const std::string& stop = "") {
    std::string text;
    char bytes[4096];
    while (stop.empty() || text.find(stop) == std::string::npos) {
      pollfd ready{output_, POLLIN, 0};
      if (::poll(&ready, 1, 40000) <= 0) break;
      const auto count = ::read(output_, bytes, sizeof(bytes));
      if (count <= 0) break;
      text.append(bytes, static_cast<std::size_t>(count));
    }
    return text;
  }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

class ForkTest : public ::testing::Test {
 protected:
  std::vector<std::string> probe(const std::string& what) {
    const std::string greeting = engine_.read("127.0.0.1:");
    std::string port = greeting.substr(greeting.find("127.0.0.1:") + 10);
    if (port.empty()) port = engine_.read("\n");
    port = port.substr(0, port.find_first_not_of("0123456789"));
    Program program({E6_FORK_PROBE_PROGRAM, "127.0.0.1", port, directory_.path(), what});
    const std::string text = program.read();
    EXPECT_EQ(program.wait(), 0) << text;
    return lines(text);
  }
  SegmentDirectory directory_;
  Program engine_{{E6_SIM_PROGRAM, "--listen", "127.0.0.1:0"}};
};

TEST_F(ForkTest, a_connection_configured_before_the_fork_works_in_every_child_and_in_the_parent) {
  EXPECT_EQ(probe("configured"), std::vector<std::string>(9, "ok"));
}

// gRPC aborts a process whose poller has an empty name.
TEST_F(ForkTest, an_empty_variable_for_grpcs_poller_is_as_if_it_were_not_set) {
  ::setenv("GRPC_POLL_STRATEGY", "", 1);
  const std::vector<std::string> said = probe("closed");
  ::unsetenv("GRPC_POLL_STRATEGY");
  EXPECT_EQ(said, std::vector<std::string>(2, "ok"));
}

TEST_F(ForkTest, after_a_fork_of_a_process_that_used_grpc_calls_are_refused_with_advice_and_do_not_hang) {
  const auto said = probe("used");
  ASSERT_EQ(said.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(said[i].starts_with("ForkError: ")) << said[i];
    EXPECT_NE(said[i].find("after the fork"), std::string::npos) << said[i];
  }
  EXPECT_EQ(said[4], "parent ok");
}

TEST_F(ForkTest, a_child_neither_fetches_nor_clears_its_parents_query) {
  EXPECT_EQ(probe("open-query"), (std::vector<std::string>{"ForkError", "parent fetched"}));
}

TEST_F(ForkTest, a_child_that_closes_its_parents_connection_leaves_the_parents_session_alone) {
  EXPECT_EQ(probe("closed-in-child"),
            (std::vector<std::string>{"closed", "closed", "parent ok", "sessions 1"}));
}

TEST_F(ForkTest, a_parent_that_closed_its_connections_may_fork) {
  EXPECT_EQ(probe("closed"), std::vector<std::string>(2, "ok"));
}

TEST_F(ForkTest, a_child_begins_with_an_empty_pool_of_its_own_and_leaves_its_parents_alone) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer (GCC 12) does not make its allocator's locks anew in a forked child, where gRPC's threads then hang in an allocation";
#endif
  EXPECT_EQ(probe("pool"), std::vector<std::string>(21, "ok"));
}

}  // namespace
}  // namespace e6::client::test
