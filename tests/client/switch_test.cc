#include <atomic>
#include <thread>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using SwitchTest = Scene;

// Threads that run queries until they are stopped.
class Load {
 public:
  Load(Connection& connection, int threads) {
    for (int t = 0; t < threads; ++t) {
      threads_.emplace_back([this, &connection] {
        while (!stop_.load()) {
          try {
            Cursor cursor = connection.cursor();
            cursor.execute("select 1 /* rows=20 batches=2 fetch_ms=1 */");
            while (cursor.fetch_batch()) {
            }
            cursor.clear();
            ++done;
          } catch (const QueryLostError&) {
            ++lost;
          } catch (const std::exception& error) {
            ++failed;
            ADD_FAILURE() << error.what();
          }
        }
      });
    }
  }
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  void stop() {
    stop_.store(true);
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }
  std::atomic<int> done{0};
  std::atomic<int> lost{0};
  std::atomic<int> failed{0};

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

void wait(int ms) {
  std::this_thread::sleep_for(milliseconds(ms));
}

TEST_F(SwitchTest, a_graceful_switch_under_load_fails_nothing_and_needs_no_456) {
  Connection connection = connect();
  Load load(connection, 4);
  wait(100);
  command("switch green graceful --announce 200ms --drain 300ms");
  wait(700);
  load.stop();
  EXPECT_EQ(load.failed + load.lost, 0);
  EXPECT_EQ(calls("", "", "456"), 0);
  EXPECT_EQ(calls("authenticate"), 2);  // one per colour
  EXPECT_EQ(total("queries_finished_on_other_colour"), 0);
  EXPECT_EQ(total("queries_lost"), 0);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kGreen);
  EXPECT_GT(load.done, 20);
}

TEST_F(SwitchTest, a_rolled_back_announcement_leaves_everybody_where_they_were) {
  Connection connection = connect();
  Load load(connection, 4);
  wait(50);
  command("switch green graceful --announce 5s --drain 1s");
  wait(100);
  command("rollback --announce 200ms --drain 200ms");
  wait(600);
  load.stop();
  EXPECT_EQ(load.failed + load.lost, 0);
  EXPECT_EQ(calls("", "", "456"), 0);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kBlue);
}

TEST_F(SwitchTest, a_query_keeps_its_colour_session_and_engine_while_the_connection_moves_on) {
  Connection connection = connect();
  Cursor old = connection.cursor();
  old.execute("select 1 /* rows=60 batches=60 */");
  command("switch green graceful --announce 100ms --drain 10s");
  (void)old.fetch_batch();
  Cursor other = connection.cursor();
  other.execute("select 2");
  other.clear();  // a completion applies the pending colour
  wait(150);
  for (int i = 0; i < 50; ++i) {
    Cursor next = connection.cursor();
    next.execute("select 3");
    EXPECT_EQ(next.strategy(), Strategy::kGreen);
    EXPECT_EQ(drain(next), 1);
    EXPECT_TRUE(old.fetch_batch());
  }
  EXPECT_EQ(old.strategy(), Strategy::kBlue);
  EXPECT_EQ(drain(old), 9);
  old.clear();
  EXPECT_EQ(calls("", "", "456"), 0);
  EXPECT_EQ(calls("", "", "denied"), 0);
  EXPECT_EQ(total("query_calls_on_other_colour"), 0);
  EXPECT_EQ(total("engine_mismatches"), 0);
}

TEST_F(SwitchTest, after_an_abrupt_switch_new_queries_run_at_once_on_the_other_colour) {
  Connection connection = connect();
  run(connection);
  command("switch green abrupt");
  command("reset-stats");
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(calls("prepareStatementV2", "blue", "456"), 1);
  EXPECT_EQ(calls("authenticate", "green", "ok"), 1);
  EXPECT_EQ(calls("", "", "456"), 1);  // the probe began with the colour that was not just refused
  EXPECT_EQ(connection.statistics().refused_probes, 0U);
}

TEST_F(SwitchTest, a_fetch_whose_colour_is_gone_is_a_lost_query_and_is_not_run_again) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("insert into t values (1) /* rows=4 batches=4 */");
  EXPECT_TRUE(cursor.fetch_batch());
  command("switch green abrupt");
  try {
    (void)cursor.fetch_batch();
    FAIL() << "no error";
  } catch (const QueryLostError& error) {
    EXPECT_EQ(error.strategy(), Strategy::kBlue);
    EXPECT_FALSE(error.context().query_id.empty());
    EXPECT_FALSE(error.events().empty());
  }
  EXPECT_FALSE(cursor.has_query());
  EXPECT_EQ(connection.statistics().lost_queries, 1U);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
  EXPECT_EQ(calls("executeStatementV2"), 1);
  cursor.execute("select 1");
  EXPECT_EQ(cursor.strategy(), Strategy::kGreen);
}

TEST_F(SwitchTest, status_metadata_and_explain_of_a_lost_query_say_so_too) {
  Connection connection = connect();
  const auto lost = [&](const char* to, auto&& ask) {
    Cursor cursor = connection.cursor();
    cursor.execute("select 1");
    command(std::string("switch ") + to + " abrupt");
    EXPECT_THROW(ask(cursor), QueryLostError);
  };
  lost("green", [](Cursor& cursor) { (void)cursor.status(); });
  lost("blue", [](Cursor& cursor) { (void)cursor.metadata(); });
  lost("green", [](Cursor& cursor) { (void)cursor.explain(); });
  lost("blue", [](Cursor& cursor) { (void)cursor.explain_analyze(); });
}

TEST_F(SwitchTest, clearing_or_cancelling_a_query_whose_colour_is_gone_succeeds) {
  Connection connection = connect();
  Cursor cleared = connection.cursor();
  Cursor cancelled = connection.cursor();
  cleared.execute("select 1");
  cancelled.execute("select 1");
  command("switch green abrupt");
  EXPECT_NO_THROW(cleared.clear());
  EXPECT_NO_THROW(cancelled.cancel());
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(SwitchTest, a_query_that_is_run_again_leaves_its_first_run_not_open) {
  ConnectionOptions again = options();
  again.reexecute_lost_queries = true;
  Connection connection(again);
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=4 batches=2 */");
  command("error --method getNextResultBatch --late --code UNAVAILABLE --details slow --count 1");
  EXPECT_THROW((void)cursor.fetch_batch(), QueryError);
  EXPECT_EQ(drain(cursor), 2);
  EXPECT_EQ(connection.statistics().reexecuted_queries, 1U);
  cursor.clear();
  EXPECT_TRUE(open_queries_come_down_to(0));
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(SwitchTest, a_query_whose_end_was_seen_is_not_run_again) {
  ConnectionOptions again = options();
  again.reexecute_lost_queries = true;
  Connection connection(again);
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=0 */");
  EXPECT_FALSE(cursor.fetch_batch());
  command("switch green abrupt");
  EXPECT_THROW((void)cursor.status(), QueryLostError);
  EXPECT_EQ(calls("executeStatementV2", "", "ok"), 1);
}

TEST_F(SwitchTest, a_lost_query_is_run_again_when_that_is_allowed_and_no_batch_was_handed_out) {
  ConnectionOptions again = options();
  again.reexecute_lost_queries = true;
  Connection connection(again);
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=4 batches=2 */");
  command("switch green abrupt");
  EXPECT_EQ(drain(cursor), 2);
  EXPECT_EQ(cursor.strategy(), Strategy::kGreen);
  EXPECT_EQ(connection.statistics().reexecuted_queries, 1U);

  cursor.execute("select 1 /* rows=4 batches=2 */");
  EXPECT_TRUE(cursor.fetch_batch());
  command("switch blue abrupt");
  EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);  // its rows would come twice
}

TEST_F(SwitchTest, a_switch_between_prepare_and_execute_repeats_both_on_the_new_colour) {
  Connection connection = connect();
  connection.connect();
  command("error --method prepareStatementV2 --code UNKNOWN --details slow --rate 0");
  std::thread switching([&] {
    wait(150);
    command("switch green abrupt");
  });
  command("latency --method execute --ms 300");  // admitted on blue, which is gone when it commits
  Cursor cursor = connection.cursor();
  cursor.execute("insert into t values (1)");
  switching.join();
  EXPECT_EQ(cursor.strategy(), Strategy::kGreen);
  EXPECT_EQ(calls("executeStatementV2", "green", "ok"), 1);
  EXPECT_EQ(calls("executeStatementV2", "blue", "ok"), 0);
  EXPECT_EQ(connection.coordinator().in_flight(), 1U);
}

TEST_F(SwitchTest, an_abrupt_switch_under_load_loses_only_results_of_the_old_colour) {
  Connection connection = connect();
  Load load(connection, 8);
  wait(100);
  command("switch green abrupt");
  wait(300);
  load.stop();
  EXPECT_EQ(load.failed, 0);
  EXPECT_LE(load.lost, 8);
  EXPECT_LE(calls("", "", "456"), 8 + 1);
  EXPECT_EQ(calls("authenticate", "", "456"), 0);
  EXPECT_EQ(calls("authenticate", "green", "ok"), 1);
  EXPECT_EQ(total("statements_executed_again"), 0);
}

TEST_F(SwitchTest, a_flapping_engine_is_followed) {
  Connection connection = connect();
  connection.connect();
  command("flap --period 50ms --for 1s");
  const auto over = std::chrono::steady_clock::now() + std::chrono::milliseconds(1200);
  while (std::chrono::steady_clock::now() < over) {
    Cursor cursor = connection.cursor();
    EXPECT_NO_THROW(cursor.execute("select 1"));
    try {
      drain(cursor);
    } catch (const QueryLostError&) {
    }
  }
  EXPECT_GT(connection.statistics().mismatches, 0U);
  EXPECT_GT(calls("authenticate", "green", "ok"), 0);
}

TEST_F(SwitchTest, session_and_channel_of_a_colour_that_was_left_go_with_its_last_query) {
  Connection connection = connect();
  for (const char* to : {"green", "blue"}) {
    command(std::string("switch ") + to + " graceful --announce 100ms --drain 100ms");
    run(connection);  // hears of it, and applies it with its clear
    run(connection);
    wait(250);  // the old colour is gone, and all that it knew
    run(connection);
  }
  // On the new blue engine nobody tried the session of the old one.
  EXPECT_EQ(calls("", "", "denied"), 0);
  EXPECT_EQ(calls("", "", "456"), 0);
  EXPECT_EQ(calls("authenticate", "blue", "ok"), 2);
  EXPECT_EQ(calls("authenticate", "green", "ok"), 1);
}

TEST_F(SwitchTest, a_new_strategy_that_is_no_colour_is_ignored) {
  Connection connection = connect();
  command("announce purple --for 10s");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kBlue);
  EXPECT_EQ(connection.coordinator().snapshot().pending, Strategy::kNone);
  EXPECT_EQ(connection.statistics().announcements, 0U);
}

TEST_F(SwitchTest, a_new_strategy_is_understood_in_any_case) {
  Connection connection = connect();
  Cursor holding = connection.cursor();
  holding.execute("select 1");
  command("announce GrEeN --for 10s");
  (void)holding.status();
  EXPECT_EQ(connection.coordinator().snapshot().pending, Strategy::kGreen);
}

}  // namespace
}  // namespace e6::client::test
