// Runs the real programs: an engine simulator per test, storms against it, in a directory that goes away.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace e6::storm_test {

using Words = std::vector<std::string>;

struct Outcome {
  int status = -1;  // exit status; -1 when it was killed because it did not end in time
  std::string out;
  std::string err;
  double seconds = 0;
};

class StormTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Starts e6-sim; afterwards `target_` is its address.
  void start_engine(const Words& arguments = {});
  /// One `e6-sim ctl` command as the shell takes it.
  [[nodiscard]] std::string ctl(const std::string& command) const;
  /// What the engine counted.
  [[nodiscard]] nlohmann::json engine_statistics();

  /// The arguments of a storm against the engine, as JSON, with segments in the test's directory.
  [[nodiscard]] Words storm(int workers, const std::string& seconds, const Words& more = {}) const;
  /// Runs a storm and gives its figures; a storm that prints none fails the test.
  nlohmann::json run_storm(const Words& command);
  /// Runs a program to its end, at most `patience`.
  Outcome run(const Words& command, std::chrono::seconds patience = std::chrono::seconds(60));

  /// Starts a program with its output in `name`.out and `name`.err of the directory, in a process group of its own.
  pid_t spawn(const Words& command, const std::string& name);
  /// Waits for it; -1 and killed when it takes longer, 128 + signal when a signal ended it.
  int wait(pid_t pid, std::chrono::seconds patience);
  [[nodiscard]] std::string read(const std::string& name) const;
  [[nodiscard]] const std::string& directory() const { return directory_; }

  std::string target_;

 private:
  std::string directory_;
  pid_t engine_ = 0;
};

/// Processes whose parent is `pid`.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);

}  // namespace e6::storm_test
