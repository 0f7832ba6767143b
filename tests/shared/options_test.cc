// Settings: code over environment over default, and a bad one is named with its value and its range.
#include "e6/shared/options.h"

#include <cstdlib>

#include "fixture.h"

namespace e6::shared_test {
namespace {

class Settings : public ::testing::Test {
 protected:
  static void clear() {
    for (const char* name : {"E6_SHM_DIR", "E6_SHM_GROUP", "E6DATA_STRATEGY_CACHE_TIMEOUT", "E6_SHM_NEGATIVE_TTL",
                             "E6DATA_STRATEGY_DETECTION_TIMEOUT", "E6_SHM_DRAIN_TIMEOUT", "E6_SHM_POLICY", "E6_SHM_REQUIRED",
                             "E6_SHM_SHARE", "E6_SHM_SIGBUS_GUARD", "E6_SHM_FALLBACK_WARNING"})
      ::unsetenv(name);
  }
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static Error read(const char* name, const char* value, Options* out = nullptr) {
    ::setenv(name, value, 1);
    Error error;
    const Options o = Options::from_environment(&error);
    if (out != nullptr) *out = o;
    ::unsetenv(name);
    return error;
  }
};

struct Span {
  const char* name;
  const char* least;
  const char* most;
  const char* too_little;
  const char* too_much;
  const char* range;
};
constexpr Span kSpans[] = {
    {"E6DATA_STRATEGY_CACHE_TIMEOUT", "60", "1800", "59.999", "1800.001", "between 60 and 1800 seconds"},
    {"E6_SHM_NEGATIVE_TTL", "0.1", "60", "0.0999", "60.001", "between 0.1 and 60 seconds"},
    {"E6DATA_STRATEGY_DETECTION_TIMEOUT", "1", "600", "0.9", "601", "between 1 and 600 seconds"},
    {"E6_SHM_DRAIN_TIMEOUT", "1", "3600", "0", "3601", "between 1 and 3600 seconds"},
};

TEST_F(Settings, without_an_environment_are_the_documented_defaults) {
  Error error;
  const Options o = Options::from_environment(&error);
  EXPECT_TRUE(error.ok()) << error.sentence();
  EXPECT_EQ(o.directory, "/dev/shm");
  EXPECT_EQ(o.ttl, 300s);
  EXPECT_EQ(o.negative_ttl, 1s);
  EXPECT_EQ(o.detection_timeout, 30s);
  EXPECT_EQ(o.drain_timeout, 60s);
  EXPECT_EQ(o.policy, TransitionPolicy::kOnCompletion);
  EXPECT_FALSE(o.required);
  EXPECT_TRUE(o.share);
}

TEST_F(Settings, both_ends_of_every_span_are_allowed) {
  for (const Span& s : kSpans) {
    EXPECT_TRUE(read(s.name, s.least).ok()) << s.name << " " << read(s.name, s.least).sentence();
    EXPECT_TRUE(read(s.name, s.most).ok()) << s.name << " " << read(s.name, s.most).sentence();
  }
}

TEST_F(Settings, a_span_out_of_range_is_named_with_its_value_and_its_range) {
  for (const Span& s : kSpans)
    for (const char* value : {s.too_little, s.too_much, "-1", "1e300"}) {
      const Error e = read(s.name, value);
      EXPECT_EQ(e.cause, Cause::kBadOption) << s.name << "=" << value;
      EXPECT_EQ(e.where, s.name);
      const std::string words = e.sentence();
      EXPECT_NE(words.find(s.name), std::string::npos) << words;
      EXPECT_NE(words.find("'" + std::string(value) + "'"), std::string::npos) << words;
      EXPECT_NE(words.find(s.range), std::string::npos) << words;
    }
}

TEST_F(Settings, a_span_that_is_no_number_is_named_with_its_value) {
  for (const Span& s : kSpans)
    for (const char* value : {"soon", "300s", "3OO", " 300", "300 ", "nan", "inf", "0x100"}) {
      const Error e = read(s.name, value);
      EXPECT_EQ(e.cause, Cause::kBadOption) << s.name << "=" << value;
      EXPECT_NE(e.sentence().find(s.name), std::string::npos) << e.sentence();
      EXPECT_NE(e.sentence().find(value), std::string::npos) << e.sentence();
    }
}

TEST_F(Settings, a_bad_value_leaves_the_default_in_force) {
  Options o;
  EXPECT_FALSE(read("E6DATA_STRATEGY_CACHE_TIMEOUT", "5", &o).ok());
  EXPECT_EQ(o.ttl, 300s);
}

TEST_F(Settings, an_empty_variable_counts_as_unset) {
  for (const Span& s : kSpans) EXPECT_TRUE(read(s.name, "").ok());
  Options o;
  EXPECT_TRUE(read("E6_SHM_DIR", "", &o).ok());
  EXPECT_EQ(o.directory, "/dev/shm");
}

TEST_F(Settings, the_policy_is_read_by_its_name_and_a_wrong_one_lists_the_names) {
  Options o;
  EXPECT_TRUE(read("E6_SHM_POLICY", "next-query", &o).ok());
  EXPECT_EQ(o.policy, TransitionPolicy::kNextQuery);
  EXPECT_TRUE(read("E6_SHM_POLICY", "When-Idle", &o).ok());
  EXPECT_EQ(o.policy, TransitionPolicy::kWhenIdle);
  const Error e = read("E6_SHM_POLICY", "whenever");
  EXPECT_EQ(e.cause, Cause::kBadOption);
  for (const char* word : {"E6_SHM_POLICY", "'whenever'", "on-completion", "next-query", "when-idle"})
    EXPECT_NE(e.sentence().find(word), std::string::npos) << e.sentence();
}

TEST_F(Settings, switches_are_0_or_1) {
  Options o;
  EXPECT_TRUE(read("E6_SHM_REQUIRED", "1", &o).ok());
  EXPECT_TRUE(o.required);
  EXPECT_TRUE(read("E6_SHM_SHARE", "0", &o).ok());
  EXPECT_FALSE(o.share);
  for (const char* name :
       {"E6_SHM_REQUIRED", "E6_SHM_SHARE", "E6_SHM_SIGBUS_GUARD", "E6_SHM_FALLBACK_WARNING"}) {
    const Error e = read(name, "yes");
    EXPECT_EQ(e.cause, Cause::kBadOption);
    EXPECT_NE(e.sentence().find(name), std::string::npos);
    EXPECT_NE(e.sentence().find("'yes' is neither 0 nor 1"), std::string::npos) << e.sentence();
  }
}

TEST_F(Settings, the_directory_must_be_absolute) {
  const Error e = read("E6_SHM_DIR", "shm");
  EXPECT_EQ(e.cause, Cause::kBadOption);
  EXPECT_NE(e.sentence().find("E6_SHM_DIR"), std::string::npos);
  EXPECT_NE(e.sentence().find("'shm'"), std::string::npos) << e.sentence();
}

TEST_F(Settings, the_first_bad_variable_is_the_one_that_is_told) {
  ::setenv("E6_SHM_SHARE", "maybe", 1);
  EXPECT_EQ(read("E6DATA_STRATEGY_CACHE_TIMEOUT", "1").where, "E6DATA_STRATEGY_CACHE_TIMEOUT");
}

TEST_F(Settings, options_in_code_are_checked_too) {
  const auto broken = [](auto change) {
    Options o;
    o.cluster = "c";
    change(o);
    return o.validate();
  };
  EXPECT_TRUE(broken([](Options&) {}).ok());
  EXPECT_EQ(broken([](Options& o) { o.ttl = 59'999ms; }).where, "ttl");
  EXPECT_EQ(broken([](Options& o) { o.ttl = 1'800'001ms; }).where, "ttl");
  EXPECT_EQ(broken([](Options& o) { o.negative_ttl = 99ms; }).where, "negative_ttl");
  EXPECT_EQ(broken([](Options& o) { o.detection_timeout = 0ms; }).where, "detection_timeout");
  EXPECT_EQ(broken([](Options& o) { o.drain_timeout = 3'600'001ms; }).where, "drain_timeout");
  EXPECT_EQ(broken([](Options& o) { o.cluster.clear(); }).where, "cluster");
  EXPECT_EQ(broken([](Options& o) { o.cluster.assign(201, 'c'); }).where, "cluster");
  EXPECT_TRUE(broken([](Options& o) { o.cluster.assign(200, 'c'); }).ok());
  EXPECT_EQ(broken([](Options& o) { o.cluster = "a\nb"; }).where, "cluster");
  EXPECT_EQ(broken([](Options& o) { o.directory = "here"; }).where, "directory");
  const Error e = broken([](Options& o) { o.ttl = 5s; });
  EXPECT_NE(e.sentence().find("'5' is not between 60 and 1800 seconds"), std::string::npos) << e.sentence();
}

TEST_F(Settings, an_unknown_group_is_an_error_that_names_it) {
  Options o;
  o.cluster = "c";
  o.group = "no-such-group-here";
  const auto result = Coordinator::attach(o);
  EXPECT_FALSE(result.coordinator);
  EXPECT_EQ(result.error.cause, Cause::kBadOption);
  EXPECT_NE(result.error.sentence().find("no-such-group-here"), std::string::npos) << result.error.sentence();
}

TEST_F(Settings, no_control_character_of_a_value_gets_into_the_sentence) {
  const Error error = read("E6_SHM_POLICY", "a\nb\x1b[2J\x7f");
  EXPECT_NE(error.sentence().find("'a\\x0ab\\x1b[2J\\x7f'"), std::string::npos) << error.sentence();
}

TEST_F(SharedTest, a_cluster_is_the_same_in_upper_and_lower_case) {
  auto a = attach(options("Db.Example:9000"));
  ASSERT_TRUE(detect(*a, Strategy::kGreen));
  EXPECT_EQ(attach(options("db.example:9000"))->snapshot().active, Strategy::kGreen);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(SharedTest, the_name_of_a_segment_tells_layout_user_and_cluster) {
  auto c = attach("db.example:9000/reports");
  const std::string name = c->path().substr(directory_.path().size() + 1);
  EXPECT_EQ(name.rfind("e6shm-v2-u" + std::to_string(::geteuid()) + "-db.example_9000_reports-", 0), 0U) << name;
  EXPECT_EQ(inspect::path_of("db.example:9000/reports", directory_.path(), ::geteuid()), c->path());
}

}  // namespace
}  // namespace e6::shared_test
