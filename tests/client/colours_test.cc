// Two colours at once over one connection: a session and a channel for each.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "channels_scene.h"

namespace e6::client::test {
namespace {

using ColoursTest = ChannelsScene;

TEST_F(ColoursTest, a_long_query_on_blue_goes_on_while_a_thousand_short_ones_run_on_green) {
  constexpr int kBatches = 500;
  Connection connection = connect();
  Cursor old = connection.cursor();
  old.execute("select 1 /* rows=500 batches=500 */");
  const std::string id = old.query_id();
  EXPECT_EQ(connections(), 1);

  command("switch green graceful --announce 2s --drain 120s");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (Strategy now = Strategy::kBlue; now != Strategy::kGreen;) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    Cursor cursor = connection.cursor();
    cursor.execute("select 1");
    now = cursor.strategy();
  }
  EXPECT_EQ(connections(), 2);

  std::atomic<int> good{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) {
        Cursor cursor = connection.cursor();
        cursor.execute("select 1");
        const auto batch = cursor.fetch_batch();
        // A row says who made it: colour, query and number.
        const bool own = batch && batch->find("green/" + cursor.query_id() + "/0") != std::string::npos;
        if (own && !cursor.fetch_batch()) ++good;
        cursor.clear();
      }
    });
  }
  int own_batches = 0;
  for (int i = 0; i < kBatches; ++i) {
    const auto batch = old.fetch_batch();
    if (batch && batch->find("blue/" + id + "/" + std::to_string(i)) != std::string::npos) ++own_batches;
  }
  threads.clear();
  EXPECT_EQ(good, 1000);
  EXPECT_EQ(own_batches, kBatches);
  EXPECT_FALSE(old.fetch_batch());
  EXPECT_EQ(old.strategy(), Strategy::kBlue);
  EXPECT_EQ(connections(), 2);
  old.clear();
  EXPECT_TRUE(comes_to(1)) << "the channel of the colour that was left is still open";

  for (const char* refusal : {"456", "denied", "error"}) EXPECT_EQ(calls("", "", refusal), 0) << refusal;
  EXPECT_EQ(total("query_calls_on_other_colour"), 0);
  EXPECT_EQ(total("queries_finished_on_other_colour"), 0);
  EXPECT_EQ(total("engine_mismatches"), 0);
  EXPECT_EQ(calls("authenticate", "blue", "ok"), 1);
  EXPECT_EQ(calls("authenticate", "green", "ok"), 1);
}

TEST_F(ColoursTest, a_closed_connection_keeps_a_channel_only_as_long_as_a_query_needs_it) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  connection.close();
  EXPECT_EQ(drain(cursor), 1);
  EXPECT_EQ(connections(), 1);
  cursor.clear();
  EXPECT_TRUE(comes_to(0));
}

TEST_F(ColoursTest, a_connection_that_only_lists_schemas_closes_the_channel_of_the_colour_it_left) {
  Connection connection = connect();
  (void)connection.schemas();
  command("switch green abrupt");
  (void)connection.schemas();
  (void)connection.schemas();
  EXPECT_TRUE(comes_to(1));
}

}  // namespace
}  // namespace e6::client::test
