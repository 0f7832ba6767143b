// Forks need a process without gRPC in it: the engine and the forking program are both programs of their own
// here.
#include <stdlib.h>

#include <sstream>
#include <string>
#include <vector>

#include "program.h"
#include "scene.h"

namespace e6::client::test {
namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

class ForkTest : public ::testing::Test {
 protected:
  std::vector<std::string> probe(const std::string& what) {
    const std::string target = engine_.target();
    const std::string port = target.substr(target.rfind(':') + 1);
    Program program({E6_FORK_PROBE_PROGRAM, "127.0.0.1", port, directory_.path(), what});
    const std::string text = program.read();
    EXPECT_EQ(program.wait(), 0) << text;
    return lines(text);
  }
  SegmentDirectory directory_;
  EngineProgram engine_;
};

TEST_F(ForkTest, a_connection_configured_before_the_fork_works_in_every_child_and_in_the_parent) {
  EXPECT_EQ(probe("configured"), std::vector<std::string>(9, "ok"));
}

// gRPC aborts a process whose poller has an empty name.
TEST_F(ForkTest, an_empty_variable_for_grpcs_poller_is_as_if_it_were_not_set) {
  ::setenv("GRPC_POLL_STRATEGY", "", 1);
  const std::vector<std::string> said = probe("closed");
  ::unsetenv("GRPC_POLL_STRATEGY");
  EXPECT_EQ(said, std::vector<std::string>(2, "ok"));
}

TEST_F(ForkTest, after_a_fork_of_a_process_that_used_grpc_calls_are_refused_with_advice_and_do_not_hang) {
  const auto said = probe("used");
  ASSERT_EQ(said.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(said[i].starts_with("ForkError: ")) << said[i];
    EXPECT_NE(said[i].find("after the fork"), std::string::npos) << said[i];
  }
  EXPECT_EQ(said[4], "parent ok");
}

TEST_F(ForkTest, a_child_neither_fetches_nor_clears_its_parents_query) {
  EXPECT_EQ(probe("open-query"), (std::vector<std::string>{"ForkError", "parent fetched"}));
}

TEST_F(ForkTest, a_child_that_closes_its_parents_connection_leaves_the_parents_session_alone) {
  EXPECT_EQ(probe("closed-in-child"),
            (std::vector<std::string>{"closed", "closed", "parent ok", "sessions 1"}));
}

TEST_F(ForkTest, a_parent_that_closed_its_connections_may_fork) {
  EXPECT_EQ(probe("closed"), std::vector<std::string>(2, "ok"));
}

TEST_F(ForkTest, a_child_begins_with_an_empty_pool_of_its_own_and_leaves_its_parents_alone) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer (GCC 12) does not make its allocator's locks anew in a forked child, where gRPC's threads then hang in an allocation";
#endif
  EXPECT_EQ(probe("pool"), std::vector<std::string>(21, "ok"));
}

}  // namespace
}  // namespace e6::client::test
