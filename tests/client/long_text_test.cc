// Error texts travel as metadata, for which gRPC has a limit: how long the engine's words may be.
#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include "channel.h"
#include "classify.h"
#include "e6/client/error.h"
#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// `bytes` bytes of text with a beginning and an end.
std::string text_of(std::size_t bytes, const std::string& filling = "engine says: no. ") {
  std::string text = "begin ";
  while (text.size() + 4 < bytes) text += filling.substr(0, bytes - 4 - text.size());
  return text + " end";
}

class LongTextTest : public ::testing::Test {
 protected:
  // What arrives of `details`.
  static Reply reply_with(int code, const std::string& details) {
    const RawEngine engine([&](const RawCall&) { return RawEngine::Answer{code, details, ""}; });
    const SegmentDirectory directory;
    const ConnectionOptions options = options_for(engine.target(), directory);
    Channel channel(options);
    const auto now = std::chrono::steady_clock::now();
    CallHead head;
    head.strategy = Strategy::kBlue;
    head.at = now;
    head.deadline = now + std::chrono::seconds(20);
    return channel.health_check(head);
  }
};

TEST_F(LongTextTest, long_words_of_the_engine_arrive_whole) {
  for (const std::size_t bytes : {9'000U, 60'000U, 100'000U, 1'000'000U}) {
    const Reply reply = reply_with(code::kInternal, text_of(bytes));
    EXPECT_EQ(reply.code, code::kInternal);
    EXPECT_EQ(reply.details.size(), bytes) << reply.details.substr(0, 200);
    EXPECT_THAT(reply.details, EndsWith(" end"));
  }
}

TEST_F(LongTextTest, so_do_words_that_travel_percent_encoded) {
  const Reply reply = reply_with(code::kInternal, text_of(600'000, "\xc3\xa4\xe2\x82\xac% "));
  EXPECT_EQ(reply.code, code::kInternal);
  EXPECT_EQ(reply.details.size(), 600'000U) << reply.details.substr(0, 200);
}

TEST_F(LongTextTest, words_beyond_every_limit_are_an_error_that_says_so) {
  const Reply reply = reply_with(code::kInternal, text_of(6'000'000));
  EXPECT_NE(reply.code, code::kOk);
  EXPECT_LT(reply.details.size(), 2'000U);
  EXPECT_THAT(reply.details, HasSubstr("metadata"));
}

RawEngine::Answer answer(const RawCall& call) {
  const std::string method = call.path.substr(call.path.rfind('/') + 1);
  Wire wire;
  if (method == "authenticate") wire.text(1, "session-1").text(3, "7.7.7.1");
  if (method == "prepareStatementV2")
    wire.text(1, "7.7.7.7").text(2, "query-1").text(3, "session-1");
  if (method == "executeStatementV2" || method == "clearOrCancelQuery") wire.text(1, "session-1");
  return {0, "", wire};
}

TEST_F(LongTextTest, a_456_with_a_long_text_is_a_456) {
  const RawEngine engine([](const RawCall& call) {
    if (call.header("strategy") == "green") return answer(call);
    return RawEngine::Answer{code::kUnknown,
                             "Received http2 header with status: 456 " + text_of(100'000), ""};
  });
  const SegmentDirectory directory;
  Connection connection(options_for(engine.target(), directory));
  Cursor cursor = connection.cursor();
  EXPECT_NO_THROW(cursor.execute("select 1"));
  EXPECT_EQ(cursor.strategy(), Strategy::kGreen);
  cursor.clear();
}

TEST_F(LongTextTest, a_failed_statement_says_what_the_engine_said) {
  const RawEngine engine([](const RawCall& call) {
    if (!call.path.ends_with("/executeStatementV2")) return answer(call);
    return RawEngine::Answer{code::kInternal, text_of(60'000), ""};
  });
  const SegmentDirectory directory;
  Connection connection(options_for(engine.target(), directory));
  Cursor cursor = connection.cursor();
  try {
    cursor.execute("select 1");
    FAIL() << "no error";
  } catch (const QueryError& error) {
    EXPECT_EQ(error.code(), code::kInternal);
    EXPECT_EQ(error.details(), text_of(60'000));
  }
}

TEST_F(LongTextTest, a_text_that_is_far_too_long_is_cut_with_a_mark) {
  const RawEngine engine([](const RawCall& call) {
    if (!call.path.ends_with("/executeStatementV2")) return answer(call);
    return RawEngine::Answer{code::kInternal, text_of(1'000'000), ""};
  });
  const SegmentDirectory directory;
  Connection connection(options_for(engine.target(), directory));
  Cursor cursor = connection.cursor();
  try {
    cursor.execute("select 1");
    FAIL() << "no error";
  } catch (const QueryError& error) {
    EXPECT_THAT(error.details(), StartsWith("begin "));
    EXPECT_THAT(error.details(), EndsWith(" ... (cut, 1000000 bytes in all)"));
    EXPECT_LT(error.details().size(), 66'000U);
  }
}

}  // namespace
}  // namespace e6::client::test
