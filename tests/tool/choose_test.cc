#include <grp.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tool_fixture.h"

namespace e6::tool::test {
namespace {

using Choose = ToolTest;

TEST_F(Choose, a_directory_without_segments_is_status_3) {
  for (const char* verb :
       {"status", "events", "participants", "queries", "metrics", "clear", "apply", "expire", "rm"}) {
    const auto outcome = run({verb});
    // processes that other tests have going work without a segment, and a scrape counts them
    if (outcome.out.find("e6_shm_processes_alone{") != std::string::npos) continue;
    EXPECT_EQ(outcome.status, 3) << verb << ": " << outcome.out << outcome.err;
    EXPECT_NE(outcome.err.find(segments_.string()), std::string::npos) << outcome.err;
  }
}

TEST_F(Choose, a_directory_that_is_not_there_is_status_3) {
  const auto outcome = run({"status", "--dir", (root_ / "nowhere").string()});
  EXPECT_EQ(outcome.status, 3) << outcome.err;
  EXPECT_FALSE(outcome.err.empty());
}

TEST_F(Choose, of_several_segments_one_must_be_named_and_the_error_lists_them) {
  const auto one = attach("one:80");
  const auto two = attach("two:80/analytics");
  const auto outcome = run({"status"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("one:80"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("two:80/analytics"), std::string::npos) << outcome.err;
  EXPECT_EQ(run({"status", "one:80"}).status, 0);
  EXPECT_EQ(run({"status", "TWO:80/Analytics"}).status, 0) << "clusters are compared in lower case";
}

TEST_F(Choose, an_unknown_cluster_is_status_3_and_the_error_lists_those_that_are_there) {
  const auto one = attach("one:80");
  const auto outcome = run({"status", "other:80"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_NE(outcome.err.find("other:80"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("one:80"), std::string::npos) << outcome.err;
}

TEST_F(Choose, a_segment_shared_with_a_group_is_found_and_acted_on_by_its_cluster) {
  const group* own = ::getgrgid(::getegid());
  if (own == nullptr) GTEST_SKIP() << "this process's group has no name";
  Options options;
  options.cluster = "engine:80";
  options.directory = segments_.string();
  options.group = own->gr_name;
  options.required = true;
  const auto attached = Coordinator::attach(options);
  ASSERT_TRUE(attached.coordinator) << attached.error.sentence();
  const auto outcome = run({"status", "engine:80"});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.first_line().find("mode 0660"), std::string::npos) << outcome.first_line();
  EXPECT_EQ(run({"set", "green", "engine:80"}).status, 0);
  EXPECT_EQ(attached.coordinator->snapshot().active, Strategy::kGreen);
}

TEST_F(Choose, a_segment_of_a_group_without_a_name_is_acted_on_by_its_cluster) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: this user's own groups have names";
  Options options;
  options.cluster = "engine:80";
  options.directory = segments_.string();
  options.group = "2000123";
  options.required = true;
  const auto attached = Coordinator::attach(options);
  ASSERT_TRUE(attached.coordinator) << attached.error.sentence();
  const auto outcome = run({"set", "green", "engine:80"});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_EQ(attached.coordinator->snapshot().active, Strategy::kGreen);
}

/// A user's own segment and a group's, of one cluster in one directory.
class TwoSegments : public ToolTest {
 protected:
  [[nodiscard]] std::shared_ptr<Coordinator> attach_to_groups() const {
    Options options;
    options.cluster = "engine:80";
    options.directory = segments_.string();
    options.group = std::to_string(::getegid());
    options.required = true;
    return Coordinator::attach(options).coordinator;
  }
};

TEST_F(TwoSegments, verbs_take_the_one_that_is_in_use) {
  auto own = attach();
  auto groups = attach_to_groups();
  const std::string path_of_own = own->path();
  const std::string path_of_groups = groups->path();
  own.reset();
  for (const std::string& cluster : {std::string("engine:80"), std::string()}) {
    std::vector<std::string> words = {"status", "--json"};
    if (!cluster.empty()) words.push_back(cluster);
    EXPECT_EQ(run(words).json()["path"], path_of_groups);
    words[0] = "participants";
    EXPECT_EQ(run(words).json()["participants"].size(), 1U);
  }
  EXPECT_EQ(run({"set", "green", "engine:80", "--json"}).json()["path"], path_of_groups);
  EXPECT_EQ(groups->snapshot().active, Strategy::kGreen);
  own = attach();
  EXPECT_EQ(own->snapshot().active, Strategy::kNone);
  groups.reset();
  EXPECT_EQ(run({"status", "--json", "engine:80"}).json()["path"], path_of_own);
}

TEST_F(TwoSegments, where_both_are_in_use_verbs_ask_and_list_both_with_how_to_name_them) {
  const auto own = attach();
  const auto groups = attach_to_groups();
  for (const char* verb : {"status", "events", "participants", "queries", "clear", "apply", "rm"}) {
    for (const bool named : {true, false}) {
      const auto outcome = named ? run({verb, "engine:80"}) : run({verb});
      EXPECT_EQ(outcome.status, 2) << verb << ": " << outcome.out << outcome.err;
      for (const std::string& part :
           {"--file " + own->path(), "--file " + groups->path(),
            "user " + std::to_string(::geteuid()), "group " + std::to_string(::getegid()),
            std::string("1 process")})
        EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
    }
  }
  EXPECT_EQ(run({"status", "--file", own->path()}).status, 0);
  EXPECT_EQ(run({"set", "blue", "--file", groups->path()}).status, 0);
  EXPECT_EQ(groups->snapshot().active, Strategy::kBlue);
  EXPECT_EQ(run({"metrics"}).status, 0) << "a scrape wants them all";
}

TEST_F(TwoSegments, where_none_is_in_use_verbs_ask_too) {
  const std::string own = attach()->path();
  const std::string groups = attach_to_groups()->path();
  const auto outcome = run({"rm", "engine:80"});
  EXPECT_EQ(outcome.status, 2) << outcome.out << outcome.err;
  for (const std::string& part : {"--file " + own, "--file " + groups, std::string("0 processes")})
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
  EXPECT_EQ(run({"rm", "--file", groups}).status, 0);
  EXPECT_EQ(run({"rm", "engine:80"}).status, 0);
}

TEST_F(TwoSegments, a_segment_of_another_cluster_beside_them_must_be_named_as_before) {
  const auto own = attach();
  const auto groups = attach_to_groups();
  const auto other = attach("other:80");
  const auto outcome = run({"status"});
  EXPECT_EQ(outcome.status, 2);
  for (const std::string& part :
       {"--file " + own->path(), "--file " + groups->path(), std::string("other:80 (")})
    EXPECT_NE(outcome.err.find(part), std::string::npos) << part << " in " << outcome.err;
  EXPECT_EQ(run({"status", "other:80"}).status, 0);
}

TEST_F(Choose, a_missing_file_is_status_3) {
  const auto outcome = run({"status", "--file", (root_ / "nothing").string()});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_NE(outcome.err.find("nothing"), std::string::npos);
}

TEST_F(Choose, a_path_in_place_of_the_cluster_is_taken_as_a_file) {
  const auto coordinator = attach();
  const auto outcome = run({"status", coordinator->path()});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.first_line().find(coordinator->path()), std::string::npos);
}

TEST_F(Choose, dir_wins_over_the_environment) {
  const auto coordinator = attach();
  const auto empty = root_ / "empty";
  std::filesystem::create_directory(empty);
  EXPECT_EQ(run({"status"}).status, 0);
  EXPECT_EQ(run({"status", "--dir", empty.string()}).status, 3);
}

TEST_F(Choose, doubled_slashes_and_single_dots_in_the_directory_change_nothing) {
  const auto coordinator = attach();
  for (const std::string& written :
       {root_.string() + "//segments", root_.string() + "/./segments/."}) {
    EXPECT_EQ(run({"status", "engine:80", "--dir", written}).status, 0) << written;
    const auto json = run({"ls", "--dir", written, "--json"}).json();
    EXPECT_EQ(json["segments"][0]["path"], coordinator->path()) << written;
    const auto outcome = run({"set", "green", "--dir", written});
    EXPECT_EQ(outcome.status, 0) << written << ": " << outcome.err;
    EXPECT_EQ(run({"clear", "engine:80", "--dir", written}).status, 0) << written;
  }
}

TEST_F(Choose, bad_usage_is_status_2) {
  EXPECT_EQ(run({}).status, 2);
  EXPECT_EQ(run({"frobnicate"}).status, 2);
  EXPECT_EQ(run({"status", "--frobnicate"}).status, 2);
  EXPECT_EQ(run({"set", "purple"}).status, 2);
  EXPECT_EQ(run({"status", "engine:80", "--file", "x"}).status, 2);
  EXPECT_EQ(run({"events", "--limit", "many"}).status, 2);
  EXPECT_EQ(run({"status", std::string(300, 'x')}).status, 2);
  EXPECT_EQ(run({"status", "engine:80", "--dir", "relative"}).status, 2);
}

TEST_F(Choose, a_failure_is_told_as_json_when_json_was_asked_for) {
  const auto outcome = run({"status", "--json"});
  EXPECT_EQ(outcome.status, 3);
  const auto json = outcome.json();
  ASSERT_TRUE(json.is_object()) << outcome.out;
  EXPECT_EQ(json["exit_status"], 3);
  EXPECT_TRUE(json["error"].is_string());
}

}  // namespace
}  // namespace e6::tool::test
