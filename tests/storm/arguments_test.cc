#include "arguments.h"

#include <gtest/gtest.h>

namespace e6::storm {
namespace {

using namespace std::chrono_literals;

std::variant<Arguments, Ending> parse(std::vector<const char*> words) {
  words.insert(words.begin(), {"e6-storm", "--target", "engine:80", "--user", "u", "--password", "p"});
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

TEST(Arguments, say_little_and_get_a_storm_of_four_workers_for_ten_seconds) {
  const auto parsed = parse({});
  const auto* arguments = std::get_if<Arguments>(&parsed);
  ASSERT_NE(arguments, nullptr) << std::get<Ending>(parsed).text;
  EXPECT_EQ(arguments->workers, 4);
  EXPECT_EQ(arguments->seconds, 10s);
  EXPECT_EQ(arguments->connection.host, "engine");
  EXPECT_EQ(arguments->connection.port, 80);
  EXPECT_EQ(arguments->connection.shared.cluster, "engine:80");
}

TEST(Arguments, take_several_commands_and_sort_them_by_their_time) {
  const auto parsed = parse({"--at", "3s", "later", "--workers", "2", "--at", "500ms", "sooner --with words"});
  const auto* arguments = std::get_if<Arguments>(&parsed);
  ASSERT_NE(arguments, nullptr) << std::get<Ending>(parsed).text;
  ASSERT_EQ(arguments->appointments.size(), 2U);
  EXPECT_EQ(arguments->appointments[0].command, "sooner --with words");
  EXPECT_EQ(arguments->appointments[0].at, 500ms);
  EXPECT_EQ(arguments->appointments[1].command, "later");
  EXPECT_EQ(arguments->workers, 2);
}

TEST(Arguments, an_ipv6_target_stands_in_brackets) {
  const char* words[] = {"e6-storm", "--target", "[::1]:90", "--user", "u", "--password", "p"};
  const auto parsed = parse_arguments(7, words);
  const auto* arguments = std::get_if<Arguments>(&parsed);
  ASSERT_NE(arguments, nullptr);
  EXPECT_EQ(arguments->connection.host, "::1");
  EXPECT_EQ(arguments->connection.port, 90);
}

TEST(Arguments, help_is_no_mistake) {
  const auto parsed = parse({"--help"});
  const auto* ending = std::get_if<Ending>(&parsed);
  ASSERT_NE(ending, nullptr);
  EXPECT_EQ(ending->status, 0);
  EXPECT_NE(ending->text.find("--reexecute-lost"), std::string::npos);
}

}  // namespace
}  // namespace e6::storm
