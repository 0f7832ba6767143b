// Options: ranges, the environment, and callers of other versions.
#include <cstdlib>
#include <vector>

#include "c_abi_fixture.h"

namespace e6::c_abi_test {
namespace {

struct BadOption {
  const char* field;
  void (*spoil)(e6shm_options_t&);
  std::vector<std::string> sentence;  // what it must contain
};

TEST_F(CAbi, an_option_out_of_range_is_refused_with_its_name_its_value_and_the_range) {
  const std::vector<BadOption> cases = {
      {"cluster missing", [](e6shm_options_t& o) { o.cluster = nullptr; }, {"cluster"}},
      {"cluster too long",
       [](e6shm_options_t& o) {
         static const std::string s(201, 'x');
         o.cluster = s.c_str();
       },
       {"cluster", "200"}},
      {"directory",
       [](e6shm_options_t& o) { o.directory = "relative"; },
       {"directory", "relative", "absolute"}},
      {"ttl", [](e6shm_options_t& o) { o.ttl_ms = 59'999; }, {"ttl", "59", "60", "1800"}},
      {"ttl", [](e6shm_options_t& o) { o.ttl_ms = -1; }, {"ttl", "-", "60", "1800"}},
      {"ttl", [](e6shm_options_t& o) { o.ttl_ms = INT64_MAX; }, {"ttl", "60", "1800"}},
      {"negative_ttl", [](e6shm_options_t& o) { o.negative_ttl_ms = 99; }, {"negative", "99", "60"}},
      {"detection_timeout",
       [](e6shm_options_t& o) { o.detection_timeout_ms = 600'001; },
       {"detection", "600"}},
      {"drain_timeout", [](e6shm_options_t& o) { o.drain_timeout_ms = 1; }, {"drain", "3600"}},
      {"policy", [](e6shm_options_t& o) { o.policy = 4; }, {"policy", "4", "(3)"}},
      {"required", [](e6shm_options_t& o) { o.required = 3; }, {"required", "3", "(2)"}},
      {"share", [](e6shm_options_t& o) { o.share = -1; }, {"share", "-1", "(2)"}},
  };
  for (const BadOption& bad : cases) {
    e6shm_options_t o = options();
    bad.spoil(o);
    EXPECT_EQ(e6shm_options_check(&o), E6SHM_ERR_BAD_OPTION) << bad.field;
    e6shm_t* handle = nullptr;
    EXPECT_EQ(e6shm_attach(&o, &handle), E6SHM_ERR_BAD_OPTION) << bad.field;
    EXPECT_EQ(handle, nullptr);
    for (const std::string& part : bad.sentence)
      EXPECT_NE(std::string(e6shm_last_error()).find(part), std::string::npos)
          << bad.field << ": " << part << " in: " << e6shm_last_error();
  }
}

TEST_F(CAbi, a_group_that_does_not_exist_is_refused_by_its_name) {
  e6shm_options_t o = options();
  o.group = "no-such-group-here";
  EXPECT_EQ(e6shm_attach(&o, &first_), E6SHM_ERR_BAD_OPTION);
  EXPECT_NE(std::string(e6shm_last_error()).find("no-such-group-here"), std::string::npos)
      << e6shm_last_error();
}

TEST_F(CAbi, options_come_from_the_code_then_the_environment_then_the_default) {
  ::setenv("E6DATA_STRATEGY_CACHE_TIMEOUT", "120", 1);
  ::setenv("E6_SHM_POLICY", "when-idle", 1);
  ::setenv("E6_SHM_DIR", "/elsewhere", 1);
  e6shm_options_t o = E6SHM_OPTIONS_INIT;
  o.cluster = "engine.example:80";
  o.policy = E6SHM_POLICY_NEXT_QUERY;
  const std::int32_t status = e6shm_options_from_environment(&o);
  const std::string directory = o.directory == nullptr ? "" : o.directory;
  ::setenv("E6DATA_STRATEGY_CACHE_TIMEOUT", "5", 1);
  e6shm_options_t bad = E6SHM_OPTIONS_INIT;
  const std::int32_t refused = e6shm_options_from_environment(&bad);
  const std::string sentence = e6shm_last_error();
  ::unsetenv("E6DATA_STRATEGY_CACHE_TIMEOUT");
  ::unsetenv("E6_SHM_POLICY");
  ::unsetenv("E6_SHM_DIR");
  ASSERT_EQ(status, E6SHM_OK) << sentence;
  EXPECT_STREQ(o.cluster, "engine.example:80");
  EXPECT_EQ(directory, "/elsewhere");
  EXPECT_STREQ(o.group, "");
  EXPECT_EQ(o.ttl_ms, 120'000);
  EXPECT_EQ(o.detection_timeout_ms, 30'000);
  EXPECT_EQ(o.policy, E6SHM_POLICY_NEXT_QUERY);
  EXPECT_EQ(o.required, E6SHM_NO);
  EXPECT_EQ(o.share, E6SHM_YES);
  EXPECT_EQ(refused, E6SHM_ERR_BAD_OPTION);
  EXPECT_EQ(bad.ttl_ms, 0) << "as it was";
  for (const char* part : {"E6DATA_STRATEGY_CACHE_TIMEOUT", "5", "60", "1800"})
    EXPECT_NE(sentence.find(part), std::string::npos) << part << " in: " << sentence;
}

TEST_F(CAbi, the_options_in_force_are_those_of_the_first_attach) {
  e6shm_options_t o = options();
  o.ttl_ms = 90'000;
  o.cluster = "Engine.Example:80/C-Abi";
  ASSERT_EQ(e6shm_attach(&o, &first_), E6SHM_OK) << e6shm_last_error();
  e6shm_options_t in_force = E6SHM_OPTIONS_INIT;
  ASSERT_EQ(e6shm_options_in_force(second_handle(), &in_force), E6SHM_OK);
  EXPECT_EQ(in_force.ttl_ms, 90'000);
  EXPECT_STREQ(in_force.cluster, "engine.example:80/c-abi");
  EXPECT_EQ(in_force.directory, directory_);
  EXPECT_EQ(in_force.policy, E6SHM_POLICY_ON_COMPLETION);
}

TEST_F(CAbi, options_of_a_newer_caller_are_taken_as_long_as_their_new_fields_are_zero) {
  struct Newer {
    e6shm_options_t known;
    std::uint64_t unknown[4];
  } newer{options(), {}};
  newer.known.struct_size = sizeof newer;
  EXPECT_EQ(e6shm_options_check(&newer.known), E6SHM_OK) << e6shm_last_error();
  newer.unknown[3] = 1;
  EXPECT_EQ(e6shm_options_check(&newer.known), E6SHM_ERR_BAD_ARGUMENT);
  e6shm_options_t o = options();
  for (const std::size_t size : {std::size_t{0}, sizeof o - 1, std::size_t{4097}, SIZE_MAX}) {
    o.struct_size = size;
    EXPECT_EQ(e6shm_options_check(&o), E6SHM_ERR_BAD_ARGUMENT) << size;
    EXPECT_EQ(e6shm_options_in_force(host(), &o), E6SHM_ERR_BAD_ARGUMENT) << size;
  }
  o = options();
  o.reserved[5] = 1;
  EXPECT_EQ(e6shm_options_check(&o), E6SHM_ERR_BAD_ARGUMENT);
}

}  // namespace
}  // namespace e6::c_abi_test
