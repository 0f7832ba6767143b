#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <regex>
#include <sstream>

#include "e6/client/log.h"
#include "scene.h"

namespace e6::client::test {
namespace {

class LogTest : public Scene {
 protected:
  LogTest() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_);
    auto logger = std::make_shared<spdlog::logger>("captured", sink);
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%l|%v");
    set_logger(logger);
  }
  ~LogTest() override { set_logger(nullptr); }

  bool logged(const std::string& pattern) { return std::regex_search(lines_.str(), std::regex(pattern)); }
  int times(const std::string& pattern) {
    const std::string all = lines_.str();
    const std::regex wanted(pattern);
    return static_cast<int>(
        std::distance(std::sregex_iterator(all.begin(), all.end(), wanted), std::sregex_iterator()));
  }
  std::ostringstream lines_;
};

TEST_F(LogTest, a_detection_tells_each_colour_and_its_success_at_info) {
  e6::sim::EngineOptions green;
  green.active = e6::sim::Colour::kGreen;
  start(green);
  Connection connection = connect();
  run(connection);
  EXPECT_TRUE(logged("info\\|.*detection started")) << lines_.str();
  EXPECT_TRUE(logged("info\\|.*trying blue"));
  EXPECT_TRUE(logged("info\\|.*blue refused"));
  EXPECT_TRUE(logged("info\\|.*trying green"));
  EXPECT_TRUE(logged("info\\|.*active strategy detected: green"));
  EXPECT_TRUE(logged("debug\\|.*cached strategy set to green"));
}

TEST_F(LogTest, a_switch_tells_pending_and_completion_at_info) {
  Connection connection = connect();
  run(connection);
  command("switch green graceful --announce 5s --drain 1s");
  run(connection);
  run(connection);
  EXPECT_TRUE(logged("info\\|.*pending strategy change blue -> green")) << lines_.str();
  EXPECT_TRUE(logged("info\\|.*transition completed blue -> green"));
}

TEST_F(LogTest, a_mismatch_is_a_warning_with_its_details) {
  Connection connection = connect();
  run(connection);
  command("switch green abrupt");
  run(connection);
  EXPECT_EQ(times("warning\\|.*prepareStatementV2 refused for blue.*status: 456"), 1) << lines_.str();
  EXPECT_TRUE(logged("debug\\|.*cached strategy blue cleared: 456"));
}

TEST_F(LogTest, a_failed_detection_and_a_lost_query_are_errors) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  command("switch green abrupt");
  EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
  EXPECT_TRUE(logged("error\\|.*query .* on blue is lost")) << lines_.str();
  command("refuse-both --for 10s");
  // it served a moment ago: the client goes on looking until its time is up
  EXPECT_THROW(cursor.execute("select 1", CallOptions{.timeout = std::chrono::seconds(1)}), AuthenticationError);
  EXPECT_TRUE(logged("error\\|.*detection failed"));
}

TEST_F(LogTest, a_strange_new_strategy_is_warned_of_once) {
  Connection one = connect();
  Connection two = connect();
  command("announce mauve --for 10s");
  for (int i = 0; i < 3; ++i) {
    run(one);
    run(two);
  }
  EXPECT_EQ(times("warning\\|.*'mauve'"), 1) << lines_.str();
}

TEST_F(LogTest, no_credential_session_or_statement_is_ever_logged_or_put_into_a_segment) {
  ConnectionOptions secret = options();
  Connection connection(secret);
  Cursor cursor = connection.cursor();
  cursor.execute("select 'topsecret'");
  const std::string session = cursor.handle().session_id;
  ASSERT_FALSE(session.empty());
  std::string messages;
  command("error --method status --code INTERNAL --details 'bad " + session + " of " + secret.user +
          "' --count 1");
  try {
    (void)cursor.status();
  } catch (const Error& error) {
    messages = std::string(error.what()) + error.details();
  }
  EXPECT_NE(messages.find("bad *** of ***"), std::string::npos) << messages;
  cursor.clear();
  ConnectionOptions wrong = options();
  wrong.password = "open-sesame-123";
  Connection denied(wrong);
  command("revoke-sessions");
  EXPECT_THROW(denied.connect(), AuthenticationError);
  const std::string logs = lines_.str() + messages;
  for (const std::string& word : {session, secret.user, wrong.password, std::string("topsecret")}) {
    EXPECT_EQ(logs.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace e6::client::test
