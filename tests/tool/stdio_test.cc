// e6-shm started with some of its descriptors 0, 1 and 2 closed, as by `>&-`.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "e6/shared/inspect.h"
#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

/// Starts e6-shm with these arguments, without the descriptors of `subset` (a bit each).
pid_t start_without(int subset, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "e6-shm");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::alarm(20);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) {
    if ((subset >> fd & 1) != 0)
      ::close(fd);
    else
      ::dup2(nothing, fd);
  }
  ::execv(E6_SHM_PROGRAM, argv.data());
  ::_exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string file_of(pid_t pid, int fd) {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd),
                                       none)
      .string();
}

using Stdio = ToolTest;

TEST_F(Stdio, no_verb_writes_into_a_segment_or_a_copy_whichever_descriptors_are_closed) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const std::string copy = (root_ / "copy").string();
  const std::vector<std::string> verbs{
      "status", "events", "ls",     "participants", "queries",         "metrics", "set green",
      "set x",  "apply",  "expire", "clear",        "set blue --json", "rm",      "status nobody:1",
      "save " + copy + " --force"};
  for (int subset = 0; subset < 8; ++subset)
    for (const auto& verb : verbs) {
      SCOPED_TRACE(verb + ", subset " + std::to_string(subset));
      std::istringstream words(verb);
      const std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
      const int status = wait_for(start_without(subset, arguments));
      EXPECT_LT(status, 4);
      EXPECT_TRUE((subset & 2) == 0 || status != 0)
          << "what it prints is lost, and it does not say so";
      for (const std::string& path : {coordinator->path(), copy}) {
        if (!std::filesystem::exists(path)) continue;
        const auto report = inspect::look(path);
        EXPECT_TRUE(report.readable);
        EXPECT_TRUE(report.problems.empty()) << report.problems.front().sentence();
      }
    }
  EXPECT_TRUE(std::filesystem::exists(copy));
}

TEST_F(Stdio,
       a_verb_that_goes_on_has_dev_null_in_the_place_of_closed_descriptors_and_its_files_above_2) {
  const auto coordinator = attach_on(Strategy::kBlue);
  for (const int subset : {1, 4, 5}) {  // without stdout it ends at once
    const pid_t pid = start_without(subset, {"events", "--follow"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto right = [&] {
      for (int fd = 0; fd < 3; ++fd)
        if (file_of(pid, fd) != "/dev/null") return false;
      return true;
    };
    while (!right() && std::chrono::steady_clock::now() < deadline) ::usleep(1000);
    EXPECT_TRUE(right()) << "subset " << subset;
    ::kill(pid, SIGKILL);
    (void)wait_for(pid);
  }
}

}  // namespace
}  // namespace e6::tool::test
