#include <string>

#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Operate = ToolTest;

TEST_F(Operate, set_makes_a_colour_active_for_every_process) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto outcome = run({"set", "green"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(outcome.first_line().starts_with("set: blue -> green for engine:80")) << outcome.out;
  EXPECT_EQ(coordinator->snapshot().active, Strategy::kGreen);
  EXPECT_TRUE(coordinator->snapshot().usable);
}

TEST_F(Operate, set_takes_the_cluster_after_the_colour_and_tells_before_and_after_as_json) {
  const auto one = attach("one:80");
  const auto two = attach("two:80");
  const auto outcome = run({"set", "BLUE", "two:80", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto json = outcome.json();
  EXPECT_EQ(json["done"], true);
  EXPECT_EQ(json["before"]["active"], "none");
  EXPECT_EQ(json["after"]["active"], "blue");
  EXPECT_EQ(one->snapshot().active, Strategy::kNone);
  EXPECT_EQ(two->snapshot().active, Strategy::kBlue);
}

TEST_F(Operate, clear_forgets_the_colour) {
  const auto coordinator = attach_on(Strategy::kBlue);
  EXPECT_EQ(run({"clear"}).status, 0);
  EXPECT_FALSE(coordinator->snapshot().usable);
  EXPECT_EQ(coordinator->snapshot().active, Strategy::kNone);
}

TEST_F(Operate, apply_makes_the_pending_colour_active_while_a_query_keeps_its_pin) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto ticket = coordinator->begin_query();
  ASSERT_TRUE(coordinator->announce(Strategy::kGreen, coordinator->snapshot().epoch));
  ASSERT_EQ(coordinator->snapshot().active, Strategy::kBlue);
  EXPECT_EQ(run({"apply"}).status, 0);
  EXPECT_EQ(coordinator->snapshot().active, Strategy::kGreen);
  EXPECT_EQ(ticket->strategy(), Strategy::kBlue);
}

TEST_F(Operate, apply_without_a_pending_colour_does_nothing_and_says_so) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto outcome = run({"apply"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("nothing to apply"), std::string::npos) << outcome.err;
}

TEST_F(Operate, expire_makes_the_colour_unusable) {
  const auto coordinator = attach_on(Strategy::kBlue);
  EXPECT_EQ(run({"expire"}).status, 0);
  EXPECT_FALSE(coordinator->snapshot().usable);
  EXPECT_NE(run({"status"}).first_line().find("expired"), std::string::npos);
}

TEST_F(Operate, the_event_ring_keeps_what_an_operator_did) {
  const auto coordinator = attach();
  ASSERT_EQ(run({"set", "blue"}).status, 0);
  EXPECT_NE(run({"events"}).out.find("operator-set"), std::string::npos);
}

TEST_F(Operate, acting_never_makes_a_segment) {
  EXPECT_EQ(run({"set", "blue", "engine:80"}).status, 3);
  EXPECT_TRUE(std::filesystem::is_empty(segments_));
}

TEST_F(Operate, a_saved_copy_cannot_be_acted_on) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto copy = file_with("copy", read_file(coordinator->path()));
  const auto outcome = run({"set", "green", "--file", copy});
  EXPECT_EQ(outcome.status, 2) << outcome.out << outcome.err;
  EXPECT_EQ(coordinator->snapshot().active, Strategy::kBlue);
}

}  // namespace
}  // namespace e6::tool::test
