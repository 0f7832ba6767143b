// Runs the real e6-shm on segments in a private directory.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "e6/shared/coordinator.h"

namespace e6::tool::test {

struct Outcome {
  int status = -1;  ///< exit status; 128 + signal when killed
  std::string out;
  std::string err;

  [[nodiscard]] std::string first_line() const { return out.substr(0, out.find('\n')); }
  /// stdout as JSON; discarded (`is_discarded()`) when it is none.
  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

/// A running e6-shm, killed at the end if it still runs.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments);
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();
  /// Waits until stdout contains `text`; false after 10 s.
  [[nodiscard]] bool wait_for(const std::string& text);
  void interrupt() const;
  /// Reads to the end and reaps; kills it after 20 s.
  [[nodiscard]] Outcome finish();

 private:
  bool read_some(int milliseconds);
  int pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Outcome outcome_;
};

/// A directory of its own for every test, removed afterwards.
class ToolTest : public ::testing::Test {
 protected:
  ToolTest();
  ~ToolTest() override;

  /// Runs `e6-shm arguments...` with E6_SHM_DIR set to the test's directory.
  [[nodiscard]] static Outcome run(const std::vector<std::string>& arguments);
  /// Attaches this process; the segment's file stays when the coordinator goes.
  [[nodiscard]] std::shared_ptr<Coordinator> attach(const std::string& cluster = "engine:80") const;
  /// The same with the colour found by a detection.
  [[nodiscard]] std::shared_ptr<Coordinator> attach_on(Strategy strategy,
                                                       const std::string& cluster = "engine:80") const;
  /// A file with these bytes outside the segment directory.
  [[nodiscard]] std::string file_with(const std::string& name, const std::string& bytes) const;

  std::filesystem::path root_;      // of the test
  std::filesystem::path segments_;  // below it, what E6_SHM_DIR says
};

[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

}  // namespace e6::tool::test
