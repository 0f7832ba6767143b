#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "prometheus.h"
#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Metrics = ToolTest;

TEST_F(Metrics, every_line_is_in_the_text_format_and_every_metric_is_declared_once) {
  const auto one = attach_on(Strategy::kBlue, "one:80");
  const auto two = attach_on(Strategy::kGreen, "two:80");
  const auto outcome = run({"metrics"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const std::regex sample(R"(([a-z_0-9]+)\{([a-z_]+="([^"\\]|\\.)*",?)*\} [-+0-9.e]+)");
  std::set<std::string> declared;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      const auto name = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(declared.insert(name).second) << name << " is declared twice";
    } else if (!line.starts_with("# HELP ")) {
      EXPECT_TRUE(std::regex_match(line, sample)) << line;
    }
  }
  for (const char* part : {"e6_shm_active_strategy{cluster=\"one:80\",strategy=\"blue\"} 1",
                           "e6_shm_participants{cluster=\"two:80\",alive=\"yes\"} 1",
                           "e6_shm_detection_duration_seconds_count{cluster=\"one:80\"} 1",
                           "e6_shm_detection_duration_seconds_bucket{cluster=\"one:80\",le=\"+Inf\"} 1",
                           "e6_shm_detections_total{cluster=\"two:80\"} 1"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " is missing in\n" << outcome.out;
  }
}

TEST_F(Metrics, json_holds_the_same_samples) {
  const auto coordinator = attach_on(Strategy::kBlue);
  const auto json = run({"metrics", "--json"}).json();
  ASSERT_TRUE(json.is_object());
  bool found = false;
  for (const auto& metric : json["metrics"]) {
    if (metric["name"] != "e6_shm_state") continue;
    found = true;
    EXPECT_EQ(metric["samples"].size(), 6U);
  }
  EXPECT_TRUE(found);
}

TEST_F(Metrics, a_damaged_segment_shows_as_unhealthy_beside_the_others) {
  const auto fine = attach("one:80");
  auto broken = attach("two:80");
  const auto path = broken->path();
  broken.reset();
  write_file(path, "broken");
  const auto outcome = run({"metrics"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.out.find("path=\"" + path + "\"} 0"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("e6_shm_info{cluster=\"one:80\""), std::string::npos) << outcome.out;
}

TEST(Exposition, labels_are_escaped_and_buckets_never_fall) {
  inspect::Report report;
  report.readable = true;
  report.cluster = "a\"b\\c\nd\x01";
  report.totals.assign(static_cast<std::size_t>(Counter::kCount), 0);
  report.totals[static_cast<std::size_t>(Counter::kDetectionLe50ms)] = 5;
  report.totals[static_cast<std::size_t>(Counter::kDetectionLe250ms)] = 4;  // read a moment earlier
  const auto text = exposition(metrics_of({report}));
  EXPECT_NE(text.find(R"(cluster="a\"b\\c\nd?")"), std::string::npos) << text;
  EXPECT_NE(text.find("le=\"0.25\"} 5"), std::string::npos) << text;
  EXPECT_NE(text.find("le=\"+Inf\"} 5"), std::string::npos) << text;
}

}  // namespace
}  // namespace e6::tool::test
