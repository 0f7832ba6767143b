// A stop request ends what waits, and forgets no query that the engine still has.
#include <chrono>
#include <functional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

class StoppingTest : public Scene {
 protected:
  using Ending = std::pair<const char*, std::function<void(Cursor&, const CallOptions&)>>;
  static const std::vector<Ending>& endings() {
    static const std::vector<Ending> all{
        {"clear", [](Cursor& cursor, const CallOptions& options) { cursor.clear(options); }},
        {"cancel", [](Cursor& cursor, const CallOptions& options) { cursor.cancel(options); }},
        {"discard", [](Cursor& cursor, const CallOptions& options) { cursor.discard(options); }},
    };
    return all;
  }
  /// Waits until the engine has done the work of a prepare that nobody waited for; 5 s at most.
  bool eventually_prepared() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (total("queries_prepared") == 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
  }
};

TEST_F(StoppingTest, a_cursor_whose_stop_token_has_fired_can_still_be_ended) {
  Connection connection = connect();
  for (const auto& [name, end] : endings()) {
    SCOPED_TRACE(name);
    Cursor cursor = connection.cursor();
    cursor.execute("select 1");
    std::stop_source stop;
    cursor.set_stop_token(stop.get_token());
    stop.request_stop();
    EXPECT_THROW((void)cursor.fetch(), CancelledError);
    EXPECT_TRUE(cursor.has_query());
    EXPECT_NO_THROW(end(cursor, {}));
    EXPECT_FALSE(cursor.has_query());
    EXPECT_EQ(total("queries_open"), 0);
  }
}

TEST_F(StoppingTest, no_query_is_forgotten_without_a_call) {
  std::vector<Ending> all = endings();
  all.emplace_back("execute", [](Cursor& cursor, const CallOptions& options) {
    cursor.execute("select 2", options);
  });
  all.emplace_back("prepare", [](Cursor& cursor, const CallOptions& options) {
    cursor.prepare("select 2", options);
  });
  Connection connection = connect();
  std::stop_source stop;
  stop.request_stop();
  for (const auto& [name, end] : all) {
    for (const bool late : {false, true}) {  // the stop was requested, or the deadline has passed
      SCOPED_TRACE(std::string(name) + (late ? ", too late" : ", stopped"));
      {
        Cursor cursor = connection.cursor();
        cursor.execute("select 1");
        CallOptions options;
        if (late) options.deadline = std::chrono::steady_clock::now() - milliseconds(1);
        if (!late) options.stop = stop.get_token();
        EXPECT_THROW(end(cursor, options), Error);
        EXPECT_EQ(cursor.has_query(), total("queries_open") == 1);
        EXPECT_EQ(connection.coordinator().in_flight(), cursor.has_query() ? 1U : 0U);
      }
      EXPECT_TRUE(open_queries_come_down_to(0));
    }
  }
}

TEST_F(StoppingTest, a_stop_during_prepare_leaves_nothing_open) {
  Connection connection = connect();
  connection.connect();
  for (const bool execute : {true, false}) {
    command("reset-stats");
    Cursor cursor = connection.cursor();
    std::stop_source stop;
    const std::jthread soon([&] {
      std::this_thread::sleep_for(milliseconds(30));
      stop.request_stop();
    });
    const CallOptions options{.stop = stop.get_token()};
    const char* const sql = "insert into t values (1) /* prepare_ms=250 */";
    EXPECT_THROW(execute ? cursor.execute(sql, options) : cursor.prepare(sql, options),
                 CancelledError);
    EXPECT_FALSE(cursor.has_query());
    EXPECT_TRUE(eventually_prepared());
    EXPECT_TRUE(open_queries_come_down_to(0));
    EXPECT_EQ(calls("executeStatementV2"), 0);
  }
}

TEST_F(StoppingTest, a_deadline_during_prepare_leaves_nothing_open) {
  Connection connection = connect();
  connection.connect();
  command("reset-stats");
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1 /* prepare_ms=250 */", {.timeout = milliseconds(30)}),
               TimeoutError);
  EXPECT_TRUE(eventually_prepared());
  EXPECT_TRUE(open_queries_come_down_to(0));
}

TEST_F(StoppingTest, stops_at_any_moment_leave_nothing_open_and_the_cursor_usable) {
  Connection connection = connect();
  connection.connect();
  std::mt19937 random(7);
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    Cursor cursor = connection.cursor();
    std::stop_source stop;
    std::jthread stopper([&stop, after = std::chrono::microseconds(random() % 2'500)] {
      std::this_thread::sleep_for(after);
      stop.request_stop();
    });
    cursor.set_stop_token(stop.get_token());
    try {
      cursor.execute("insert into t values (1) /* rows=4 batches=4 */");
      while (cursor.fetch_batch()) {
      }
    } catch (const CancelledError&) {
    }
    if (random() % 2 == 0) {
      EXPECT_NO_THROW(cursor.clear());
    }
    if (random() % 4 == 0) {
      stopper.join();
      cursor.set_stop_token({});
      EXPECT_NO_THROW(cursor.execute("select 1"));
    }
  }
  EXPECT_TRUE(open_queries_come_down_to(0)) << total("queries_open") << " queries are left";
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
  EXPECT_EQ(total("statements_executed_again"), 0);
}

}  // namespace
}  // namespace e6::client::test
