// Calls that take long: they survive an engine with gRPC's default ping policy, and end when the
// engine has vanished. The periods are the defaults' divided by twenty or thirty; `./run
// long-calls` takes the defaults.
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "program.h"
#include "relay.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A ping each second, which is as often as gRPC pings at all.
void hurry(ConnectionOptions& options) {
  options.channel.keepalive_time = milliseconds(1000);
  options.channel.keepalive_timeout = milliseconds(1000);
  options.channel.liveness_interval = milliseconds(600);
  options.channel.liveness_timeout = milliseconds(800);
  options.max_retry_attempts = 1;
  options.operation_timeout = seconds(50);
}

// Pings that come too late for anything, so that the health checks decide.
void hurry_without_pings(ConnectionOptions& options) {
  hurry(options);
  options.channel.keepalive_time = std::chrono::hours(1);
}

class KeepaliveTest : public Scene {
 protected:
  [[nodiscard]] ConnectionOptions hurried() {
    ConnectionOptions own = options();
    hurry(own);
    return own;
  }
  static std::string error_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const ConnectionError& error) {
      return error.what();
    } catch (const std::exception& error) {
      return std::string("no ConnectionError but ") + error.what();
    }
    return "no error";
  }
};

/// A statement that is on its way to `engine` on a thread; it takes a minute unless it fails.
class Waiting {
 public:
  Waiting(Connection& connection, const std::string& sql)
      : failure_(std::async(std::launch::async, [&connection, sql] {
          Cursor cursor = connection.cursor();
          try {
            cursor.execute(sql);
          } catch (const ConnectionError& error) {
            return std::string(error.what());
          } catch (const std::exception& error) {
            return std::string("no ConnectionError but ") + error.what();
          }
          return std::string("no error");
        })) {}
  [[nodiscard]] std::string failure() { return failure_.get(); }

 private:
  std::future<std::string> failure_;
};

/// Says when a call has been answered.
struct Answered : CallObserver {
  explicit Answered(std::string name) : name_(std::move(name)) {}
  void on_call(const CallRecord& call) noexcept override {
    if (call.method != name_) return;
    count_.fetch_add(1);
    count_.notify_all();
  }
  void wait() const { count_.wait(0); }

 private:
  const std::string name_;
  std::atomic<int> count_{0};
};

TEST_F(KeepaliveTest, a_long_statement_survives_grpcs_default_ping_policy) {
  Connection connection(hurried());
  Cursor cursor = connection.cursor();
  EXPECT_NO_THROW(cursor.execute(
      "select 1 /* execute_ms=9000 */"));  // nine pings; the fourth would be one too many
  EXPECT_EQ(drain(cursor), 1);
}

TEST_F(KeepaliveTest, statements_that_begin_one_after_the_other_survive_it_too) {
  Connection connection(hurried());
  connection.connect();
  std::vector<std::unique_ptr<Waiting>> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<Waiting>(connection, "select 1 /* execute_ms=9000 */"));
    std::this_thread::sleep_for(milliseconds(1500));  // each lets the client send two pings more
  }
  for (const auto& each : all) EXPECT_EQ(each->failure(), "no error");
}

TEST_F(KeepaliveTest, calls_that_are_answered_soon_make_no_health_check) {
  Connection connection = connect();
  run(connection);
  run(connection, "select 1 /* execute_ms=300 */");
  EXPECT_EQ(calls("healthCheck"), 0);
}

TEST_F(KeepaliveTest, threads_that_wait_on_one_connection_share_their_health_checks) {
  Connection connection(hurried());
  connection.connect();
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Waiting>> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(std::make_unique<Waiting>(connection, "select 1 /* execute_ms=3000 */"));
  for (const auto& each : all) EXPECT_EQ(each->failure(), "no error");
  const auto intervals = (std::chrono::steady_clock::now() - began) / milliseconds(600);
  EXPECT_GE(calls("healthCheck", "", "ok"), 1);
  EXPECT_LE(calls("healthCheck"), intervals + 1);
}

TEST_F(KeepaliveTest, an_engine_that_is_too_busy_for_health_checks_is_not_given_up) {
  command("latency --method healthCheck --ms 60000");
  Connection connection(hurried());
  Cursor cursor = connection.cursor();
  EXPECT_NO_THROW(cursor.execute("select 1 /* execute_ms=6000 */"));
}

TEST_F(KeepaliveTest,
       pings_that_the_engine_does_not_allow_end_in_an_error_that_names_keepalive_time) {
  ConnectionOptions eager = hurried();
  eager.channel.keepalive_without_calls = true;  // without a limit, as the Python connector pings
  eager.channel.liveness_interval = milliseconds(0);
  Connection connection(eager);
  Cursor cursor = connection.cursor();
  const std::string error = error_of([&] { cursor.execute("select 1 /* execute_ms=20000 */"); });
  EXPECT_NE(error.find("keepalive_time"), std::string::npos) << error;
  EXPECT_NE(error.find("1 s"), std::string::npos) << error;
}

TEST(VanishedPeerTest, an_engine_that_was_stopped_is_noticed_by_pings) {
  const EngineProgram engine;
  const SegmentDirectory directory;
  ConnectionOptions options = options_for(engine.target(), directory);
  hurry(options);
  const auto prepared = std::make_shared<Answered>("prepareStatementV2");
  options.observer = prepared;
  Connection connection(options);
  Waiting statement(connection, "select 1 /* execute_ms=60000 */");
  prepared->wait();
  engine.stop();
  const std::string error = statement.failure();
  EXPECT_NE(error.find("keepalive_timeout"), std::string::npos) << error;
}

TEST(VanishedPeerTest, an_engine_that_is_killed_is_a_lost_connection) {
  const EngineProgram engine;
  const SegmentDirectory directory;
  ConnectionOptions options = options_for(engine.target(), directory);
  hurry(options);
  const auto prepared = std::make_shared<Answered>("prepareStatementV2");
  options.observer = prepared;
  Connection connection(options);
  Waiting statement(connection, "select 1 /* execute_ms=60000 */");
  prepared->wait();
  std::this_thread::sleep_for(milliseconds(300));  // the statement is on its way by then
  engine.kill();
  const std::string error = statement.failure();
  EXPECT_NE(error.find("broke during executeStatementV2"), std::string::npos) << error;
}

TEST(VanishedPeerTest, a_connection_that_swallows_everything_is_noticed) {
  const EngineProgram engine;
  Relay relay(engine.target());
  const SegmentDirectory directory;
  ConnectionOptions options = options_for(relay.target(), directory);
  hurry(options);
  const auto prepared = std::make_shared<Answered>("prepareStatementV2");
  options.observer = prepared;
  Connection connection(options);
  Waiting statement(connection, "select 1 /* execute_ms=60000 */");
  prepared->wait();
  relay.swallow();
  const std::string error = statement.failure();
  EXPECT_NE(error.find("broke during executeStatementV2"), std::string::npos) << error;
}

TEST(VanishedPeerTest, where_pings_are_rare_a_health_check_without_an_answer_ends_the_wait) {
  const EngineProgram engine;
  const SegmentDirectory directory;
  ConnectionOptions options = options_for(engine.target(), directory);
  hurry_without_pings(options);
  const auto prepared = std::make_shared<Answered>("prepareStatementV2");
  options.observer = prepared;
  Connection connection(options);
  Waiting statement(connection, "select 1 /* execute_ms=60000 */");
  prepared->wait();
  engine.stop();
  const std::string error = statement.failure();
  EXPECT_NE(error.find("did not answer a health check"), std::string::npos) << error;
}

TEST(VanishedPeerTest,
     all_that_wait_on_the_connection_learn_it_and_new_work_takes_another_connection) {
  const EngineProgram engine;
  Relay relay(engine.target());
  const SegmentDirectory directory;
  ConnectionOptions options = options_for(relay.target(), directory);
  hurry_without_pings(options);
  Connection connection(options);
  connection.connect();
  const int before = relay.connections();
  std::vector<std::unique_ptr<Waiting>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(std::make_unique<Waiting>(connection, "select 1 /* execute_ms=60000 */"));
  std::this_thread::sleep_for(milliseconds(300));  // wherever each of them is by then, it must end
  relay.hold();
  for (const auto& each : all) {
    const std::string error = each->failure();
    EXPECT_NE(error.find("did not answer a health check"), std::string::npos) << error;
  }
  EXPECT_NO_THROW(connection.health_check());
  EXPECT_GT(relay.connections(), before);
}

class LifeTest : public Scene {};

TEST_F(LifeTest, any_answer_to_a_health_check_is_a_sign_of_life) {
  ConnectionOptions own = options();
  hurry_without_pings(own);
  Connection connection(own);
  for (const char* answer :
       {"--code UNIMPLEMENTED", "--code UNKNOWN --details 'Received http2 header with status: 456'",
        "--code UNAVAILABLE --details 'Received http2 header with status: 503'"}) {
    command(std::string("error --method healthCheck ") + answer);
    Cursor cursor = connection.cursor();
    EXPECT_NO_THROW(cursor.execute("select 1 /* execute_ms=3000 */")) << answer;
    cursor.clear();
    command("error --clear");
  }
  EXPECT_GE(calls("healthCheck"), 3);
  EXPECT_EQ(connection.statistics().mismatches, 0U);
}

}  // namespace
}  // namespace e6::client::test
