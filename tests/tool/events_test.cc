#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "follow.h"
#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Events = ToolTest;

bool has_kind(const nlohmann::json& events, const std::string& kind) {
  return std::any_of(events.begin(), events.end(), [&](const auto& event) { return event["kind"] == kind; });
}

TEST_F(Events, everything_that_happened_is_listed_with_who_did_it) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto outcome = run({"events", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto json = outcome.json();
  for (const char* kind : {"created", "joined", "detection-started", "detected"}) {
    EXPECT_TRUE(has_kind(json["events"], kind)) << kind << " is missing in " << outcome.out;
  }
  EXPECT_EQ(json["events"].back()["pid"], ::getpid());
  EXPECT_EQ(json["events"].back()["to"], "blue");

  const auto text = run({"events"});
  EXPECT_NE(text.out.find("none -> blue"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("pid " + std::to_string(::getpid())), std::string::npos);
}

TEST_F(Events, limit_keeps_the_newest_and_since_cuts_the_old) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto newest = run({"events", "--json", "--limit", "1"}).json();
  ASSERT_EQ(newest["events"].size(), 1U);
  EXPECT_EQ(newest["events"][0]["kind"], "detected");
  EXPECT_GE(run({"events", "--json", "--since", "5m"}).json()["events"].size(), 4U);
  EXPECT_EQ(run({"events", "--json", "--since", "2199-01-01"}).json()["events"].size(), 0U);
  EXPECT_EQ(run({"events", "--since", "2199-01-01"}).out, "no events\n");
}

TEST_F(Events, a_moment_that_nobody_understands_is_bad_usage) {
  const auto coordinator = attach();
  const auto outcome = run({"events", "--since", "yesterdayish"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("--since"), std::string::npos) << outcome.err;
}

TEST_F(Events, follow_shows_what_comes_and_ends_in_order_when_interrupted) {
  const auto coordinator = attach_on(Strategy::kBlue);
  Running follower({"events", "--follow"});
  ASSERT_TRUE(follower.wait_for("detected"));
  ASSERT_TRUE(coordinator->set(Strategy::kGreen));
  ASSERT_TRUE(follower.wait_for("blue -> green"));
  follower.interrupt();
  EXPECT_EQ(follower.finish().status, 0);
}

TEST_F(Events, follow_as_json_writes_one_object_per_line) {
  const auto coordinator = attach_on(Strategy::kBlue);
  Running follower({"events", "--follow", "--json", "--limit", "2"});
  ASSERT_TRUE(follower.wait_for("detected"));
  ASSERT_TRUE(coordinator->clear());
  ASSERT_TRUE(follower.wait_for("operator-cleared"));
  follower.interrupt();
  std::istringstream lines(follower.finish().out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(nlohmann::json::parse(line, nullptr, false).is_object()) << line;
  }
  EXPECT_GE(count, 3);
}

TEST_F(Events, follow_goes_on_when_a_new_segment_takes_the_name) {
  auto coordinator = attach_on(Strategy::kBlue);
  Running follower({"events", "--follow", coordinator->path()});
  ASSERT_TRUE(follower.wait_for("detected"));
  const std::string path = coordinator->path();
  coordinator.reset();
  ASSERT_EQ(::unlink(path.c_str()), 0);
  coordinator = attach();
  EXPECT_TRUE(follower.wait_for("a new segment stands under this name"));
  EXPECT_TRUE(follower.wait_for("created"));
}

Event event(std::uint64_t sequence) {
  Event event;
  event.sequence = sequence;
  return event;
}

TEST(Follower, tells_new_events_from_those_seen_and_counts_those_it_missed) {
  Follower follower;
  inspect::Report report;
  report.readable = true;
  report.created_realtime_ns = 1;
  report.events = {event(0), event(1)};
  EXPECT_EQ(follower.take(report).events.size(), 2U);
  EXPECT_EQ(follower.take(report).events.size(), 0U);
  report.events = {event(7), event(8)};
  const auto news = follower.take(report);
  EXPECT_EQ(news.events.size(), 2U);
  EXPECT_EQ(news.missed, 5U);
}

TEST(Follower, begins_anew_with_another_segment_and_survives_an_unreadable_moment) {
  Follower follower;
  inspect::Report report;
  report.readable = true;
  report.created_realtime_ns = 1;
  report.events = {event(4)};
  EXPECT_EQ(follower.take(report).missed, 0U);
  report.readable = false;
  EXPECT_TRUE(follower.take(report).events.empty());
  report.readable = true;
  report.created_realtime_ns = 2;
  report.events = {event(0)};
  const auto news = follower.take(report);
  EXPECT_TRUE(news.other_segment);
  EXPECT_EQ(news.events.size(), 1U);
}

}  // namespace
}  // namespace e6::tool::test
