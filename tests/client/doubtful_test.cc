// A status that may be news of the cluster is believed when one authentication says the same.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "fault_scene.h"
#include "status_table.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kEcho = "constraint violated: status = 456";

class DoubtfulTest : public FaultScene {
 protected:
  ConnectionOptions quick() {
    ConnectionOptions made = options();
    made.retry_backoff = milliseconds(1);
    made.resume_poll = milliseconds(1);
    return made;
  }
  int executed(const std::string& statement) {
    return nlohmann::json::parse(engine().stats_json())["executions"].value(statement, 0);
  }
  void start_with(const std::string& refusal_style) {
    e6::sim::EngineOptions worded;
    worded.refusal_style = refusal_style;
    start(worded);
  }
};

TEST_F(DoubtfulTest, an_error_that_never_ends_executes_a_statement_once_and_leaves_the_host_alone) {
  Connection connection(quick());
  connection.connect();
  const Epoch epoch = connection.coordinator().snapshot().epoch;
  fail_calls("executeStatementV2", kInvalidArgument, kEcho, std::nullopt, Work::kDone);
  for (int i = 0; i < 2; ++i) {
    Cursor cursor = connection.cursor();
    EXPECT_THROW(cursor.execute("insert into t values (" + std::to_string(i) + ")"), QueryError);
    EXPECT_EQ(executed("insert into t values (" + std::to_string(i) + ")"), 1);
  }
  EXPECT_EQ(calls("executeStatementV2"), 2);
  EXPECT_EQ(connection.coordinator().snapshot().epoch, epoch);
  EXPECT_EQ(connection.coordinator().counter(Counter::kMismatches), 0U);
}

// Every wording of a refusal, on every kind of call, when the colour has really gone.
TEST_F(DoubtfulTest, a_refusal_in_the_engines_own_words_is_a_switch_for_new_work) {
  for (const char* style : {"text", "upper", "bare", "empty"}) {
    SCOPED_TRACE(style);
    start_with(style);
    const SegmentDirectory own;
    ConnectionOptions options = quick();
    options.shared.directory = own.path();
    Connection connection(options);
    run(connection);
    command("reset-stats");
    command("switch green abrupt");
    EXPECT_NO_THROW(EXPECT_EQ(run(connection, "insert into t values (1)"), 1));
    EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kGreen);
    EXPECT_EQ(executed("insert into t values (1)"), 1);
    EXPECT_EQ(calls("prepareStatementV2", "blue"), 1);
    EXPECT_LE(calls("authenticate", "blue"), 1) << "more than one verification";
  }
}

TEST_F(DoubtfulTest, a_statement_that_met_one_is_lost_with_its_colour_and_not_repeated) {
  for (const char* style : {"text", "upper", "bare", "empty"}) {
    SCOPED_TRACE(style);
    start_with(style);
    const SegmentDirectory own;
    ConnectionOptions options = quick();
    options.shared.directory = own.path();
    Connection connection(options);
    Cursor cursor = connection.cursor();
    cursor.prepare("insert into t values (1)");
    const std::string id = cursor.query_id();
    command("switch green abrupt");
    try {
      cursor.execute_prepared();
      ADD_FAILURE() << "no error";
    } catch (const QueryLostError& error) {
      EXPECT_EQ(error.context().query_id, id);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    EXPECT_EQ(calls("executeStatementV2"), 1);
    EXPECT_EQ(connection.coordinator().in_flight(), 0U);
    EXPECT_EQ(run(connection, "insert into t values (2)"), 1);
    EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kGreen);
    EXPECT_EQ(executed("insert into t values (1)"), 0);
    EXPECT_EQ(calls("prepareStatementV2", "blue"), 1);  // the host knew before the second statement
  }
}

TEST_F(DoubtfulTest, a_query_that_met_one_is_lost_with_its_colour) {
  for (const char* style : {"text", "empty"}) {
    SCOPED_TRACE(style);
    start_with(style);
    const SegmentDirectory own;
    ConnectionOptions options = quick();
    options.shared.directory = own.path();
    Connection connection(options);
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* rows=4 batches=4 */");
    EXPECT_TRUE(cursor.fetch_batch());
    command("switch green abrupt");
    EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
    EXPECT_FALSE(cursor.has_query());
    EXPECT_EQ(run(connection), 1);
  }
}

TEST_F(DoubtfulTest, one_that_the_verification_cannot_settle_is_the_statements_error) {
  Connection connection(quick());
  connection.connect();
  fail_calls("executeStatementV2", kInvalidArgument, kEcho, 1, Work::kDone);
  fail_calls("authenticate", kUnavailable, "Socket closed", std::nullopt);
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("insert into t values (1)"), Error);
  command("error --clear");
  EXPECT_EQ(executed("insert into t values (1)"), 1);
  EXPECT_EQ(connection.coordinator().counter(Counter::kMismatches), 0U);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kBlue);
  EXPECT_EQ(run(connection), 1);
}

TEST_F(DoubtfulTest, a_verification_that_is_refused_as_suspended_wakes_the_cluster) {
  const std::string page = "HTTP status code 503\ninvalid content-type: text/html";
  Connection connection(quick());
  connection.connect();
  fail_calls("prepareStatementV2", kUnavailable, page, 1);
  fail_calls("authenticate", kUnavailable, page, 1);
  EXPECT_EQ(run(connection, "insert into t values (1)"), 1);
  EXPECT_GE(calls("cluster.status"), 1);
  EXPECT_EQ(executed("insert into t values (1)"), 1);
}

TEST_F(DoubtfulTest, those_of_many_threads_are_verified_at_most_once_a_second) {
  constexpr int kThreads = 8;
  constexpr int kEach = 3;
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < kThreads; ++i) {
    connections.push_back(std::make_unique<Connection>(quick()));
    connections.back()->connect();
  }
  command("reset-stats");
  fail_calls("executeStatementV2", kInvalidArgument, kEcho, std::nullopt, Work::kDone);
  const auto start = std::chrono::steady_clock::now();
  std::atomic<int> own_errors{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Cursor cursor = connections[static_cast<std::size_t>(t)]->cursor();
      for (int i = 0; i < kEach; ++i) {
        try {
          cursor.execute("insert into t values (1)");
        } catch (const QueryLostError&) {
        } catch (const QueryError&) {
          ++own_errors;
        } catch (const Error&) {
        }
      }
    });
  }
  threads.clear();
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
  EXPECT_EQ(own_errors, kThreads * kEach);
  EXPECT_EQ(executed("insert into t values (1)"), kThreads * kEach);
  EXPECT_LE(calls("authenticate"), seconds.count() + 1);
  const Coordinator& host = connections[0]->coordinator();
  EXPECT_EQ(host.counter(Counter::kMismatches), 0U);
  EXPECT_EQ(host.snapshot().active, Strategy::kBlue);
}

}  // namespace
}  // namespace e6::client::test
