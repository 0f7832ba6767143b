// A statement that was prepared and could not be executed leaves no query on the engine.
// E6_TEST_FAILURES says how many of each kind.
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cutting_proxy.h"
#include "e6/client/call_observer.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using From = CuttingProxy::From;

/// Does something when a prepare has been answered, before the statement is executed.
class AfterPrepare final : public CallObserver {
 public:
  void on_call(const CallRecord& call) noexcept override {
    if (call.method == "prepareStatementV2" && call.code == 0 && act) act();
  }
  std::function<void()> act;
};

class LeftQueriesTest : public Scene {
 protected:
  static int failures_of_each_kind() {
    const char* text = std::getenv("E6_TEST_FAILURES");
    return text == nullptr ? 200 : std::atoi(text);
  }
  CuttingProxy& proxy() {
    if (proxy_ == nullptr) proxy_ = std::make_unique<CuttingProxy>(engine().target());
    return *proxy_;
  }
  ConnectionOptions through_proxy() {
    ConnectionOptions made = options_for(proxy().target(), directory_);
    made.retry_backoff = milliseconds(1);
    made.observer = after_prepare_;
    return made;
  }
  /// Executes a statement. False if it succeeds, or fails before it has a query; else its error and
  /// the cursor name the query.
  static bool fails(Connection& connection, const std::string& sql,
                    const CallOptions& options = {}) {
    Cursor cursor = connection.cursor();
    try {
      cursor.execute(sql, options);
      return false;
    } catch (const Error& error) {
      if (error.context().call == "prepareStatementV2") return false;
      EXPECT_FALSE(error.context().query_id.empty()) << error.what();
      EXPECT_EQ(cursor.query_id(), error.context().query_id);
    }
    EXPECT_FALSE(cursor.has_query());
    return true;
  }
  /// The same until it fails, because what breaks it may come before the statement is on its way.
  static void expect_failure(Connection& connection, const std::string& sql,
                             const CallOptions& options = {}) {
    int tries = 0;
    while (!fails(connection, sql, options) && ++tries < 20) {
    }
    EXPECT_LT(tries, 20) << "no error";
  }
  /// As many failures as one kind needs, then none of their queries is open.
  void expect_nothing_left_by(const std::function<void(Connection&)>& failing) {
    Connection connection(through_proxy());
    connection.connect();
    for (int i = 0; i < failures_of_each_kind() && !HasFailure(); ++i) failing(connection);
    after_prepare_->act = nullptr;
    command("error --clear");
    EXPECT_GE(total("queries_prepared"), HasFailure() ? 0 : failures_of_each_kind());
    EXPECT_TRUE(open_queries_come_down_to(0)) << total("queries_open") << " queries are left";
    EXPECT_EQ(connection.coordinator().in_flight(), 0U);
    EXPECT_EQ(run(connection), 1);
  }

  std::shared_ptr<AfterPrepare> after_prepare_ = std::make_shared<AfterPrepare>();

 private:
  std::unique_ptr<CuttingProxy> proxy_;
};

TEST_F(LeftQueriesTest, errors_of_the_engine_leave_nothing_open) {
  command(
      "error --method executeStatementV2 --code INVALID_ARGUMENT --details 'no such column' --rate "
      "1");
  expect_nothing_left_by(
      [this](Connection& connection) { expect_failure(connection, "insert into t values (1)"); });
}

TEST_F(LeftQueriesTest, errors_after_the_statement_has_run_leave_nothing_open) {
  command(
      "error --method executeStatementV2 --late --code UNAVAILABLE --details 'try later' --rate 1");
  expect_nothing_left_by(
      [this](Connection& connection) { expect_failure(connection, "insert into t values (1)"); });
}

TEST_F(LeftQueriesTest, doubtful_errors_leave_nothing_open) {
  command(
      "error --method executeStatementV2 --late --code INTERNAL --details 'CHECK: status = 456' "
      "--rate 1");
  // A host verifies once a second: each of these is a host of its own.
  expect_nothing_left_by([this](Connection&) {
    ConnectionOptions alone = through_proxy();
    alone.shared.share = false;
    Connection connection(alone);
    expect_failure(connection, "insert into t values (1)");
  });
}

TEST_F(LeftQueriesTest, statements_that_time_out_leave_nothing_open) {
  expect_nothing_left_by([this](Connection& connection) {
    expect_failure(connection, "insert into t values (1) /* execute_ms=100 */",
                   {.timeout = milliseconds(15)});
  });
}

TEST_F(LeftQueriesTest, statements_that_are_stopped_leave_nothing_open) {
  expect_nothing_left_by([this](Connection& connection) {
    std::stop_source stop;
    after_prepare_->act = [&stop] { stop.request_stop(); };
    expect_failure(connection, "insert into t values (1) /* execute_ms=100 */",
                   {.stop = stop.get_token()});
  });
}

TEST_F(LeftQueriesTest, statements_that_lose_their_connection_leave_nothing_open) {
  expect_nothing_left_by([this](Connection& connection) {
    after_prepare_->act = [this] { proxy().cut_after(From::kEngine, 0); };
    expect_failure(connection, "insert into t values (1)");
  });
}

TEST_F(LeftQueriesTest, statements_whose_stream_is_reset_leave_nothing_open) {
  expect_nothing_left_by([this](Connection& connection) {
    after_prepare_->act = [this] { proxy().reset_streams(1, 2); };
    expect_failure(connection, "insert into t values (1)");
  });
}

TEST_F(LeftQueriesTest, a_statement_that_was_prepared_by_itself_leaves_nothing_open) {
  Connection connection(through_proxy());
  {
    Cursor cursor = connection.cursor();
    cursor.prepare("insert into t values (1)");
  }
  command("error --method executeStatementV2 --code INTERNAL --details broken --count 1");
  Cursor cursor = connection.cursor();
  cursor.prepare("insert into t values (1)");
  const std::string id = cursor.query_id();
  EXPECT_THROW(cursor.execute_prepared(), QueryError);
  EXPECT_EQ(cursor.query_id(), id);
  EXPECT_TRUE(open_queries_come_down_to(0));
  EXPECT_THROW(cursor.execute_prepared(), UsageError);
}

TEST_F(LeftQueriesTest, a_data_frame_whose_execute_fails_leaves_nothing_open) {
  Connection connection(through_proxy());
  command("error --method executeDataFrame --code INTERNAL --details broken --count 1");
  {
    DataFrame frame = connection.data_frame({.table = "t"});
    EXPECT_THROW((void)frame.execute(), QueryError);
  }
  EXPECT_TRUE(open_queries_come_down_to(0));
}

// A fault on the way must not hide why the statement failed, and the next statement finds the
// engine.
TEST_F(LeftQueriesTest, a_clear_that_fails_too_hides_nothing) {
  Connection connection(through_proxy());
  connection.connect();
  command(
      "error --method executeStatementV2 --code INVALID_ARGUMENT --details 'no such column' "
      "--count 1");
  for (const char* call : {"clearOrCancelQuery", "cancelQuery", "clear"})
    command(std::string("error --method ") + call +
            " --code INTERNAL --details 'cannot clear' --rate 1");
  Cursor cursor = connection.cursor();
  try {
    cursor.execute("insert into t values (1)");
    ADD_FAILURE() << "no error";
  } catch (const QueryError& error) {
    EXPECT_EQ(error.details(), "no such column");
  }
  command("error --clear");
  EXPECT_EQ(run(connection), 1);
}

// Nobody reaches the engine for a while: what is left there is ended when it can be reached, within
// 5 s.
TEST_F(LeftQueriesTest, an_engine_that_comes_back_is_told_what_is_left) {
  Connection connection(through_proxy());
  {
    std::vector<Cursor> cursors;
    for (int i = 0; i < 5; ++i) {
      cursors.push_back(connection.cursor());
      cursors.back().prepare("insert into t values (1)");
    }
    proxy().black_out();
    for (Cursor& cursor : cursors)
      EXPECT_THROW(cursor.execute_prepared({}, {.timeout = milliseconds(200)}), Error);
  }
  EXPECT_EQ(total("queries_open"), 5);
  proxy().pass();
  EXPECT_TRUE(open_queries_come_down_to(0)) << total("queries_open") << " queries are left";
}

}  // namespace
}  // namespace e6::client::test
