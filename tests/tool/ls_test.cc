#include <string>

#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Ls = ToolTest;

TEST_F(Ls, nothing_there_is_fine) {
  const auto outcome = run({"ls"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("no segment"), std::string::npos) << outcome.out;
  EXPECT_EQ(run({"ls", "--json"}).json()["segments"].size(), 0U);
}

TEST_F(Ls, every_segment_has_a_line_with_its_cluster_and_colour) {
  const auto blue = attach_on(Strategy::kBlue, "one:80");
  const auto green = attach_on(Strategy::kGreen, "two:80");
  const auto outcome = run({"ls"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  for (const char* part : {"CLUSTER", "one:80", "two:80", "blue", "green"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << outcome.out;
  }
  const auto json = run({"ls", "--json"}).json();
  ASSERT_EQ(json["segments"].size(), 2U);
  EXPECT_EQ(json["segments"][0]["participants"]["alive"], 1);
}

TEST_F(Ls, files_that_are_no_segments_are_left_out) {
  const auto coordinator = attach();
  write_file((segments_ / "something else").string(), "x");
  EXPECT_EQ(run({"ls", "--all", "--json"}).json()["segments"].size(), 1U);
}

}  // namespace
}  // namespace e6::tool::test
