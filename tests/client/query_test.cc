#include <atomic>
#include <thread>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

using QueryTest = Scene;

TEST_F(QueryTest, making_a_connection_makes_no_call) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  EXPECT_EQ(calls(""), 0);
  EXPECT_FALSE(cursor.has_query());
}

TEST_F(QueryTest, a_query_runs_from_prepare_to_clear) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=30 batches=3 */;");
  EXPECT_TRUE(cursor.has_query());
  EXPECT_EQ(cursor.strategy(), Strategy::kBlue);
  EXPECT_FALSE(cursor.query_id().empty());
  EXPECT_FALSE(cursor.metadata().empty());
  EXPECT_EQ(cursor.status().row_count, 30);
  EXPECT_NE(cursor.explain().find("rows=30"), std::string::npos);
  EXPECT_NE(cursor.explain_analyze().plan.find("rows read: 30"), std::string::npos);
  EXPECT_EQ(drain(cursor), 3);
  EXPECT_FALSE(cursor.fetch_batch());  // the end stays the end
  EXPECT_EQ(connection.coordinator().in_flight(), 1U);
  cursor.clear();
  EXPECT_FALSE(cursor.has_query());
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
  cursor.clear();  // nothing to do

  EXPECT_EQ(calls("authenticate", "blue", "ok"), 1);
  EXPECT_EQ(calls("prepareStatementV2"), 1);
  EXPECT_EQ(calls("executeStatementV2"), 1);
  EXPECT_EQ(calls("getNextResultBatch"), 4);
  EXPECT_EQ(calls("clearOrCancelQuery"), 1);
  EXPECT_EQ(calls("", "", "error"), 0);
  const Statistics counted = connection.statistics();
  EXPECT_EQ(counted.queries, 1U);
  EXPECT_EQ(counted.fetches, 3U);
  EXPECT_EQ(counted.authentications, 1U);
  EXPECT_EQ(counted.mismatches, 0U);
  EXPECT_EQ(static_cast<int>(counted.calls), calls(""));
}

TEST_F(QueryTest, without_a_catalog_the_calls_without_catalog_are_used) {
  ConnectionOptions no_catalog = options();
  no_catalog.catalog = "";
  Connection connection(no_catalog);
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(calls("prepareStatement"), 1);
  EXPECT_EQ(calls("executeStatement"), 1);
  EXPECT_EQ(calls("prepareStatementV2"), 0);
}

TEST_F(QueryTest, the_end_may_come_as_a_chunk_without_rows) {
  Connection connection = connect();
  EXPECT_EQ(run(connection, "select 1 /* rows=4 batches=2 end=chunk */"), 2);
}

TEST_F(QueryTest, a_cursor_clears_its_query_when_it_goes_out_of_scope_or_executes_again) {
  Connection connection = connect();
  {
    Cursor cursor = connection.cursor();
    cursor.execute("select 1");
    cursor.execute("select 2");
    EXPECT_EQ(calls("clearOrCancelQuery"), 1);
  }
  EXPECT_EQ(calls("clearOrCancelQuery"), 2);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(QueryTest, cancel_ends_the_query) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  cursor.cancel();
  EXPECT_EQ(calls("cancelQuery", "", "ok"), 1);
  EXPECT_FALSE(cursor.has_query());
  EXPECT_THROW((void)cursor.fetch_batch(), UsageError);
}

TEST_F(QueryTest, a_statement_that_the_engine_refuses_is_an_error_with_the_engines_words) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  try {
    cursor.execute("select 1 /* fail=prepare */");
    FAIL() << "no error";
  } catch (const QueryError& error) {
    EXPECT_NE(std::string(error.details()).find("failed as the query asked"), std::string::npos);
    EXPECT_EQ(error.code(), 13);
    EXPECT_EQ(error.strategy(), Strategy::kBlue);
    EXPECT_EQ(error.context().call, "prepareStatementV2");
    EXPECT_FALSE(error.events().empty());
  }
  EXPECT_EQ(calls("prepareStatementV2"), 1);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
  EXPECT_EQ(run(connection), 1);
}

TEST_F(QueryTest, any_number_of_cursors_on_any_threads_share_one_session) {
  Connection connection = connect();
  std::vector<std::thread> threads;
  std::atomic<int> batches{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) batches += run(connection);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(batches, 160);
  EXPECT_EQ(calls("authenticate"), 1);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(QueryTest, threads_that_need_a_session_at_the_same_time_authenticate_once) {
  Connection first = connect();
  run(first);  // the host knows the colour: nobody probes from here on
  command("latency --method authenticate --ms 100");
  Connection connection = connect();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) threads.emplace_back([&] { run(connection); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(connection.statistics().authentications, 1U);
  EXPECT_EQ(calls("authenticate"), 2);
}

TEST_F(QueryTest, one_semicolon_at_the_end_is_dropped) {
  Connection connection = connect();
  run(connection, "insert into t values (1); \n");
  run(connection, "insert into t values (2);;");
  const std::string stats = engine().stats_json();
  EXPECT_NE(stats.find("\"insert into t values (1)\""), std::string::npos) << stats;
  EXPECT_NE(stats.find("\"insert into t values (2);\""), std::string::npos) << stats;
}

TEST_F(QueryTest, a_query_can_be_adopted_by_another_connection_of_the_host) {
  Connection one = connect();
  Connection two = connect();
  Cursor cursor = one.cursor();
  cursor.execute("select 1 /* rows=4 batches=2 */");
  const auto handle = QueryHandle::parse(cursor.handle().serialise());
  ASSERT_TRUE(handle);
  {
    Cursor adopted = two.adopt(*handle);
    EXPECT_EQ(adopted.strategy(), Strategy::kBlue);
    EXPECT_TRUE(adopted.fetch_batch());
  }
  EXPECT_EQ(calls("clearOrCancelQuery"), 0);  // it is still the first one's
  EXPECT_EQ(drain(cursor), 1);
  two.adopt(*handle).clear();
  EXPECT_EQ(two.coordinator().in_flight(), 0U);
  EXPECT_THROW((void)two.adopt(*handle), UsageError);
}

TEST_F(QueryTest, a_query_that_its_adopter_ended_is_cleared_by_its_owner_without_a_word) {
  Connection one = connect();
  Connection two = connect();
  using End = void (Cursor::*)(const CallOptions&);
  for (const End ends : {&Cursor::cancel, &Cursor::clear, &Cursor::discard}) {
    for (const End owner_ends : {&Cursor::cancel, &Cursor::clear, &Cursor::discard}) {
      Cursor cursor = one.cursor();
      cursor.execute("select 1");
      Cursor adopted = two.adopt(cursor.handle());
      (adopted.*ends)({});
      EXPECT_NO_THROW((cursor.*owner_ends)({}));
      EXPECT_FALSE(cursor.has_query());
    }
  }
  EXPECT_EQ(one.coordinator().in_flight(), 0U);
}

TEST_F(QueryTest, a_query_that_its_owner_ended_is_cancelled_by_its_adopter_without_a_word) {
  Connection one = connect();
  Connection two = connect();
  Cursor cursor = one.cursor();
  cursor.execute("select 1");
  Cursor adopted = two.adopt(cursor.handle());
  cursor.clear();
  EXPECT_NO_THROW(adopted.cancel());
}

TEST_F(QueryTest, an_engine_that_cannot_clear_a_query_which_nobody_ended_is_an_error) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  command("error --method clearOrCancelQuery --code INTERNAL --details broken --count 1");
  EXPECT_THROW(cursor.clear(), QueryError);
}

TEST_F(QueryTest, a_closed_connection_takes_no_new_query_but_finishes_those_it_has) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=2 batches=2 */");
  connection.close();
  EXPECT_EQ(drain(cursor), 2);
  cursor.clear();
  EXPECT_THROW(cursor.execute("select 1"), UsageError);
}

TEST_F(QueryTest, a_cursor_outlives_its_connection) {
  Cursor cursor = [&] {
    Connection connection = connect();
    Cursor made = connection.cursor();
    made.execute("select 1 /* rows=2 batches=2 */");
    return made;
  }();
  EXPECT_EQ(drain(cursor), 2);
  cursor.clear();
}

TEST_F(QueryTest, a_slow_engine_ends_in_a_timeout_and_not_in_waiting) {
  Connection connection = connect();
  connection.connect();
  command("latency --method prepare --ms 5000");
  Cursor cursor = connection.cursor();
  cursor.set_timeout(std::chrono::milliseconds(200));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(cursor.execute("select 1"), TimeoutError);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace e6::client::test
