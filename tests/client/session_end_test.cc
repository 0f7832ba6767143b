// Sessions end on the engine when the connection that opened them goes.
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using SessionEndTest = Scene;

TEST_F(SessionEndTest, a_connection_that_goes_or_is_closed_takes_its_session_along) {
  {
    Connection gone = connect();
    (void)run(gone);
    ASSERT_EQ(sessions(), 1);
  }
  EXPECT_EQ(sessions(), 0);
  Connection closed = connect();
  (void)run(closed);
  closed.close();
  EXPECT_EQ(sessions(), 0);
  EXPECT_EQ(calls("dropUserContext", "", "ok"), 2);
  closed.close();  // once is enough
  EXPECT_EQ(calls("dropUserContext"), 2);
}

TEST_F(SessionEndTest, a_connection_that_opened_no_session_ends_none) {
  { Connection unused = connect(); }
  {
    Connection first = connect();
    (void)run(first);
    Connection without = connect();
    without.health_check();
    without.close();
    EXPECT_EQ(calls("dropUserContext"), 0);
  }
  EXPECT_EQ(calls("dropUserContext"), 1);
}

TEST_F(SessionEndTest, a_session_on_which_a_query_lives_ends_with_the_query) {
  std::optional<Cursor> cursor;
  {
    Connection connection = connect();
    cursor = connection.cursor();
    cursor->execute("select 1 /* rows=3 batches=3 */");
  }
  EXPECT_EQ(sessions(), 1);
  EXPECT_EQ(drain(*cursor), 3);
  cursor->clear();
  EXPECT_EQ(sessions(), 0);
  EXPECT_EQ(calls("", "", "denied"), 0);
}

TEST_F(SessionEndTest, a_session_whose_last_query_fails_after_the_close_ends_with_it) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.prepare("insert into t values (1)");
  connection.close();
  EXPECT_EQ(sessions(), 1);
  command("error --method executeStatementV2 --code INVALID_ARGUMENT --details no --count 1");
  EXPECT_THROW(cursor.execute_prepared(), QueryError);
  EXPECT_EQ(total("queries_open"), 0);
  EXPECT_EQ(sessions(), 0);
}

TEST_F(SessionEndTest, a_session_that_was_replaced_ends_too) {
  Connection connection = connect();
  (void)run(connection);
  // The host forgets the colour, and the next call finds it by an authentication of its own.
  connection.coordinator().clear();
  (void)run(connection);
  EXPECT_EQ(calls("authenticate", "", "ok"), 2);
  EXPECT_EQ(sessions(), 1);
  connection.close();
  EXPECT_EQ(sessions(), 0);
}

TEST_F(SessionEndTest, nothing_is_sent_to_a_colour_that_is_gone) {
  Connection connection = connect();
  Cursor on_blue = connection.cursor();
  on_blue.execute("select 1");
  command("switch green abrupt");
  (void)run(connection);
  connection.close();
  EXPECT_THROW(on_blue.execute("select 1"), UsageError);
  EXPECT_EQ(calls("dropUserContext", "blue"), 0);
  EXPECT_EQ(calls("dropUserContext", "green", "ok"), 1);
  EXPECT_EQ(sessions(), 0);
}

TEST_F(SessionEndTest, the_end_of_a_connection_does_not_wait_for_a_silent_engine) {
  std::vector<Connection> all;
  for (int i = 0; i < 2; ++i) {
    all.push_back(connect());
    (void)run(all.back());
  }
  command("latency --method dropUserContext --ms 60000");
  all.clear();
  // Whoever waits for the answers comes back after the engine has given them.
  EXPECT_EQ(calls("dropUserContext"), 0);
}

TEST_F(SessionEndTest, a_suspended_cluster_is_not_woken_to_end_a_session) {
  {
    Connection connection = connect();
    (void)run(connection);
    command("suspend");
  }
  EXPECT_EQ(calls("dropUserContext"), 1);
  EXPECT_EQ(calls("cluster.resume") + calls("cluster.status"), 0);
}

TEST_F(SessionEndTest, a_session_that_only_verified_a_doubtful_error_ends_at_once) {
  Connection connection = connect();
  (void)run(connection);
  command(
      "error --method prepareStatementV2 --code INTERNAL --details \"bad value 'status: 456'\" "
      "--count 1");
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select 1"), QueryError);
  EXPECT_EQ(calls("authenticate", "", "ok"), 2);
  EXPECT_EQ(sessions(), 1);
}

TEST_F(SessionEndTest, nothing_is_sent_over_a_channel_that_cannot_connect) {
  RawEngine::Answer session;
  session.response = Wire().text(1, "s");
  auto engine = std::make_unique<RawEngine>([&](const RawCall&) { return session; });
  ConnectionOptions options = options_for(engine->target(), directory_);
  options.connect_timeout = std::chrono::seconds(1);
  Connection connection(options);
  connection.connect();
  engine = nullptr;
  EXPECT_THROW((void)connection.tables("s"), ConnectionError);
  const auto before = connection.statistics().calls;
  connection.close();
  EXPECT_EQ(connection.statistics().calls, before);
}

TEST_F(SessionEndTest, a_connection_that_is_told_so_leaves_its_session) {
  ConnectionOptions options = this->options();
  options.end_sessions = false;
  {
    Connection connection(options);
    (void)run(connection);
    connection.reset_properties();
    (void)run(connection);
  }
  EXPECT_EQ(calls("dropUserContext"), 0);
  EXPECT_EQ(sessions(), 2);
}

// Without a segment each thread knows the colour by itself; the one that closes may not know it.
TEST_F(SessionEndTest, a_thread_that_knows_no_colour_ends_the_session_of_another) {
  ConnectionOptions options = this->options();
  options.shared.share = false;
  Connection connection(options);
  std::jthread([&] { (void)run(connection); }).join();
  ASSERT_EQ(sessions(), 1);
  connection.close();
  EXPECT_EQ(sessions(), 0);
}

}  // namespace
}  // namespace e6::client::test
