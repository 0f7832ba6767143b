#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Save = ToolTest;

TEST_F(Save, a_copy_says_what_the_segment_said_and_that_it_is_a_copy) {
  const auto coordinator = attach_on(Strategy::kGreen);
  auto ticket = coordinator->begin_query();
  ASSERT_TRUE(coordinator->bind(*ticket, "query-one", "10.0.0.7:9000").ok());
  const auto copy = (root_ / "copy.e6shm").string();
  const auto saved = run({"save", copy});
  EXPECT_EQ(saved.status, 0) << saved.err;
  EXPECT_NE(saved.out.find("engine:80"), std::string::npos) << saved.out;

  const auto outcome = run({"status", "--file", copy});
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_TRUE(outcome.first_line().starts_with("ok: active green")) << outcome.first_line();
  EXPECT_NE(outcome.first_line().find("saved copy"), std::string::npos) << outcome.first_line();
  const auto json = run({"status", "--file", copy, "--json"}).json();
  EXPECT_EQ(json["live"], false);
  EXPECT_EQ(json["state"], "Green");
  EXPECT_TRUE(json["remaining_ms"].is_null()) << "the clock of a copy stands still";
  EXPECT_EQ(json["participants"]["unknown"], 1);
  EXPECT_NE(run({"queries", "--file", copy}).out.find("query-one"), std::string::npos);
  EXPECT_NE(run({"events", "--file", copy}).out.find("detected"), std::string::npos);
  EXPECT_EQ(run({"events", "--follow", "--file", copy}).status, 2);
}

TEST_F(Save, a_copy_is_for_its_owner_only_and_replaces_nothing_unasked) {
  const auto coordinator = attach();
  const auto copy = file_with("copy", "precious");
  const auto refused = run({"save", copy});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_EQ(read_file(copy), "precious");
  EXPECT_EQ(run({"save", copy, "--force", "--json"}).json()["saved"], copy);
  struct stat file {};
  ASSERT_EQ(::stat(copy.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 2)
      << "a temporary file was left behind";
}

TEST_F(Save, a_damaged_segment_can_be_saved_too) {
  auto coordinator = attach();
  const auto path = coordinator->path();
  coordinator.reset();
  write_file(path, "broken");
  const auto copy = (root_ / "copy").string();
  EXPECT_EQ(run({"save", copy}).status, 0);
  EXPECT_EQ(read_file(copy), "broken");
}

}  // namespace
}  // namespace e6::tool::test
