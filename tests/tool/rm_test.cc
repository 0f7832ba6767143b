#include <filesystem>
#include <string>

#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Rm = ToolTest;

TEST_F(Rm, a_segment_in_use_stays) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto outcome = run({"rm"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("1 process"), std::string::npos) << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(coordinator->path()));
}

TEST_F(Rm, an_unused_segment_goes) {
  auto coordinator = attach();
  const auto path = coordinator->path();
  coordinator.reset();
  const auto outcome = run({"rm", "engine:80"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Rm, force_removes_a_segment_in_use_and_its_process_goes_on) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto path = coordinator->path();
  const auto outcome = run({"rm", "--force", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["removed"], true);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(coordinator->snapshot().usable);
}

TEST_F(Rm, what_does_not_have_a_segments_name_is_not_ours_to_remove) {
  const auto path = file_with("precious", "data");
  EXPECT_EQ(run({"rm", "--file", path}).status, 2);
  EXPECT_EQ(run({"rm", "--force", "--file", path}).status, 2);
  EXPECT_EQ(run({"rm", "--file", segments_.string()}).status, 2);
  EXPECT_TRUE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace e6::tool::test
