// What an engine writes into its errors, and what becomes of it in errors and log lines.
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "e6/client/log.h"
#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

constexpr const char* kSession = "session-8f14e45fceea";

// Keeps the messages themselves, whatever bytes are in them.
class Messages final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> take() {
    const std::lock_guard guard(mutex_);
    return std::exchange(messages_, {});
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    messages_.emplace_back(message.payload.data(), message.payload.size());
  }
  void flush_() override {}
  std::vector<std::string> messages_;
};

bool has_control(const std::string& text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

std::string method_of(const RawCall& call) {
  return call.path.substr(call.path.rfind('/') + 1);
}

class SecretsTest : public ::testing::Test {
 protected:
  SecretsTest() {
    auto logger = std::make_shared<spdlog::logger>("kept", messages_);
    logger->set_level(spdlog::level::trace);
    set_logger(logger);
  }
  ~SecretsTest() override { set_logger(nullptr); }

  ConnectionOptions options() {
    ConnectionOptions made = options_for(engine_.target(), directory_);
    made.user = "Dana@Example.com";
    made.password = "p/w 4711";
    made.impersonated_user = "victor";
    made.max_retry_attempts = 2;
    made.operation_timeout = std::chrono::seconds(5);
    return made;
  }

  // What the calls named `method` are answered with from here on.
  void fail(std::string method, int code, std::string details) {
    const std::lock_guard guard(mutex_);
    failing_ = std::move(method);
    failure_ = {code, std::move(details), ""};
  }
  void announce(std::string strategy) {
    const std::lock_guard guard(mutex_);
    announced_ = std::move(strategy);
  }

  struct Said {
    std::string what;
    std::string details;
  };
  template <class Call>
  static Said error_of(Call&& call) {
    try {
      call();
    } catch (const Error& error) {
      return {error.what(), error.details()};
    }
    ADD_FAILURE() << "no error";
    return {};
  }

  std::mutex mutex_;
  std::string failing_;
  RawEngine::Answer failure_;
  std::string announced_;
  std::shared_ptr<Messages> messages_ = std::make_shared<Messages>();
  SegmentDirectory directory_;
  RawEngine engine_{[this](const RawCall& call) {
    const std::string method = method_of(call);
    const std::lock_guard guard(mutex_);
    if (method == failing_) return failure_;
    Wire wire;
    if (method == "authenticate") wire.text(1, kSession);
    if (method == "prepareStatementV2")
      wire.text(1, "7.7.7.7").text(2, "query-9").text(3, kSession);
    if (method == "prepareStatementV2" && !announced_.empty()) wire.text(4, announced_);
    return RawEngine::Answer{0, "", wire};
  }};
};

TEST_F(SecretsTest, a_secret_that_stands_where_a_long_text_is_cut_leaves_no_part_behind) {
  Connection connection(options());
  Cursor cursor = connection.cursor();
  for (const std::size_t before : {4080U, 4090U, 2040U, 4095U}) {
    fail("executeStatementV2", 13, std::string(before, 'x') + kSession + std::string(500, 'y'));
    const Said said = error_of([&] { cursor.execute("select 1"); });
    EXPECT_EQ(said.details.find("sess"), std::string::npos) << before;
    EXPECT_EQ(said.what.find("xs"), std::string::npos) << before;
    EXPECT_NE(said.details.find("x***y"), std::string::npos) << before;
  }
}

TEST_F(SecretsTest, a_long_text_is_whole_in_the_details_and_short_in_the_sentence) {
  Connection connection(options());
  Cursor cursor = connection.cursor();
  fail("executeStatementV2", 13, std::string(6000, 'x') + "the end");
  const Said said = error_of([&] { cursor.execute("select 1"); });
  EXPECT_EQ(said.details, std::string(6000, 'x') + "the end");
  EXPECT_LT(said.what.size(), 4096U);
  EXPECT_NE(said.what.find("(cut"), std::string::npos) << said.what;
}

TEST_F(SecretsTest,
       every_credential_and_every_session_of_the_connection_is_blotted_out_in_any_call) {
  Connection connection(options());
  connection.connect();
  // The call needs no session, and does not know it; the engine does.
  fail("getCataloges", 13,
       std::string("dana@example.com as Victor with p%2Fw%204711 in ") + kSession);
  const Said said = error_of([&] { (void)connection.catalogs(); });
  EXPECT_EQ(said.details, "*** as *** with *** in ***");
  EXPECT_NE(said.what.find(said.details), std::string::npos) << said.what;
}

TEST_F(SecretsTest, no_line_feed_or_control_byte_of_an_engine_gets_into_a_sentence_or_a_log_line) {
  const std::string nasty = "first\nsecond\r\x1b[2J\x07 \x7f\xc2\x9b end";
  ConnectionOptions made = options();
  made.auto_resume = true;
  made.resume_timeout = std::chrono::seconds(1);
  Connection connection(made);
  connection.connect();
  Cursor cursor = connection.cursor();
  announce("ma\nuve\x1b");
  cursor.execute("select 1");
  std::vector<std::string> sentences;
  const auto expect_error = [&](const char* method, int code, const std::string& details,
                                auto&& call) {
    fail(method, code, details);
    sentences.push_back(error_of(call).what);
    fail("", 0, "");
  };
  const CallOptions soon{.timeout = std::chrono::seconds(1)};
  expect_error("getNextResultBatch", 2, "status: 456 " + nasty,
               [&] { (void)cursor.fetch_batch(soon); });
  expect_error("prepareStatementV2", 3, nasty, [&] { cursor.execute("select 1", soon); });
  expect_error("prepareStatementV2", 14, nasty, [&] { cursor.execute("select 1", soon); });
  expect_error("prepareStatementV2", 2, "status: 456 " + nasty,
               [&] { cursor.execute("select 1", soon); });
  cursor.execute("select 1");
  fail("clearOrCancelQuery", 13, nasty);
  cursor.execute("select 1");  // logs that the query before could not be cleared
  sentences.push_back(error_of([&] { cursor.clear(); }).what);
  expect_error("authenticate", 16, nasty, [&] {
    Connection other(made);
    other.connect(soon);
  });
  for (const std::string& sentence : sentences) {
    EXPECT_FALSE(has_control(sentence)) << sentence;
    EXPECT_EQ(sentence.find("\xc2\x9b"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("first\\nsecond\\r\\x1b[2J\\x07 \\x7f\\u{009b} end"), std::string::npos)
        << sentence;
  }
  std::size_t escaped = 0;
  for (const std::string& message : messages_->take()) {
    EXPECT_FALSE(has_control(message)) << message;
    EXPECT_EQ(message.find("\xc2\x9b"), std::string::npos) << message;
    if (message.find("\\n") != std::string::npos) ++escaped;
  }
  EXPECT_GT(escaped, 3U);
}

TEST_F(SecretsTest, the_engines_words_stay_as_they_are_in_the_details) {
  Connection connection(options());
  Cursor cursor = connection.cursor();
  fail("executeStatementV2", 13, "line 1\nline 2");
  EXPECT_EQ(error_of([&] { cursor.execute("select 1"); }).details, "line 1\nline 2");
}

}  // namespace
}  // namespace e6::client::test
