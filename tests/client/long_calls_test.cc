// Long calls with all defaults, in real time: `./run long-calls`. Takes six minutes, so ctest does
// not know of it; keepalive_test.cc has the same with periods of a second.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "e6/client/connection.h"
#include "program.h"
#include "relay.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

// The defaults, but for where the engine is and where the segment lies.
ConnectionOptions defaults_for(const std::string& target, const SegmentDirectory& directory) {
  ConnectionOptions options;
  options.host = target.substr(0, target.rfind(':'));
  options.port = std::stoi(target.substr(target.rfind(':') + 1));
  options.user = "demo@e6data.com";
  options.password = "demo";
  options.shared.directory = directory.path();
  return options;
}

void report(const char* what, Clock::time_point since) {
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - since);
  std::printf("%s after %.1f s\n", what, static_cast<double>(took.count()) / 1000);
  std::fflush(stdout);
}

// Executes a statement of ten minutes; `vanish` is called while it waits.
template <class Vanish>
void expect_noticed(const ConnectionOptions& options, Vanish&& vanish) {
  Connection connection(options);
  connection.connect();
  Cursor cursor = connection.cursor();
  cursor.prepare("select 1 /* execute_ms=600000 */");
  Clock::time_point vanished;
  std::jthread later([&] {
    std::this_thread::sleep_for(seconds(5));  // the statement is on its way by then
    vanish();
    vanished = Clock::now();
  });
  EXPECT_THROW(cursor.execute_prepared(), ConnectionError);
  later.join();
  report("noticed", vanished);
  EXPECT_LT(Clock::now() - vanished, seconds(60));
}

TEST(LongCalls, a_statement_of_four_minutes_survives_grpcs_default_ping_policy) {
  const EngineProgram engine;
  const SegmentDirectory directory;
  Connection connection(defaults_for(engine.target(), directory));
  Cursor cursor = connection.cursor();
  const auto began = Clock::now();
  ASSERT_NO_THROW(cursor.execute("select 1 /* execute_ms=240000 */"));
  report("executed", began);
  EXPECT_TRUE(cursor.fetch_batch().has_value());
}

TEST(LongCalls, an_engine_that_was_stopped_is_noticed_within_a_minute) {
  const EngineProgram engine;
  const SegmentDirectory directory;
  expect_noticed(defaults_for(engine.target(), directory), [&] { engine.stop(); });
}

TEST(LongCalls, a_connection_that_swallows_everything_is_noticed_within_a_minute) {
  const EngineProgram engine;
  Relay relay(engine.target());
  const SegmentDirectory directory;
  expect_noticed(defaults_for(relay.target(), directory), [&] { relay.swallow(); });
}

}  // namespace
}  // namespace e6::client::test
