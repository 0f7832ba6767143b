#include "text/duration.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

Nanos good(std::string_view text) {
  const auto parsed = parse_duration(text);
  if (const auto* wrong = std::get_if<std::string>(&parsed)) ADD_FAILURE() << *wrong;
  return std::get<Nanos>(parsed);
}

TEST(Duration, reads_every_unit) {
  EXPECT_EQ(good("250us"), 250 * kMicrosecond);
  EXPECT_EQ(good("50ms"), 50 * kMillisecond);
  EXPECT_EQ(good("2s"), 2 * kSecond);
  EXPECT_EQ(good("1.5s"), 1500 * kMillisecond);
  EXPECT_EQ(good("3m"), 180 * kSecond);
  EXPECT_EQ(good("24h"), 86400 * kSecond);
  EXPECT_EQ(good("0"), 0);
}

TEST(Duration, names_the_text_and_the_remedy_when_it_cannot_be_read) {
  for (const char* text : {"", "5", "s", "-1s", "1d", "1e3s", "nan", "25h", "1s2", " 1s", "99999999999h"}) {
    const auto parsed = parse_duration(text);
    const auto* wrong = std::get_if<std::string>(&parsed);
    ASSERT_NE(wrong, nullptr) << text;
    EXPECT_NE(wrong->find("'" + std::string(text) + "'"), std::string::npos) << *wrong;
    EXPECT_NE(wrong->find("50ms"), std::string::npos) << *wrong;
  }
}

TEST(Duration, writes_what_it_reads) {
  for (const Nanos duration : {Nanos{0}, 250 * kMicrosecond, 50 * kMillisecond, 7 * kSecond}) {
    EXPECT_EQ(good(format_duration(duration)), duration);
  }
}

}  // namespace
}  // namespace e6::sim
