// 10,000 seeded inputs, in options and from an engine: whatever the bytes are, the process lives,
// and what is thrown is an error of the client's.
#include <gtest/gtest.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "raw_engine.h"
#include "scene.h"
#include "text/one_line.h"
#include "try_options.h"

namespace e6::client::test {
namespace {

constexpr int kInputs = 10'000;

class Bytes {
 public:
  explicit Bytes(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  // Mostly text with something in it that does not belong there.
  std::string any() {
    std::string text;
    for (auto left = below(4) == 0 ? below(300) : below(24); left > 0; --left) text += piece();
    return text;
  }

  // A URL, mostly of the right form.
  std::string url() {
    constexpr std::string_view kParts[] = {"e6data://",
                                           "u:p@",
                                           "host",
                                           ":9001",
                                           "/",
                                           "cat",
                                           "/db",
                                           "?",
                                           "cluster=",
                                           "&",
                                           "secure=true",
                                           "tls_server_name=",
                                           "[::1]",
                                           "%",
                                           "%C3%A9",
                                           "%0a",
                                           "%00",
                                           "#",
                                           "impersonated_user=",
                                           "call_timeout=5s",
                                           "\xff",
                                           "\n",
                                           "@",
                                           ":"};
    std::string text = below(8) == 0 ? "" : "u:p@h:1/a/b?cluster=";
    for (auto left = below(8); left > 0; --left)
      text += below(3) == 0 ? piece() : std::string(kParts[below(std::size(kParts))]);
    return text;
  }

 private:
  std::string piece() {
    switch (below(16)) {
      case 0:
        return std::string(1, static_cast<char>(below(32)));
      case 1:
        return "\u00e9";
      case 2:
        return below(8) == 0 ? std::string(1, static_cast<char>(128 + below(128))) : "\u2028";
      case 3:
        return std::string(1, "%:[]/?@ \\'\"\x7f"[below(12)]);
      default:
        return std::string(1, static_cast<char>(33 + below(94)));
    }
  }

  std::mt19937_64 random_;
};

TEST(AnyBytesInOptions, are_taken_or_refused_with_an_option_error) {
  Bytes bytes(20261124);
  int taken = 0;
  for (int i = 0; i < kInputs; ++i) {
    const std::string input = static_cast<char>(i) + (i % 4 == 1 ? bytes.url() : bytes.any());
    try {
      if (try_options(input) == Tried::kTaken) ++taken;
    } catch (const std::exception& error) {
      FAIL() << "input " << i << ", " << one_line(input) << ": " << error.what();
    }
  }
  EXPECT_GT(taken, kInputs / 20);
  EXPECT_LT(taken, kInputs - kInputs / 20);
}

class AnyBytesOfAnEngine : public ::testing::Test {
 protected:
  std::string sometimes(std::string_view good) {
    return bytes_.below(2) == 0 ? std::string(good) : bytes_.any();
  }

  RawEngine::Answer answer(const RawCall& call) {
    const std::lock_guard guard(mutex_);
    for (const auto& [key, value] : call.metadata)
      if (key == "plannerip") addresses_ += value.empty() ? 0 : 1;
    const std::string method = call.path.substr(call.path.rfind('/') + 1);
    if (bytes_.below(20) == 0) return {3, bytes_.any(), ""};
    Wire wire;
    if (method == "authenticate")
      wire.text(1, sometimes("session-1")).text(2, bytes_.any()).text(3, sometimes("7.7.7.1"));
    if (method == "prepareStatementV2")
      wire.text(1, sometimes("7.7.7.7"))
          .text(2, sometimes("query-1"))
          .text(3, "s")
          .text(4, bytes_.any());
    if (method == "createDataFrame") wire.text(1, sometimes("query-2"));
    if (method == "executeStatementV2" || method == "clearOrCancelQuery")
      wire.text(1, bytes_.any()).text(2, bytes_.any());
    if (method == "status") wire.number(2, 1).text(4, bytes_.any()).text(5, bytes_.any());
    return {0, "", wire};
  }

  Bytes bytes_{7};
  std::mutex mutex_;
  int addresses_ = 0;
  SegmentDirectory directory_;
  RawEngine engine_{[this](const RawCall& call) { return answer(call); }};
};

TEST_F(AnyBytesOfAnEngine, end_in_a_typed_error_of_one_line_or_in_a_query) {
  std::optional<Connection> connection;
  int queries = 0;
  int refused = 0;
  for (int i = 0; i < kInputs; ++i) {
    if (i % 16 == 0) {
      connection.emplace(options_for(engine_.target(), directory_));
      (void)engine_.take();
    }
    try {
      if (i % 8 == 7) {
        DataFrame frame = connection->data_frame({.table = "t"});
        frame.limit(1);
      } else {
        Cursor cursor = connection->cursor();
        cursor.execute("select 1");
        (void)cursor.status();
        cursor.clear();
      }
      ++queries;
    } catch (const Error& error) {
      ++refused;
      ASSERT_EQ(one_line(error.what()), error.what());
      const bool typed = dynamic_cast<const DecodeError*>(&error) != nullptr ||
                         dynamic_cast<const QueryError*>(&error) != nullptr ||
                         dynamic_cast<const AuthenticationError*>(&error) != nullptr;
      ASSERT_TRUE(typed) << error.what();
    }
    ASSERT_EQ(connection->coordinator().in_flight(), 0U);
  }
  EXPECT_GT(queries, kInputs / 20);
  EXPECT_GT(refused, kInputs / 20);
  EXPECT_GT(addresses_, 0);
}

}  // namespace
}  // namespace e6::client::test
