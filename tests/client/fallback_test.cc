// Working without the host's segment is told, whatever the log's level, in one place.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "e6/client/log.h"
#include "knowledge.h"
#include "scene.h"

namespace e6::client::test {
namespace {

struct Ended {
  int status = -1;
  std::string words;  ///< what it wrote to standard error
  [[nodiscard]] long lines() const { return std::count(words.begin(), words.end(), '\n'); }
  [[nodiscard]] bool says(const std::string& part) const {
    return words.find(part) != std::string::npos;
  }
};

/// Runs `body` in a child whose standard error is a pipe.
Ended caught(const std::function<bool()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(20);  // nobody waits for longer
    ::dup2(ends[1], STDERR_FILENO);
    ::_exit(body() ? 0 : 1);
  }
  ::close(ends[1]);
  Ended ended;
  char bytes[4096];
  for (ssize_t n; (n = ::read(ends[0], bytes, sizeof bytes)) > 0;)
    ended.words.append(bytes, static_cast<std::size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, &ended.status, 0);
  return ended;
}

e6::Options without_segment(const std::string& cluster = "fallback-test:1") {
  e6::Options options;
  options.cluster = cluster;
  options.directory = "/dev/shm/e6-no-such-directory";
  return options;
}

constexpr const char* kWords = "this process works without the host's segment";

TEST(ClientFallback, one_line_comes_out_although_logging_is_off) {
  for (const auto level : {spdlog::level::off, spdlog::level::err, spdlog::level::critical}) {
    const Ended ended = caught([&] {
      logger()->set_level(level);
      const auto one = Knowledge::of(without_segment());
      const auto two = Knowledge::of(without_segment());
      return one == two && one->host().mode() == Mode::kFallback;
    });
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.lines(), 1) << ended.words;
    EXPECT_TRUE(ended.says(kWords)) << ended.words;
    EXPECT_TRUE(ended.says("fallback-test:1")) << ended.words;
  }
}

TEST(ClientFallback, connections_that_come_and_go_and_other_users_of_the_library_do_not_repeat_it) {
  const Ended ended = caught([&] {
    for (int i = 0; i < 3; ++i) (void)Knowledge::of(without_segment());
    (void)Knowledge::of(without_segment("fallback-test:2"));
    return Coordinator::attach(without_segment()).coordinator != nullptr;
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.lines(), 2) << ended.words;
}

TEST(ClientFallback, with_logging_on_it_is_a_line_of_the_log_and_of_nothing_else) {
  const Ended ended = caught([&] {
    logger()->set_level(spdlog::level::warn);
    return Knowledge::of(without_segment()) != nullptr;
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.lines(), 1) << ended.words;
  EXPECT_TRUE(ended.says("warning [e6.client] fallback-test:1: ")) << ended.words;
  EXPECT_TRUE(ended.says(kWords)) << ended.words;
}

TEST(ClientFallback, an_applications_logger_gets_it_and_nobody_else) {
  for (const auto level : {spdlog::level::warn, spdlog::level::off}) {
    const Ended ended = caught([&] {
      std::ostringstream lines;
      const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(lines);
      const auto own = std::make_shared<spdlog::logger>("own", sink);
      own->set_level(level);
      set_logger(own);
      const auto kept = Knowledge::of(without_segment());
      const bool told = lines.str().find(kWords) != std::string::npos;
      set_logger(nullptr);
      return told == (level == spdlog::level::warn);
    });
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.words, "");
  }
}

TEST(ClientFallback, the_line_can_be_switched_off_but_not_the_logs) {
  e6::Options options = without_segment();
  options.fallback_warning = false;
  for (const auto level : {spdlog::level::off, spdlog::level::warn}) {
    const Ended ended = caught([&] {
      logger()->set_level(level);
      return Knowledge::of(options)->host().mode() == Mode::kFallback;
    });
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.lines(), level == spdlog::level::warn ? 1 : 0) << ended.words;
  }
}

TEST(ClientSegments, a_user_whose_processes_use_two_segments_is_warned_and_told_which_is_used) {
  const SegmentDirectory directory;
  e6::Options options;
  options.cluster = "fallback-test:1";
  options.directory = directory.path();
  const Ended ended = caught([&] {
    logger()->set_level(spdlog::level::warn);
    e6::Options for_group = options;
    for_group.group = std::to_string(::getegid());
    const auto others = Coordinator::attach(for_group).coordinator;
    const auto kept = Knowledge::of(options);
    return others && others->path() != kept->host().path();
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.lines(), 1) << ended.words;
  const std::string uid = std::to_string(::geteuid());
  const std::string gid = std::to_string(::getegid());
  EXPECT_TRUE(ended.says("this process uses " + directory.path() + "/e6shm-v2-u" + uid + "-"))
      << ended.words;
  EXPECT_TRUE(ended.says("others of this user use " + directory.path() + "/e6shm-v2-g" + gid + "-"))
      << ended.words;
  EXPECT_TRUE(ended.says("E6_SHM_GROUP")) << ended.words;
}

TEST(ClientFallback, a_child_that_inherited_a_connection_does_not_repeat_it) {
  const Ended ended = caught([&] {
    const auto kept = Knowledge::of(without_segment());
    for (int i = 0; i < 3; ++i) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(kept->host().mode() == Mode::kFallback ? 0 : 1);
      int status = -1;
      if (::waitpid(child, &status, 0) != child || status != 0) return false;
    }
    return true;
  });
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.lines(), 1) << ended.words;
}

}  // namespace
}  // namespace e6::client::test
