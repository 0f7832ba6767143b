#include "duration.h"

#include <gtest/gtest.h>

namespace e6::storm {
namespace {

using namespace std::chrono_literals;

TEST(Duration, is_read_with_and_without_a_unit) {
  EXPECT_EQ(parse_duration("3"), 3s);
  EXPECT_EQ(parse_duration("3s"), 3s);
  EXPECT_EQ(parse_duration("2.5s"), 2500ms);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("2m"), 120s);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("86400"), 24h);
}

TEST(Duration, is_refused_when_it_is_none) {
  for (const char* text : {"", "s", "-1s", "3 s", "3h", "nan", "inf", "1e9", "3ss", "86401"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace e6::storm
