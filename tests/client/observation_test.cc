// What the application can see of its calls, and what nobody may see.
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <vector>

#include "e6/client/call_observer.h"
#include "e6/client/log.h"
#include "scene.h"

namespace e6::client::test {
namespace {

class Recorder final : public CallObserver {
 public:
  struct Entry {
    std::string target, method;
    Strategy strategy;
    Epoch epoch;
    int code;
    std::chrono::nanoseconds duration;
  };
  void on_call(const CallRecord& call) noexcept override {
    const std::lock_guard guard(mutex_);
    entries_.push_back({std::string(call.target), std::string(call.method), call.strategy, call.epoch, call.code, call.duration});
  }
  std::vector<Entry> entries() {
    const std::lock_guard guard(mutex_);
    return entries_;
  }

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

class ObservationTest : public Scene {
 protected:
  ObservationTest() {
    auto logger = std::make_shared<spdlog::logger>("captured", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_));
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%l|%v");
    set_logger(logger);
  }
  ~ObservationTest() override { set_logger(nullptr); }
  ConnectionOptions watched() {
    ConnectionOptions made = options();
    made.observer = recorder_;
    return made;
  }
  std::shared_ptr<Recorder> recorder_ = std::make_shared<Recorder>();
  std::ostringstream lines_;
};

TEST_F(ObservationTest, the_observer_hears_of_every_call_with_its_colour_code_and_duration) {
  e6::sim::EngineOptions green;
  green.active = e6::sim::Colour::kGreen;
  start(green);
  Connection connection(watched());
  command("latency --method getTablesV2 --ms 20");
  (void)connection.tables("s");
  run(connection, "select 1 /* fetch_ms=0 */");
  const auto heard = recorder_->entries();
  EXPECT_EQ(heard.size(), connection.statistics().calls);
  EXPECT_EQ(static_cast<int>(heard.size()), calls(""));
  ASSERT_GE(heard.size(), 3U);
  EXPECT_EQ(heard[0].method, "authenticate");
  EXPECT_EQ(heard[0].strategy, Strategy::kBlue);
  EXPECT_EQ(heard[0].code, 2);
  EXPECT_EQ(heard[0].target, engine().target());
  EXPECT_EQ(heard[1].strategy, Strategy::kGreen);
  EXPECT_EQ(heard[1].code, 0);
  EXPECT_EQ(heard[2].method, "getTablesV2");
  EXPECT_GE(heard[2].duration, std::chrono::milliseconds(20));
  EXPECT_EQ(heard[2].epoch.active, connection.coordinator().snapshot().epoch.active);
  EXPECT_EQ(heard.back().method, "clearOrCancelQuery");
}

TEST_F(ObservationTest, each_call_is_one_debug_line_with_colour_epoch_duration_and_code) {
  Connection connection = connect();
  run(connection);
  const std::string all = lines_.str();
  const std::regex line("debug\\|127\\.0\\.0\\.1:\\d+: (\\w+) on blue in epoch \\d+ took \\d+ us: OK\n");
  EXPECT_EQ(static_cast<std::uint64_t>(std::distance(std::sregex_iterator(all.begin(), all.end(), line), std::sregex_iterator())),
            connection.statistics().calls)
      << all;
}

TEST_F(ObservationTest, every_exception_about_the_strategy_carries_the_hosts_latest_events) {
  ConnectionOptions few = options();
  few.max_retry_attempts = 2;
  few.auto_resume = false;
  Connection connection(few);
  connection.connect();
  int seen = 0;
  const auto expect_events = [&](const char* what, auto&& work) {
    try {
      work();
      ADD_FAILURE() << what << ": no error";
    } catch (const Error& error) {
      ++seen;
      ASSERT_FALSE(error.events().empty()) << what;
      EXPECT_LE(error.events().size(), 16U) << what;
      bool detected = false;
      for (const Event& event : error.events()) detected |= event.kind == EventKind::kDetected;
      EXPECT_TRUE(detected) << what;
    }
  };
  const auto query = [&] { (void)connection.schemas(); };
  command("error --method getSchemaNamesV2 --code INVALID_ARGUMENT --details no --count 1");
  expect_events("QueryError", query);
  command("error --method getSchemaNamesV2 --code UNAVAILABLE --details 'Socket closed' --count 2");
  expect_events("ConnectionError", query);
  command("latency --method getSchemaNamesV2 --ms 5000");
  expect_events("TimeoutError", [&] { (void)connection.schemas({}, {.timeout = std::chrono::milliseconds(50)}); });
  command("latency --method getSchemaNamesV2 --ms 0");
  std::stop_source stop;
  stop.request_stop();
  expect_events("CancelledError", [&] { (void)connection.schemas({}, {.stop = stop.get_token()}); });
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  command("switch green abrupt");
  expect_events("QueryLostError", [&] { (void)cursor.fetch_batch(); });
  command("suspend");
  expect_events("ClusterSuspendedError", query);
  command("resume --takes 0ms");
  command("refuse-both --for 30s");
  expect_events("AuthenticationError", [&] { (void)connection.schemas({}, {.timeout = std::chrono::seconds(1)}); });
  EXPECT_EQ(seen, 7);
}

// Everything secret goes through every call once, in good and in bad times; then all that is left behind is searched.
TEST_F(ObservationTest, no_credential_session_or_statement_is_in_logs_records_events_or_segments) {
  e6::sim::EngineOptions guarded;
  guarded.password = "sesame-for-friends";
  start(guarded);
  ConnectionOptions known = watched();
  known.password = guarded.password;
  std::vector<std::string> secrets{known.user, known.password, "sesame-of-strangers", "hush_statement", "hush_props", "hush_json", "hush_param", "hush_filter"};
  {
    Connection connection(known);
    Cursor cursor = connection.cursor();
    connection.set_properties("hush_props");
    cursor.execute("select 'hush_statement' /* rows=2 batches=2 */", {.parameters = {{0, "STRING", "hush_param"}}});
    secrets.push_back(cursor.handle().session_id);
    (void)cursor.metadata();
    (void)cursor.fetch_batch();
    (void)connection.dry_run("select 'hush_statement'");
    connection.analyze("select 'hush_statement'");
    connection.add_catalogs("hush_json");
    DataFrame frame = connection.data_frame({.table = "t"});
    (void)frame.filter("hush_filter = 1");
    command("revoke-sessions");
    (void)connection.schemas();
    command("switch green abrupt");
    EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
    cursor.execute("select 'hush_statement'");
    secrets.push_back(cursor.handle().session_id);
    // An engine that quotes what it was sent.
    command("error --method status --code INTERNAL --details 'bad " + secrets.back() + " of " + known.user + "' --count 1");
    EXPECT_THROW((void)cursor.status(), QueryError);
    ConnectionOptions wrong = watched();
    wrong.password = "sesame-of-strangers";
    Connection denied(wrong);
    EXPECT_THROW(denied.connect(), AuthenticationError);
    command("suspend --resume-takes 10ms");
    (void)connection.schemas();

    std::string left = lines_.str();
    EXPECT_NE(left.find("took"), std::string::npos);  // the capture works
    for (const auto& entry : recorder_->entries()) left += entry.target + ' ' + entry.method + '\n';
    for (const Event& event : connection.coordinator().recent_events(1000))
      left += std::string(reinterpret_cast<const char*>(&event), sizeof event);
    std::size_t bytes = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory_.path())) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      std::ostringstream content;
      content << in.rdbuf();
      bytes += content.str().size();
      left += content.str();
    }
    EXPECT_GT(bytes, 4096U) << "no segment was read";
    EXPECT_NE(left.find(cursor.query_id()), std::string::npos) << "a query id is no secret, and stands in the segment";
    for (const std::string& secret : secrets) {
      ASSERT_GE(secret.size(), 8U);
      EXPECT_EQ(left.find(secret), std::string::npos) << secret;
    }
  }
}

}  // namespace
}  // namespace e6::client::test
