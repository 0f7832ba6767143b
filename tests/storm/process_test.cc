// The storm's processes: none is forgotten, none is left behind.
#include <csignal>
#include <filesystem>
#include <system_error>
#include <thread>

#include "storm_fixture.h"

namespace e6::storm_test {
namespace {

using namespace std::chrono_literals;

class Processes : public StormTest {
 protected:
  std::vector<pid_t> wait_for_workers(pid_t storm, std::size_t count) {
    std::vector<pid_t> workers;
    for (int i = 0; i < 1000 && (workers = children_of(storm)).size() < count; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(workers.size(), count);
    std::this_thread::sleep_for(300ms);
    return workers;
  }

  static bool gone_soon(pid_t pid) {
    for (int i = 0; i < 300; ++i) {
      if (::kill(pid, 0) != 0) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
};

TEST_F(Processes, a_worker_that_was_killed_counts_as_failed) {
  start_engine();
  const pid_t storm_pid = spawn(storm(3, "2s"), "storm");
  const std::vector<pid_t> workers = wait_for_workers(storm_pid, 3);
  ASSERT_FALSE(workers.empty());
  ::kill(workers.front(), SIGKILL);
  EXPECT_EQ(wait(storm_pid, 20s), 1);
  const auto figures = nlohmann::json::parse(read("storm.out"), nullptr, false);
  ASSERT_FALSE(figures.is_discarded());
  EXPECT_EQ(figures["failed"], 1) << figures["errors"];
  EXPECT_NE(figures["errors"].dump().find("killed by signal 9"), std::string::npos);
}

TEST_F(Processes, an_interrupt_ends_the_storm_with_its_summary) {
  start_engine();
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t storm_pid = spawn(storm(4, "60s"), "storm");
    const std::vector<pid_t> workers = wait_for_workers(storm_pid, 4);
    // a terminal sends it to the whole group; once, because a second one does not wait for the queries in flight
    ::kill(signal == SIGINT ? -storm_pid : storm_pid, signal);
    EXPECT_EQ(wait(storm_pid, 15s), 0);
    const auto figures = nlohmann::json::parse(read("storm.out"), nullptr, false);
    ASSERT_FALSE(figures.is_discarded()) << "signal " << signal;
    EXPECT_GT(figures["queries"], 0);
    EXPECT_EQ(figures["failed"], 0) << figures["errors"];
    for (const pid_t worker : workers) EXPECT_TRUE(gone_soon(worker));
  }
}

TEST_F(Processes, workers_and_commands_die_with_the_parent) {
  start_engine();
  const pid_t storm_pid = spawn(storm(3, "60s", {"--at", "0s", "exec sleep 600"}), "storm");
  const std::vector<pid_t> children = wait_for_workers(storm_pid, 4);
  ::kill(storm_pid, SIGKILL);
  EXPECT_EQ(wait(storm_pid, 10s), 128 + SIGKILL);
  for (const pid_t child : children) EXPECT_TRUE(gone_soon(child)) << child;
}

TEST_F(Processes, a_command_that_runs_on_is_ended_with_the_storm) {
  start_engine();
  const Outcome outcome = run(storm(1, "1s", {"--at", "100ms", "sleep 600"}), 20s);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.err.find("still running"), std::string::npos) << outcome.err;
}

TEST_F(Processes, every_worker_leaves_the_host_in_order) {
  start_engine();
  const auto figures = run_storm(storm(8, "1s"));
  EXPECT_EQ(figures["failed"], 0);
  EXPECT_EQ(figures["host"]["lease_takeovers"], 0);
  EXPECT_EQ(figures["host"]["lock_recoveries"], 0);
  const auto again = run_storm(storm(8, "1s"));
  EXPECT_EQ(again["host"]["detections"], 0) << "the colour was known from the storm before";
  for (const auto& event : again["host"]["events"]) EXPECT_NE(event["event"], "died");
}

TEST_F(Processes, the_stream_is_a_line_of_json_per_moment_and_the_summary_at_last) {
  start_engine();
  const Outcome outcome = run(storm(2, "1s", {"--stream-ms", "100"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  int moments = 0;
  bool summary = false;
  for (std::string line; std::getline(lines, line);) {
    const auto said = nlohmann::json::parse(line, nullptr, false);
    ASSERT_FALSE(said.is_discarded()) << line;
    EXPECT_FALSE(summary) << "nothing comes after the summary";
    if (said.contains("moment_ms")) {
      ++moments;
    } else {
      summary = said.contains("latency_ms");
    }
  }
  EXPECT_GT(moments, 4);
  EXPECT_TRUE(summary);
}

TEST_F(Processes, started_without_standard_descriptors_they_have_dev_null_in_their_place) {
  const auto file_of = [](pid_t pid, int fd) {
    std::error_code none;
    const std::string link = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
    return std::filesystem::read_symlink(link, none).string();
  };
  // without a name of its own it is the shell's first argument
  const auto without = [](const std::string& closed, Words command) {
    command.insert(command.begin(), {"/bin/sh", "-c", "exec \"$@\" " + closed, "sh"});
    return command;
  };
  const std::string port_file = directory() + "/port";
  const pid_t engine = spawn(
      without("<&- >&- 2>&-", {E6_SIM_PROGRAM, "--port-file", port_file, "--exit-with-parent"}),
      "engine");
  for (int i = 0; i < 1000 && !std::filesystem::exists(port_file); ++i)
    std::this_thread::sleep_for(10ms);
  for (int fd = 0; fd < 3; ++fd) EXPECT_EQ(file_of(engine, fd), "/dev/null") << fd;

  target_ = "127.0.0.1:" + std::to_string(std::stoi(read("port")));
  const pid_t storm_pid =
      spawn(without("<&- 2>&-", storm(2, "3s", {"--at", "0s", "echo out; echo err >&2"})), "storm");
  for (const pid_t worker : wait_for_workers(storm_pid, 2))
    for (const int fd : {0, 2}) EXPECT_EQ(file_of(worker, fd), "/dev/null") << fd;
  EXPECT_EQ(wait(storm_pid, 30s), 0);
  const auto figures = nlohmann::json::parse(read("storm.out"), nullptr, false);
  ASSERT_FALSE(figures.is_discarded());
  EXPECT_EQ(figures["failed"], 0) << figures["errors"];
  EXPECT_NE(figures.dump().find("out\\nerr"), std::string::npos) << figures.dump(2);

  ::kill(engine, SIGTERM);
  EXPECT_EQ(wait(engine, 10s), 0);
}

}  // namespace
}  // namespace e6::storm_test
