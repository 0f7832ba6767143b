#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "e6/client/error.h"
#include "e6/client/options.h"

namespace e6::client {
namespace {

using std::chrono::milliseconds;

ConnectionOptions good() {
  ConnectionOptions options;
  options.host = "Engine.Example";
  options.port = 9001;
  options.user = "u";
  options.password = "p";
  return options;
}

std::string refusal(ConnectionOptions options) {
  try {
    options.validate();
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Environment() { ::unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

TEST(Options, make_the_cluster_of_host_port_and_cluster_name_in_lower_case) {
  ConnectionOptions options = good();
  options.cluster_name = "Main";
  options.validate();
  EXPECT_EQ(options.cluster_name, "main");
  EXPECT_EQ(options.shared.cluster, "engine.example:9001/main");
}

TEST(Options, keep_an_explicit_cluster_id) {
  ConnectionOptions options = good();
  options.shared.cluster = "mine";
  options.validate();
  EXPECT_EQ(options.shared.cluster, "mine");
}

TEST(Options, name_the_option_the_value_and_the_range_that_is_wrong) {
  ConnectionOptions options = good();
  options.port = 70000;
  EXPECT_EQ(refusal(options), "option port is 70000; it must be from 1 to 65535");
  options = good();
  options.max_retry_attempts = 0;
  EXPECT_EQ(refusal(options), "option max_retry_attempts is 0; it must be from 1 to 100");
  options = good();
  options.connect_timeout = milliseconds(5);
  EXPECT_EQ(refusal(options), "option connect_timeout is 5 ms; it must be from 100 ms to 600 s");
  options = good();
  options.host = "http://engine";
  EXPECT_NE(refusal(options).find("'http://engine'"), std::string::npos);
  options = good();
  options.cluster_name = "a\nb";
  EXPECT_EQ(refusal(options),
            "option cluster_name is 'a\\nb', of which byte 1 (counted from 0) is 0x0a; it is sent "
            "as HTTP "
            "metadata, which carries printable ASCII only");
  options = good();
  options.database = "a\nb";
  EXPECT_NE(refusal(options).find("control character"), std::string::npos);
}

TEST(Options, want_credentials_and_never_show_them) {
  ConnectionOptions options = good();
  options.password = "";
  EXPECT_NE(refusal(options).find("option password is empty"), std::string::npos);
}

TEST(Options, refuse_certificates_that_nothing_would_use) {
  ConnectionOptions options = good();
  options.tls.roots_file = "/ca.pem";
  EXPECT_NE(refusal(options).find("tls.enabled is false"), std::string::npos);
  options.tls.enabled = true;
  options.tls.roots_pem = "x";
  EXPECT_NE(refusal(options).find("choose one"), std::string::npos);
}

TEST(Options, put_brackets_around_an_ipv6_address) {
  ConnectionOptions options = good();
  options.host = "::1";
  EXPECT_EQ(options.target(), "[::1]:9001");
}

TEST(Options, take_the_connectors_variables_from_the_environment) {
  const Environment attempts("E6DATA_MAX_RETRY_ATTEMPTS", "7");
  const Environment backoff("E6DATA_RETRY_BACKOFF_FACTOR", "0.05");
  const Environment ttl("E6DATA_STRATEGY_CACHE_TIMEOUT", "120");
  const ConnectionOptions options = ConnectionOptions::from_environment();
  EXPECT_EQ(options.max_retry_attempts, 7);
  EXPECT_EQ(options.retry_backoff, milliseconds(50));
  EXPECT_EQ(options.shared.ttl, milliseconds(120'000));
}

TEST(Options, take_an_empty_variable_for_one_that_is_not_set) {
  const ConnectionOptions unset = ConnectionOptions::from_environment();
  for (const char* name : {"E6_SHM_URL", "E6DATA_LOG_LEVEL", "E6DATA_MAX_RETRY_ATTEMPTS",
                           "E6DATA_RETRY_BACKOFF_FACTOR", "E6DATA_STRATEGY_CACHE_TIMEOUT",
                           "E6DATA_STRATEGY_DETECTION_TIMEOUT", "E6_SHM_NEGATIVE_TTL",
                           "E6_SHM_DRAIN_TIMEOUT", "E6_SHM_DIR", "E6_SHM_GROUP", "E6_SHM_POLICY",
                           "E6_SHM_REQUIRED", "E6_SHM_SHARE", "E6_SHM_SIGBUS_GUARD"}) {
    const Environment empty(name, "");
    try {
      const ConnectionOptions options = ConnectionOptions::from_environment();
      EXPECT_EQ(options.host, unset.host) << name;
      EXPECT_EQ(options.max_retry_attempts, unset.max_retry_attempts) << name;
      EXPECT_EQ(options.retry_backoff, unset.retry_backoff) << name;
      EXPECT_EQ(options.shared.ttl, unset.shared.ttl) << name;
      EXPECT_EQ(options.shared.directory, unset.shared.directory) << name;
      EXPECT_EQ(options.shared.share, unset.shared.share) << name;
    } catch (const OptionError& error) {
      ADD_FAILURE() << name << ": " << error.what();
    }
  }
}

TEST(Options, name_the_variable_whose_value_is_bad) {
  for (const char* bad : {"x", "0", "101", "3.5", "1e9", "nan", "5 "}) {
    const Environment attempts("E6DATA_MAX_RETRY_ATTEMPTS", bad);
    try {
      (void)ConnectionOptions::from_environment();
      FAIL() << "accepted '" << bad << "'";
    } catch (const OptionError& error) {
      EXPECT_EQ(std::string(error.what()),
                std::string("environment variable E6DATA_MAX_RETRY_ATTEMPTS is '") + bad +
                    "'; it must be a whole number from 1 to 100");
    }
  }
  const Environment logs("E6DATA_LIBRARY_LOGS", "quiet");
  EXPECT_THROW((void)ConnectionOptions::from_environment(), OptionError);
  const Environment level("E6DATA_LOG_LEVEL", "loud");
  EXPECT_THROW((void)ConnectionOptions::from_environment(), OptionError);
}

}  // namespace
}  // namespace e6::client
