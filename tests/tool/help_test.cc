#include <string>

#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Help = ToolTest;

TEST_F(Help, every_verb_explains_itself_with_an_example_its_exit_status_and_json) {
  for (const char* verb : {"status", "events", "ls", "participants", "queries", "metrics", "save", "set",
                           "clear", "apply", "expire", "rm"}) {
    const auto outcome = run({verb, "--help"});
    EXPECT_EQ(outcome.status, 0) << verb;
    for (const std::string& part : {std::string("Example"), std::string("e6-shm ") + verb,
                                    std::string("Exit status"), std::string("--json")}) {
      EXPECT_NE(outcome.out.find(part), std::string::npos) << verb << " --help does not say " << part;
    }
  }
}

TEST_F(Help, the_programs_own_help_lists_all_verbs) {
  const auto outcome = run({"--help"});
  EXPECT_EQ(outcome.status, 0);
  for (const char* verb : {"status", "events", "ls", "participants", "queries", "metrics", "save", "set",
                           "clear", "apply", "expire", "rm"}) {
    EXPECT_NE(outcome.out.find(std::string("  ") + verb + " "), std::string::npos) << verb;
  }
}

TEST_F(Help, version_is_printed) {
  const auto outcome = run({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.out.starts_with("e6-shm ")) << outcome.out;
}

}  // namespace
}  // namespace e6::tool::test
