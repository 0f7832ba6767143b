// What most client tests play in: a simulated engine, a segment directory of the test's own, and connections
// to both.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "e6/client/connection.h"
#include "e6/sim/engine.h"

namespace e6::client::test {

/// A directory for segments, removed with everything in it at the end.
class SegmentDirectory {
 public:
  SegmentDirectory();
  ~SegmentDirectory();
  SegmentDirectory(const SegmentDirectory&) = delete;
  SegmentDirectory& operator=(const SegmentDirectory&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

/// Options for the engine at `target` with credentials that e6-sim takes, and patience fit for tests.
[[nodiscard]] ConnectionOptions options_for(const std::string& target, const SegmentDirectory& directory);

class Scene : public ::testing::Test {
 protected:
  Scene() = default;
  /// Starts the engine; call it first when the defaults will not do.
  void start(e6::sim::EngineOptions options = {});
  [[nodiscard]] e6::sim::Engine& engine();
  void command(const std::string& line);
  [[nodiscard]] ConnectionOptions options();
  [[nodiscard]] Connection connect() { return Connection(options()); }
  /// Runs a statement to its end; the number of batches.
  static int drain(Cursor& cursor);
  static int run(Connection& connection, const std::string& sql = "select 1");

  /// Calls that the engine has counted; empty words match everything. `result` is ok, 456, 503, denied or
  /// error.
  [[nodiscard]] int calls(const std::string& method, const std::string& colour = "",
                          const std::string& result = "");
  /// One of the engine's totals ("queries_lost", "statements_executed_again", ...).
  [[nodiscard]] int total(const std::string& name);
  /// Sessions that the engine has open, on either colour.
  [[nodiscard]] int sessions();
  /// Waits until the engine has no more than `most` open queries; 5 s at most.
  [[nodiscard]] bool open_queries_come_down_to(int most);

  /// Looks again and again until `true_at_last` is true, for ten seconds at most.
  template <class Condition>
  [[nodiscard]] static bool eventually(Condition&& true_at_last) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!true_at_last()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  SegmentDirectory directory_;

 private:
  std::unique_ptr<e6::sim::Engine> engine_;
};

}  // namespace e6::client::test
