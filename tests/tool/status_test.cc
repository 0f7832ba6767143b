#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/segment.h"
#include "e6/shared/inspect.h"
#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Status = ToolTest;

TEST_F(Status, the_first_line_of_a_healthy_segment_answers_whether_it_is_fine) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto outcome = run({"status"});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  const std::string line = outcome.first_line();
  EXPECT_TRUE(line.starts_with("ok: active blue, pending none, expires in ")) << line;
  for (const char* part : {"1 participant", "age ", "mode 0600", "layout 2", "version ", "segment "}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " is missing in: " << line;
  }
  EXPECT_NE(line.find(coordinator->path()), std::string::npos) << line;
  EXPECT_NE(outcome.out.find("engine:80"), std::string::npos);
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos) << "colours although it is no terminal";
}

TEST_F(Status, json_says_the_same_with_stable_keys) {
  const auto coordinator = attach_on(Strategy::kGreen);
  const auto ticket = coordinator->begin_query();
  const auto outcome = run({"status", "engine:80", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto json = outcome.json();
  ASSERT_TRUE(json.is_object()) << outcome.out;
  EXPECT_EQ(json["condition"], "ok");
  EXPECT_EQ(json["cluster"], "engine:80");
  EXPECT_EQ(json["state"], "Green");
  EXPECT_EQ(json["active"], "green");
  EXPECT_EQ(json["pending"], "none");
  EXPECT_EQ(json["usable"], true);
  EXPECT_EQ(json["mode"], "0600");
  EXPECT_EQ(json["uid"], ::geteuid());
  EXPECT_EQ(json["participants"]["alive"], 1);
  EXPECT_EQ(json["in_flight"]["green"], 1);
  EXPECT_EQ(json["counters"]["detections"], 1);
  EXPECT_GT(json["remaining_ms"], 0);
}

TEST_F(Status, an_announced_colour_shows_as_transitioning) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto ticket = coordinator->begin_query();  // a query in flight keeps the transition waiting
  ASSERT_TRUE(coordinator->announce(Strategy::kGreen, coordinator->snapshot().epoch));
  const auto outcome = run({"status"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.first_line().starts_with("ok: active blue, pending green")) << outcome.first_line();
  EXPECT_NE(outcome.out.find("Transitioning"), std::string::npos) << outcome.out;
}

TEST_F(Status, both_colours_refused_is_degraded_and_says_what_to_look_at) {
  const auto coordinator = attach();
  const auto detection = coordinator->detect_begin(Coordinator::Clock::now() + std::chrono::seconds(5));
  ASSERT_TRUE(detection.lease.held());
  coordinator->detect_fail(detection.lease, ProbeFailure::kBothRefused, 2);
  const auto outcome = run({"status"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(outcome.first_line().starts_with("degraded: ")) << outcome.first_line();
  EXPECT_NE(outcome.out.find("refused blue and green"), std::string::npos) << outcome.out;
}

TEST_F(Status, a_segment_whose_processes_are_gone_is_still_fine) {
  attach_on(Strategy::kBlue).reset();
  const auto outcome = run({"status"});
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_NE(outcome.first_line().find("0 participants"), std::string::npos) << outcome.first_line();
}

TEST_F(Status, looking_changes_no_byte_of_the_segment) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto before = read_file(coordinator->path());
  ASSERT_FALSE(before.empty());
  for (const char* verb : {"status", "events", "ls", "participants", "queries", "metrics"}) {
    EXPECT_EQ(run({verb}).status, 0) << verb;
  }
  EXPECT_TRUE(before == read_file(coordinator->path()));
}

TEST_F(Status, a_name_with_control_characters_does_not_reach_the_terminal_raw) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto copy = file_with("copy\x1b[31m\n", read_file(coordinator->path()));
  const auto fine = run({"status", "--file", copy});
  EXPECT_EQ(fine.status, 0);
  EXPECT_NE(fine.first_line().find("copy\\x1b[31m\\x0a"), std::string::npos) << fine.first_line();
  const auto missing = run({"status", "--file", "\x1b[2J"});
  EXPECT_EQ(missing.status, 3);
  EXPECT_EQ((fine.out + missing.err).find('\x1b'), std::string::npos);
}

TEST_F(Status, participants_shows_this_process_with_its_program) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto outcome = run({"participants", "--json"});
  EXPECT_EQ(outcome.status, 0);
  const auto json = outcome.json();
  ASSERT_EQ(json["participants"].size(), 1U) << outcome.out;
  EXPECT_EQ(json["participants"][0]["pid"], ::getpid());
  EXPECT_EQ(json["participants"][0]["alive"], "alive");
  EXPECT_EQ(json["participants"][0]["program"], "tool_test");
  EXPECT_NE(run({"participants"}).out.find("tool_test"), std::string::npos);
}

TEST_F(Status, queries_shows_each_query_with_its_colour_and_engine) {
  const auto coordinator = attach_on(Strategy::kBlue);
  auto bound = coordinator->begin_query();
  const auto unbound = coordinator->begin_query();
  ASSERT_TRUE(bound.has_value());
  ASSERT_TRUE(coordinator->bind(*bound, "query-one\x1b[2J", "10.0.0.7:9000").ok());
  const auto text = run({"queries"});
  EXPECT_EQ(text.status, 0);
  EXPECT_NE(text.out.find("query-one?[2J"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("10.0.0.7:9000"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("(being prepared)"), std::string::npos) << text.out;
  EXPECT_EQ(text.out.find('\x1b'), std::string::npos);

  const auto json = run({"queries", "--json", "--strategy", "blue"}).json();
  ASSERT_EQ(json["queries"].size(), 2U);
  EXPECT_EQ(json["queries"][0]["strategy"], "blue");
  EXPECT_EQ(json["queries"][0]["pid"], ::getpid());
  EXPECT_EQ(run({"queries", "--json", "--strategy", "green"}).json()["queries"].size(), 0U);
}

/// As if a process of another boot had made it at this time.
void give_to_other_boot(const std::string& path, std::uint64_t created_realtime_ns) {
  layout::Header header;
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  header.boot_id[0] = header.boot_id[0] == '0' ? '1' : '0';
  header.created_realtime_ns = created_realtime_ns;
  header.checksum = core::header_checksum(header);
  file.seekp(0);
  file.write(reinterpret_cast<const char*>(&header), sizeof header);
}

TEST_F(Status, a_segment_of_another_boot_is_stale_or_another_kernels_and_a_copy_of_it_a_copy) {
  auto coordinator = attach_on(Strategy::kBlue);
  const std::string path = coordinator->path();
  const std::uint64_t made = inspect::look(path).created_realtime_ns;
  EXPECT_EQ(run({"save", (root_ / "copy").string()}).status, 0);

  give_to_other_boot(path, 1);
  EXPECT_EQ(run({"status"}).first_line().substr(0, 6), "stale:");
  give_to_other_boot(path, made);  // while this kernel runs
  give_to_other_boot((root_ / "copy").string(), made);
  const auto outcome = run({"status"});
  if (outcome.first_line().starts_with("ok"))
    GTEST_SKIP() << "this kernel does not tell its boot id";
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(outcome.first_line().starts_with("foreign: active blue")) << outcome.out;
  EXPECT_NE(outcome.first_line().find("segment of another kernel " + path), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("E6_SHM_DIR"), std::string::npos) << outcome.out;
  EXPECT_EQ(run({"status", "--json"}).json()["foreign_kernel"], true);
  EXPECT_EQ(run({"ls", "--json"}).json()["segments"][0]["condition"], "foreign");
  EXPECT_EQ(run({"set", "green"}).status, 1);
  EXPECT_EQ(run({"events", "--follow"}).status, 2);
  EXPECT_EQ(run({"status", "--file", (root_ / "copy").string()}).first_line().substr(0, 3), "ok:");
  EXPECT_EQ(run({"rm"}).status, 1);  // its participant may be alive
  EXPECT_EQ(run({"rm", "--force"}).status, 0);
}

}  // namespace
}  // namespace e6::tool::test
