// What depends on how old the host's knowledge is: renewal by traffic, the re-check at the soft limit. The clock is moved by the test.
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "../shared/test_clock.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using namespace std::chrono_literals;
using shared_test::advance_clock;

class TimeTest : public Scene {
 protected:
  void TearDown() override { shared_test::reset_clock(); }
  [[nodiscard]] ConnectionOptions aging() {
    ConnectionOptions o = options();
    o.shared.ttl = 60s;
    return o;
  }
  static std::chrono::milliseconds left(const Connection& connection) {
    return std::chrono::milliseconds(connection.coordinator().snapshot().remaining_ms);
  }
};

TEST_F(TimeTest, traffic_renews_the_colour_so_that_nobody_probes_again) {
  Connection connection(aging());
  EXPECT_EQ(run(connection), 1);
  for (int i = 0; i < 5; ++i) {
    advance_clock(30s);
    EXPECT_GT(left(connection), 20s);
    EXPECT_EQ(run(connection), 1);
    EXPECT_GT(left(connection), 50s);
  }
  EXPECT_EQ(connection.coordinator().counter(Counter::kDetections), 1U);
  EXPECT_EQ(calls("authenticate"), 1);
}

TEST_F(TimeTest, a_query_on_the_colour_before_does_not_stand_for_one_on_the_active_colour) {
  Connection connection(aging());
  Cursor old = connection.cursor();
  old.execute("select 1 /* rows=9 batches=9 */");
  command("switch green graceful --announce 10s --drain 1000s");
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (connection.coordinator().snapshot().active != Strategy::kGreen) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    EXPECT_EQ(run(connection), 1);
  }
  Cursor now = connection.cursor();
  now.execute("select 1 /* rows=9 batches=9 */");
  advance_clock(30s);
  for (int i = 0; i < 8; ++i) {  // both colours, the old one first, within one second in all but one of these rounds
    EXPECT_TRUE(old.fetch_batch());
    EXPECT_TRUE(now.fetch_batch());
    EXPECT_GT(left(connection), 50s);
    advance_clock(30s);
  }
}

TEST_F(TimeTest, past_the_soft_limit_one_of_many_looks_again_and_the_others_go_on) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 8; ++i) {
    connections.push_back(std::make_unique<Connection>(aging()));
    EXPECT_EQ(run(*connections.back()), 1);
  }
  ASSERT_EQ(calls("authenticate"), 8);
  advance_clock(52s);  // the soft limit is at 48 s, give or take 1.2
  ASSERT_TRUE(connections[0]->coordinator().snapshot().soft_expired);
  command("latency --method authenticate --ms 200");
  std::vector<std::jthread> threads;
  for (auto& connection : connections) threads.emplace_back([&] { EXPECT_NO_THROW(EXPECT_EQ(run(*connection), 1)); });
  threads.clear();
  EXPECT_EQ(calls("authenticate"), 9);
  EXPECT_EQ(connections[0]->coordinator().counter(Counter::kDetections), 2U);
  EXPECT_GT(left(*connections[0]), 50s);
}

TEST_F(TimeTest, a_look_past_the_soft_limit_that_gets_no_answer_costs_no_query) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 4; ++i) {
    connections.push_back(std::make_unique<Connection>(aging()));
    EXPECT_EQ(run(*connections.back()), 1);
  }
  command("latency --method authenticate --ms 60000");  // the call that looks again has 20 s in all
  advance_clock(52s);
  const auto start = std::chrono::steady_clock::now();
  for (auto& connection : connections) EXPECT_EQ(run(*connection), 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_EQ(connections[0]->coordinator().counter(Counter::kDetections), 2U);
}

}  // namespace
}  // namespace e6::client::test
