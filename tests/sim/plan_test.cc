#include "text/plan.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

Plan good(std::string_view text) {
  auto parsed = parse_plan(text);
  if (const auto* wrong = std::get_if<std::string>(&parsed)) {
    ADD_FAILURE() << *wrong;
    return {};
  }
  return std::get<Plan>(parsed);
}

std::string wrong(std::string_view text) {
  const auto parsed = parse_plan(text);
  const auto* sentence = std::get_if<std::string>(&parsed);
  return sentence == nullptr ? "" : *sentence;
}

TEST(Plan, lines_are_sorted_by_time_and_keep_their_order_at_the_same_time) {
  const Plan plan = good(
      "# a day in the life\n"
      "at 3s switch green graceful --announce 2s --drain 5s\n"
      "\n"
      "at 1s latency --ms 5   # slow\n"
      "at 3s announce 'a;b#c'; at 20s stop\r\n");
  ASSERT_EQ(plan.size(), 4U);
  EXPECT_EQ(plan[0].command.verb, Verb::kLatency);
  EXPECT_EQ(plan[1].command.verb, Verb::kSwitch);
  EXPECT_EQ(plan[2].command.text, "a;b#c");
  EXPECT_EQ(plan[3].at, 20 * kSecond);
}

TEST(Plan, nothing_is_a_plan_too) {
  EXPECT_TRUE(good(" \n ; # no more").empty());
}

TEST(Plan, a_bad_line_is_named_by_number_text_and_remedy) {
  EXPECT_EQ(wrong("at 1s stop\nswitch green")
                .rfind("plan line 2 'switch green': expected 'at DURATION COMMAND'", 0),
            0U);
  EXPECT_NE(wrong("at noon stop").find("plan line 1 'at noon stop': 'noon' is not a duration"),
            std::string::npos);
  EXPECT_NE(wrong("\n\nat 1s swich green").find("plan line 3 'at 1s swich green': unknown command"),
            std::string::npos);
  EXPECT_NE(wrong("at 1s announce 'x").find("add the missing '"), std::string::npos);
  EXPECT_NE(wrong("at 1s stats").find("ctl stats"), std::string::npos);
  EXPECT_NE(wrong("at 1s switch --help").find("leave --help out"), std::string::npos);
}

}  // namespace
}  // namespace e6::sim
