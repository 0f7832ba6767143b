#include "text/command.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

using Parts = std::vector<std::string>;

Command good(const Parts& words) {
  auto parsed = parse_command(words);
  if (const auto* problem = std::get_if<CommandProblem>(&parsed)) {
    ADD_FAILURE() << problem->text;
    return {};
  }
  return std::get<Command>(parsed);
}

std::string wrong(const Parts& words) {
  const auto parsed = parse_command(words);
  const auto* problem = std::get_if<CommandProblem>(&parsed);
  if (problem == nullptr || problem->is_help) {
    ADD_FAILURE() << "no problem";
    return {};
  }
  return problem->text;
}

TEST(Command, a_switch_is_graceful_unless_told_otherwise) {
  const Command graceful = good({"switch", "green", "--announce", "1s", "--drain", "3s"});
  EXPECT_EQ(graceful.verb, Verb::kSwitch);
  EXPECT_EQ(graceful.to, Colour::kGreen);
  EXPECT_FALSE(graceful.abrupt);
  EXPECT_EQ(graceful.announce, kSecond);
  EXPECT_EQ(graceful.drain, 3 * kSecond);
  EXPECT_TRUE(good({"switch", "blue", "abrupt"}).abrupt);
  EXPECT_FALSE(good({"switch", "other", "abrupt"}).to.has_value());
}

TEST(Command, every_verb_is_read) {
  EXPECT_EQ(good({"rollback"}).verb, Verb::kRollback);
  const Command flap = good({"flap", "--period", "50ms", "--for", "5s"});
  EXPECT_EQ(flap.period, 50 * kMillisecond);
  EXPECT_EQ(flap.duration, 5 * kSecond);
  EXPECT_EQ(good({"refuse-both", "--for", "1s"}).duration, kSecond);
  EXPECT_EQ(good({"deny", "--for", "1s"}).verb, Verb::kDeny);
  EXPECT_TRUE(good({"suspend", "--resume-fails"}).resume_fails);
  EXPECT_EQ(good({"suspend", "--resume-takes", "3s"}).resume_takes, 3 * kSecond);
  EXPECT_EQ(good({"resume"}).verb, Verb::kResume);
  EXPECT_EQ(good({"revoke-sessions"}).verb, Verb::kRevokeSessions);
  EXPECT_EQ(good({"reset-stats"}).verb, Verb::kResetStats);
  EXPECT_TRUE(good({"stats", "--json"}).json);
  EXPECT_EQ(good({"stop"}).verb, Verb::kStop);
  const Command latency = good({"latency", "--method", "fetch", "--ms", "20", "--jitter", "5"});
  EXPECT_EQ(latency.latency, 20 * kMillisecond);
  EXPECT_EQ(latency.jitter, 5 * kMillisecond);
  EXPECT_TRUE(latency.method->matches(Method::kGetNextResultBatch));
  EXPECT_FALSE(latency.method->matches(Method::kStatus));
  EXPECT_TRUE(good({"error", "--late"}).late);
  const Command error =
      good({"error", "--method", "execute", "--code", "INTERNAL", "--details", "a b", "--count", "3"});
  EXPECT_EQ(error.code, 13);
  EXPECT_EQ(error.details, "a b");
  EXPECT_EQ(error.count, 3);
  EXPECT_EQ(good({"announce", ""}).text, "");
  EXPECT_EQ(good({"announce", "purple", "--for", "1s"}).text, "purple");
  EXPECT_TRUE(good({"announce", "--off"}).clear);
}

TEST(Command, a_mistake_is_named_with_its_remedy) {
  EXPECT_EQ(wrong({"swich"}), "unknown command 'swich'; 'e6-sim ctl --help' lists them all");
  EXPECT_NE(wrong({"switch"}).find("colour"), std::string::npos);
  EXPECT_NE(wrong({"switch", "red"}).find("red"), std::string::npos);
  EXPECT_NE(wrong({"switch", "blue", "abrupt", "--drain", "1s"}).find("abrupt switch has no"),
            std::string::npos);
  EXPECT_NE(wrong({"flap", "--period", "10us", "--for", "1s"}).find("1ms or more"), std::string::npos);
  EXPECT_NE(wrong({"flap", "--period", "2s", "--for", "1s"}).find("longer"), std::string::npos);
  EXPECT_NE(wrong({"deny"}).find("--for"), std::string::npos);
  EXPECT_NE(wrong({"deny", "--for", "5"}).find("'5' is not a duration"), std::string::npos);
  EXPECT_NE(wrong({"latency", "--method", "fetsh", "--ms", "1"}).find("'fetsh' is not a method"),
            std::string::npos);
  EXPECT_NE(wrong({"error", "--code", "NOPE"}).find("'NOPE'"), std::string::npos);
  EXPECT_NE(wrong({"error", "--rate", "2"}).find("--rate"), std::string::npos);
  EXPECT_NE(wrong({"error", "--rate", "0.5", "--count", "1"}).find("--count"), std::string::npos);
  EXPECT_NE(wrong({"announce"}).find("missing"), std::string::npos);
  EXPECT_NE(wrong({"stop", "now"}).find("now"), std::string::npos);
  EXPECT_FALSE(wrong({}).empty());
}

TEST(Command, help_has_an_example_for_each_verb) {
  for (const char* verb :
       {"switch", "rollback", "flap", "refuse-both", "suspend", "resume", "deny", "revoke-sessions",
        "latency", "error", "announce", "reset-stats", "stats", "stop"}) {
    const auto parsed = parse_command({verb, "--help"});
    const auto* help = std::get_if<CommandProblem>(&parsed);
    ASSERT_NE(help, nullptr) << verb;
    EXPECT_TRUE(help->is_help);
    EXPECT_NE(help->text.find(std::string("Example:\n  e6-sim ctl ") + verb), std::string::npos)
        << help->text;
  }
}

TEST(Command, quotes_keep_words_together) {
  const auto words = split_words("error  --details 'try later' \"it's\" ''");
  EXPECT_EQ(std::get<Parts>(words), (Parts{"error", "--details", "try later", "it's", ""}));
  EXPECT_TRUE(std::holds_alternative<CommandProblem>(split_words("announce 'x")));
}

TEST(MethodFilter, chooses_by_call_by_step_or_all) {
  EXPECT_TRUE(MethodFilter::parse("all")->matches(Method::kDryRun));
  EXPECT_TRUE(MethodFilter::parse("prepare")->matches(Method::kPrepareStatementV2));
  EXPECT_TRUE(MethodFilter::parse("clear")->matches(Method::kClearOrCancelQuery));
  EXPECT_TRUE(MethodFilter::parse("getTablesV2")->matches(Method::kGetTablesV2));
  EXPECT_FALSE(MethodFilter::parse("getTablesV2")->matches(Method::kGetTables));
  EXPECT_TRUE(MethodFilter::parse("cluster.status")->matches(Method::kClusterStatus));
  EXPECT_FALSE(MethodFilter::parse("").has_value());
}

}  // namespace
}  // namespace e6::sim
