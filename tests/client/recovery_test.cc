#include "scene.h"

namespace e6::client::test {
namespace {

using RecoveryTest = Scene;

TEST_F(RecoveryTest, a_456_on_any_call_of_new_work_is_recovered) {
  for (const char* method : {"authenticate", "prepareStatementV2", "executeStatementV2"}) {
    const SegmentDirectory own;
    start();
    Connection connection(options_for(engine().target(), own));
    command(std::string("error --method ") + method + " --code UNKNOWN --details 'status: 456' --count 1");
    EXPECT_EQ(run(connection), 1) << method;
    EXPECT_EQ(calls("executeStatementV2", "", "ok"), 1) << method;
    EXPECT_EQ(connection.coordinator().in_flight(), 0U) << method;
  }
}

TEST_F(RecoveryTest, a_456_about_a_query_whose_colour_still_serves_is_repeated_there) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=3 batches=3 */");
  for (const char* method :
       {"getNextResultBatch", "status", "getResultMetadata", "explain", "explainAnalyze"}) {
    command(std::string("error --method ") + method + " --code UNKNOWN --details 'status: 456' --count 1");
  }
  EXPECT_EQ(cursor.status().row_count, 3);
  EXPECT_FALSE(cursor.metadata().empty());
  EXPECT_FALSE(cursor.explain().empty());
  EXPECT_FALSE(cursor.explain_analyze().plan.empty());
  EXPECT_EQ(drain(cursor), 3);
  EXPECT_EQ(connection.statistics().mismatches, 5U);
  EXPECT_EQ(connection.statistics().lost_queries, 0U);
}

TEST_F(RecoveryTest, refusals_without_end_end_in_an_error_after_the_attempts) {
  ConnectionOptions few = options();
  few.max_retry_attempts = 3;
  Connection connection(few);
  command("error --method prepareStatementV2 --code UNKNOWN --details 'status: 456' --rate 1");
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1"), AuthenticationError);
  EXPECT_EQ(calls("prepareStatementV2"), 1 + 2 * 10);  // ten for each attempt after the first
}

TEST_F(RecoveryTest, a_session_that_is_no_longer_valid_is_renewed_for_new_work) {
  Connection connection = connect();
  run(connection);
  command("revoke-sessions");
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(calls("authenticate", "blue", "ok"), 2);
  EXPECT_EQ(connection.statistics().access_denied, 1U);
}

TEST_F(RecoveryTest, a_query_goes_on_with_a_new_session_where_the_engine_allows_that) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=4 batches=4 */");
  EXPECT_TRUE(cursor.fetch_batch());
  command("revoke-sessions");
  EXPECT_EQ(drain(cursor), 3);
  EXPECT_EQ(calls("authenticate", "blue", "ok"), 2);
  EXPECT_EQ(calls("executeStatementV2"), 1);
}

TEST_F(RecoveryTest, a_query_that_stays_denied_with_a_new_session_is_lost) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("insert into t values (1)");
  command("error --method getNextResultBatch --code INTERNAL --details 'Access denied' --rate 1");
  EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
  EXPECT_EQ(calls("getNextResultBatch"), 2);
  EXPECT_EQ(calls("executeStatementV2"), 1);
}

TEST_F(RecoveryTest, a_query_whose_session_went_with_its_strategy_is_lost_and_no_failure) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("insert into t values (1)");
  command("revoke-sessions");
  command("error --method authenticate --code UNKNOWN --details 'status: 456' --count 1");
  EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
  EXPECT_EQ(calls("executeStatementV2"), 1);
}

// A cluster that flaps may switch there and back between an authentication and the call after it.
TEST_F(RecoveryTest, sessions_that_go_again_and_again_while_the_cluster_switches_are_renewed) {
  Connection connection = connect();
  run(connection);
  command("switch green abrupt");
  EXPECT_EQ(run(connection), 1);
  command("error --method prepareStatementV2 --code INTERNAL --details 'Access denied' --count 6");
  EXPECT_EQ(run(connection), 1);
}

TEST_F(RecoveryTest, a_thread_without_a_segment_remembers_the_switch_itself) {
  ConnectionOptions alone = options();
  alone.shared.share = false;
  Connection connection(alone);
  run(connection);
  command("switch green abrupt");
  EXPECT_EQ(run(connection), 1);
  command("error --method prepareStatementV2 --code INTERNAL --details 'Access denied' --count 6");
  EXPECT_EQ(run(connection), 1);
}

TEST_F(RecoveryTest, access_denied_without_end_ends_after_a_switch_too) {
  Connection connection = connect();
  run(connection);
  command("switch green abrupt");
  run(connection);
  command("error --method prepareStatementV2 --code INTERNAL --details 'Access denied' --rate 1");
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1"), AuthenticationError);
  EXPECT_EQ(calls("prepareStatementV2", "", "error") + calls("prepareStatementV2", "", "denied"), 1 + 10);
}

TEST_F(RecoveryTest, access_denied_to_fresh_sessions_too_is_an_error_and_no_storm) {
  Connection connection = connect();
  connection.connect();
  command("error --method prepareStatementV2 --code INTERNAL --details 'Access denied' --rate 1");
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1"), AuthenticationError);
  EXPECT_EQ(calls("authenticate"), 3);
  EXPECT_EQ(calls("prepareStatementV2"), 3);
}

TEST_F(RecoveryTest, unauthenticated_means_access_denied) {
  Connection connection = connect();
  connection.connect();
  command("error --method prepareStatementV2 --code UNAUTHENTICATED --details '' --count 1");
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(calls("authenticate"), 2);
}

TEST_F(RecoveryTest, a_broken_connection_during_prepare_is_repeated) {
  Connection connection = connect();
  connection.connect();
  command("error --method prepareStatementV2 --code UNAVAILABLE --details 'Socket closed' --count 2");
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(calls("prepareStatementV2"), 3);
}

TEST_F(RecoveryTest, an_engine_that_says_unavailable_during_execute_is_not_asked_again) {
  Connection connection = connect();
  connection.connect();
  command(
      "error --method executeStatementV2 --code UNAVAILABLE --details 'no planner is free' --count "
      "1");
  Cursor cursor = connection.cursor();
  try {
    cursor.execute("insert into t values (1)");
    FAIL() << "no error";
  } catch (const QueryError& error) {
    EXPECT_NE(std::string(error.what()).find("the engine may have accepted it"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(calls("executeStatementV2"), 1);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(RecoveryTest, a_fetch_that_broke_off_is_not_repeated_and_no_other_follows_it) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=2 batches=2 */");
  command("error --method getNextResultBatch --code UNAVAILABLE --details 'Socket closed' --count 1");
  EXPECT_THROW((void)cursor.fetch_batch(), ConnectionError);
  EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
  EXPECT_THROW((void)cursor.fetch(), QueryLostError);
  EXPECT_EQ(calls("getNextResultBatch"), 1);
  EXPECT_EQ(cursor.status().row_count, 2);
  EXPECT_NO_THROW(cursor.clear());
  EXPECT_EQ(run(connection, "select 1 /* rows=2 batches=2 */"), 2);
}

TEST_F(RecoveryTest, status_and_clear_are_repeated_after_a_broken_connection) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  command("error --method status --code UNAVAILABLE --details 'Socket closed' --count 2");
  command("error --method clearOrCancelQuery --code UNAVAILABLE --details 'Socket closed' --count 2");
  EXPECT_EQ(cursor.status().row_count, 1);
  EXPECT_NO_THROW(cursor.clear());
  EXPECT_EQ(calls("clearOrCancelQuery"), 3);
}

TEST_F(RecoveryTest, an_engine_error_while_fetching_is_passed_on_and_not_repeated) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=2 batches=2 fail=fetch */");
  EXPECT_THROW((void)cursor.fetch_batch(), QueryError);
  EXPECT_EQ(calls("getNextResultBatch"), 1);
}

TEST_F(RecoveryTest, a_query_whose_session_went_is_cleared_with_a_new_one) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  command("revoke-sessions");
  EXPECT_NO_THROW(cursor.cancel());
  EXPECT_EQ(calls("cancelQuery", "", "ok"), 1);
}

TEST_F(RecoveryTest, a_clear_that_fails_still_ends_the_query_for_the_host) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  command("error --method clearOrCancelQuery --code INTERNAL --details broken --rate 1");
  EXPECT_THROW(cursor.clear(), QueryError);
  EXPECT_FALSE(cursor.has_query());
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(RecoveryTest, an_engine_that_was_restarted_is_found_again) {
  e6::sim::EngineOptions fixed;
  start();
  fixed.listen = engine().target();
  ConnectionOptions patient = options();
  patient.max_retry_attempts = 50;
  Connection connection(patient);
  EXPECT_EQ(run(connection), 1);
  start({});
  start(fixed);
  EXPECT_EQ(run(connection), 1);
}

}  // namespace
}  // namespace e6::client::test
