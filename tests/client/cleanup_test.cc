// What a failed, stopped or timed-out statement leaves behind on the engine, and who clears it.
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "scene.h"

namespace e6::client::test {
namespace {

using CleanupTest = Scene;
using std::chrono::milliseconds;

TEST_F(CleanupTest, a_prepare_that_was_stopped_is_cleared_when_its_answer_comes) {
  Connection connection = connect();
  connection.connect();
  std::stop_source stop;
  const std::jthread soon([&] {
    (void)eventually([&] { return calls("authenticate", "", "ok") == 1; });
    std::this_thread::sleep_for(milliseconds(30));
    stop.request_stop();
  });
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1 /* prepare_ms=300 */", {.stop = stop.get_token()}),
               CancelledError);
  EXPECT_FALSE(cursor.has_query());
  EXPECT_TRUE(eventually([&] { return calls("clearOrCancelQuery", "", "ok") == 1; }));
  EXPECT_EQ(calls("executeStatementV2"), 0);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(CleanupTest, a_prepare_that_timed_out_is_cleared_when_its_answer_comes) {
  Connection connection = connect();
  connection.connect();
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1 /* prepare_ms=300 */", {.timeout = milliseconds(30)}),
               TimeoutError);
  EXPECT_TRUE(eventually([&] { return calls("clearOrCancelQuery", "", "ok") == 1; }));
}

TEST_F(CleanupTest, a_statement_that_timed_out_is_cleared) {
  Connection connection = connect();
  connection.connect();
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1 /* execute_ms=60000 */", {.timeout = milliseconds(100)}),
               TimeoutError);
  EXPECT_FALSE(cursor.query_id().empty());
  EXPECT_TRUE(eventually([&] { return calls("clearOrCancelQuery", "", "ok") == 1; }));
}

TEST_F(CleanupTest, a_clear_without_an_answer_goes_on_in_the_background) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* clear_ms=200 */");
  EXPECT_THROW(cursor.clear({.timeout = milliseconds(20)}), TimeoutError);
  EXPECT_FALSE(cursor.has_query());
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
  EXPECT_TRUE(eventually([&] { return calls("clearOrCancelQuery", "", "ok") == 1; }));
}

TEST_F(CleanupTest, a_cursor_whose_stop_token_has_fired_is_cleared_and_used_again) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  std::stop_source stop;
  cursor.set_stop_token(stop.get_token());
  stop.request_stop();
  EXPECT_THROW((void)cursor.fetch_batch(), CancelledError);
  EXPECT_TRUE(cursor.has_query());
  cursor.clear();
  EXPECT_EQ(calls("clearOrCancelQuery", "", "ok"), 1);
  EXPECT_THROW(cursor.execute("select 2"), CancelledError);
  cursor.set_stop_token({});
  cursor.execute("select 2");
  cursor.cancel();
  EXPECT_EQ(calls("cancelQuery", "", "ok"), 1);
}

TEST_F(CleanupTest, a_fetch_that_was_never_sent_loses_nothing) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=2 batches=2 */");
  EXPECT_THROW((void)cursor.fetch_batch({.timeout = milliseconds(0)}), TimeoutError);
  EXPECT_EQ(calls("getNextResultBatch"), 0);
  EXPECT_EQ(drain(cursor), 2);
}

TEST_F(CleanupTest, the_previous_query_takes_half_of_the_time_at_most) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* clear_ms=60000 */");
  EXPECT_NO_THROW(cursor.execute("select 2", {.timeout = milliseconds(2000)}));
}

// All clusters of a process share the thread that clears.
TEST_F(CleanupTest, queries_on_an_engine_that_does_not_answer_do_not_hold_up_those_on_another) {
  constexpr int kSilent = 20;  // each attempt at one of them takes a second
  command("latency --method clearOrCancelQuery --ms 60000");
  Connection silent = connect();
  for (int i = 0; i < kSilent; ++i) {
    Cursor cursor = silent.cursor();
    cursor.execute("select 1");
    EXPECT_THROW(cursor.clear({.timeout = milliseconds(5)}), TimeoutError);
  }
  std::string error;
  const auto other = e6::sim::Engine::start({}, error);
  ASSERT_NE(other, nullptr) << error;
  Connection answering(options_for(other->target(), directory_));
  for (const char* call :
       {"executeStatementV2 --code INTERNAL", "clearOrCancelQuery --code UNAVAILABLE"})
    (void)other->run(std::string("error --method ") + call + " --details no --count 1");
  Cursor cursor = answering.cursor();
  EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryError);
  EXPECT_TRUE(eventually(
      [&] { return nlohmann::json::parse(other->stats_json()).at("queries_open") == 0; }));
}

// Whoever sheds load has not ended the query.
TEST_F(CleanupTest, a_clear_that_an_overloaded_engine_turns_away_is_asked_for_again) {
  for (const char* code : {"RESOURCE_EXHAUSTED", "ABORTED", "UNAVAILABLE"}) {
    SCOPED_TRACE(code);
    command("error --method executeStatementV2 --code INVALID_ARGUMENT --details no --count 1");
    command(std::string("error --method clearOrCancelQuery --code ") + code +
            " --details 'too much to do' --count 2");
    Connection connection = connect();
    Cursor cursor = connection.cursor();
    EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryError);
    EXPECT_TRUE(open_queries_come_down_to(0));
  }
}

// Its leftovers go with it, between two attempts too.
TEST_F(CleanupTest, a_connection_ends_although_its_leftovers_wait_for_another_attempt) {
  command("error --method executeStatementV2 --code INTERNAL --details no --count 1");
  command("error --method clearOrCancelQuery --code UNAVAILABLE --details no --rate 1");
  {
    Connection connection = connect();
    Cursor cursor = connection.cursor();
    EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryError);
    EXPECT_TRUE(eventually([&] { return calls("clearOrCancelQuery") >= 4; }));
  }
  const int before = calls("clearOrCancelQuery");
  std::this_thread::sleep_for(milliseconds(1200));  // longer than any pause between attempts
  EXPECT_EQ(calls("clearOrCancelQuery"), before);
}

TEST_F(CleanupTest, answers_that_take_long_are_not_looked_for_all_the_time) {
  Connection connection = connect();
  connection.connect();
  for (int i = 0; i < 300; ++i) {
    Cursor cursor = connection.cursor();
    EXPECT_THROW(cursor.execute("select 1 /* prepare_ms=60000 */", {.timeout = milliseconds(1)}),
                 TimeoutError);
  }
  std::this_thread::sleep_for(milliseconds(500));
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(milliseconds(1000));
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 4);  // of the processor, not of the day
}

TEST_F(CleanupTest, a_connection_ends_although_its_leftovers_get_no_answer) {
  {
    Connection connection = connect();
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* clear_ms=60000 */");
    EXPECT_THROW(cursor.clear({.timeout = milliseconds(20)}), TimeoutError);
  }
  Connection another = connect();
  EXPECT_EQ(run(another), 1);
}

}  // namespace
}  // namespace e6::client::test
