#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

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
  const std::string first = "{cluster=\"one:80\",path=\"" + one->path() + "\"";
  const std::string second = "{cluster=\"two:80\",path=\"" + two->path() + "\"";
  for (const std::string& part :
       {"e6_shm_active_strategy" + first + ",strategy=\"blue\"} 1",
        "e6_shm_participants" + second + ",alive=\"yes\"} 1",
        "e6_shm_detection_duration_seconds_count" + first + "} 1",
        "e6_shm_detection_duration_seconds_bucket" + first + ",le=\"+Inf\"} 1",
        "e6_shm_detections_total" + second + "} 1"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " is missing in\n" << outcome.out;
  }
}

/// Series, name and labels, that stand twice in a text of samples.
std::vector<std::string> repeated(const std::string& text) {
  std::set<std::string> seen;
  std::vector<std::string> twice;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const std::string series = line.substr(0, line.rfind(' '));
    if (!seen.insert(series).second) twice.push_back(series);
  }
  EXPECT_GT(seen.size(), 0U) << "no sample in: " << text;
  return twice;
}
using Strings = std::vector<std::string>;

TEST_F(Metrics, the_users_and_the_groups_segment_of_one_cluster_are_series_of_their_own) {
  const auto own = attach_on(Strategy::kBlue);
  Options options;
  options.cluster = "engine:80";
  options.directory = segments_.string();
  options.group = std::to_string(::getegid());
  options.required = true;
  const auto group = Coordinator::attach(options);
  ASSERT_TRUE(group.coordinator) << group.error.sentence();
  const auto outcome = run({"metrics"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(repeated(outcome.out), Strings{});
  for (const std::string& path : {own->path(), group.coordinator->path()})
    EXPECT_NE(outcome.out.find("e6_shm_pins{cluster=\"engine:80\",path=\"" + path + "\"} "),
              std::string::npos)
        << outcome.out;
  Strings from_json;
  const auto metrics = run({"metrics", "--json"}).json()["metrics"];
  for (const auto& metric : metrics)
    for (const auto& sample : metric["samples"])
      from_json.push_back(sample["name"].get<std::string>() + sample["labels"].dump());
  const std::size_t samples = from_json.size();
  EXPECT_EQ(std::set<std::string>(from_json.begin(), from_json.end()).size(), samples);
}

/// Whatever may stand side by side, in one text or in several that one server scrapes.
TEST(Series, are_unique_over_users_groups_layouts_directories_clusters_and_conditions) {
  std::string text;
  for (const char* directory :
       {"/dev/shm", "/mnt/\xc3\xa9", "/mnt/\xc3\xa8", "/mnt/?", "/a b", "/a\\"})
    for (const char* sharer : {"u0", "u1000", "g1000", "g2000"})
      for (const char* layout : {"v2", "v3"})
        for (const char* cluster : {"one:80", "two:80", "two:80/b"})
          for (const bool readable : {true, false}) {
            inspect::Report report;
            report.path = std::string(directory) + "/e6shm-" + layout + "-" + sharer + "-" +
                          std::to_string(std::hash<std::string>{}(cluster)) + (readable ? "" : "x");
            report.readable = readable;
            if (readable) report.cluster = cluster;
            report.totals.assign(static_cast<std::size_t>(Counter::kCount), 0);
            text += exposition(metrics_of({report}));
          }
  EXPECT_EQ(repeated(text), Strings{});
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
