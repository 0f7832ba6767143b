// Texts that may be a refusal or a statement's own error, and what one authentication shows.
#include <atomic>
#include <thread>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

using VerifyTest = Scene;

constexpr const char* kQuoted = "'constraint violated: status: 456'";

TEST_F(VerifyTest, a_statements_error_that_quotes_a_456_is_the_statements_error) {
  Connection connection = connect();
  run(connection);
  const Epoch before = connection.coordinator().snapshot().epoch;
  command(std::string("error --method executeStatementV2 --code INTERNAL --rate 1 --details ") +
          kQuoted);
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryError);
  EXPECT_EQ(calls("executeStatementV2"), 1 + 1);
  EXPECT_EQ(calls("prepareStatementV2"), 1 + 1);
  EXPECT_EQ(calls("authenticate"), 1 + 1);
  EXPECT_EQ(connection.statistics().mismatches, 0U);
  EXPECT_EQ(connection.statistics().lost_queries, 0U);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kBlue);
  EXPECT_EQ(connection.coordinator().snapshot().epoch, before);
}

TEST_F(VerifyTest, the_error_names_the_query_and_the_cursor_still_knows_it) {
  Connection connection = connect();
  run(connection);
  command(
      "error --method executeStatementV2 --code INTERNAL --count 1 --details 'division by zero'");
  Cursor cursor = connection.cursor();
  try {
    cursor.execute("select 1/0");
    FAIL() << "no error";
  } catch (const QueryError& error) {
    EXPECT_FALSE(error.context().query_id.empty());
    EXPECT_EQ(cursor.query_id(), error.context().query_id);
  }
  EXPECT_FALSE(cursor.has_query());
  EXPECT_EQ(calls("clearOrCancelQuery", "", "ok"), 1 + 1);
  EXPECT_EQ(run(connection), 1);
}

TEST_F(VerifyTest, a_switch_that_an_engine_words_in_its_own_way_is_followed) {
  e6::sim::EngineOptions worded;
  worded.refusal_style = "text";
  start(worded);
  Connection connection = connect();
  run(connection);
  command("switch green abrupt");
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kGreen);
  EXPECT_EQ(connection.statistics().mismatches, 1U);
}

TEST_F(VerifyTest, a_statement_that_was_refused_in_own_words_is_not_sent_again) {
  struct SwitchAfterPrepare : CallObserver {
    void on_call(const CallRecord& call) noexcept override {
      if (call.method == "prepareStatementV2" && armed.exchange(false))
        engine->run("switch green abrupt");
    }
    e6::sim::Engine* engine = nullptr;
    std::atomic<bool> armed{false};
  };
  e6::sim::EngineOptions worded;
  worded.refusal_style = "text";
  start(worded);
  const auto observer = std::make_shared<SwitchAfterPrepare>();
  observer->engine = &engine();
  ConnectionOptions watched = options();
  watched.observer = observer;
  Connection connection(watched);
  run(connection);
  observer->armed = true;
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryLostError);
  EXPECT_EQ(calls("executeStatementV2"), 1 + 1);
  EXPECT_EQ(connection.statistics().mismatches, 1U);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kGreen);
  EXPECT_EQ(run(connection), 1);
}

TEST_F(VerifyTest, an_error_that_quotes_access_denied_ends_no_session) {
  Connection connection = connect();
  run(connection);
  command("error --method prepareStatementV2 --code INTERNAL --count 1 --details "
          "'table t: Access denied for role r'");
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("select * from t"), QueryError);
  EXPECT_EQ(calls("prepareStatementV2"), 1 + 1);
  EXPECT_EQ(connection.statistics().access_denied, 0U);
  EXPECT_EQ(run(connection), 1);
}

TEST_F(VerifyTest, many_threads_in_doubt_share_one_authentication_a_second) {
  Connection connection = connect();
  run(connection);
  command(std::string("error --method executeStatementV2 --code INTERNAL --rate 1 --details ") +
          kQuoted);
  const int before = calls("authenticate");
  const auto began = std::chrono::steady_clock::now();
  std::atomic<int> failed{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      Cursor cursor = connection.cursor();
      try {
        cursor.execute("insert into t values (1)");
      } catch (const QueryError&) {
        ++failed;
      }
    });
  }
  threads.clear();
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - began).count();
  EXPECT_EQ(failed, 16);
  EXPECT_LE(calls("authenticate") - before, seconds + 1);
  EXPECT_EQ(calls("executeStatementV2"), 1 + 16);
}

TEST_F(VerifyTest, without_a_segment_a_doubt_is_settled_all_the_same) {
  ConnectionOptions alone = options();
  alone.shared.share = false;
  Connection connection(alone);
  run(connection);
  command(std::string("error --method executeStatementV2 --code INTERNAL --count 1 --details ") +
          kQuoted);
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryError);
  EXPECT_EQ(connection.statistics().mismatches, 0U);
  EXPECT_EQ(run(connection), 1);
}

TEST_F(VerifyTest, an_object_store_that_throttles_suspends_no_cluster) {
  Connection connection = connect();
  run(connection);
  command("error --method executeStatementV2 --code UNAVAILABLE --count 1 --details "
          "'s3://b/k: SlowDown, status: 503, please reduce your request rate'");
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryError);
  EXPECT_EQ(calls("executeStatementV2"), 1 + 1);
  EXPECT_EQ(connection.statistics().suspensions, 0U);
  EXPECT_EQ(connection.statistics().resumes, 0U);
}

}  // namespace
}  // namespace e6::client::test
