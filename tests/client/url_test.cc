#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "e6/client/error.h"
#include "e6/client/options.h"

namespace e6::client {
namespace {

using std::chrono::milliseconds;

std::string refusal(const std::string& url) {
  try {
    (void)ConnectionOptions::from_url(url);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

TEST(Url, says_all_that_a_connection_needs) {
  ConnectionOptions options = ConnectionOptions::from_url(
      "e6data://me%40example.com:t%2Fo%3Ak%25en@Engine.Example:9001/sales/"
      "public?cluster=Main&secure=true&call_timeout=250ms"
      "&operation_timeout=5m&connect_timeout=1.5&max_retry_attempts=7&auto_resume=false&shared_"
      "directory=%2Fdev%2Fshm"
      "&end_sessions=0");
  EXPECT_EQ(options.user, "me@example.com");
  EXPECT_EQ(options.password, "t/o:k%en");
  EXPECT_EQ(options.host, "Engine.Example");
  EXPECT_EQ(options.port, 9001);
  EXPECT_EQ(options.catalog, "sales");
  EXPECT_EQ(options.database, "public");
  EXPECT_EQ(options.cluster_name, "Main");
  EXPECT_TRUE(options.tls.enabled);
  EXPECT_EQ(options.call_timeout, milliseconds(250));
  EXPECT_EQ(options.operation_timeout, milliseconds(300'000));
  EXPECT_EQ(options.connect_timeout, milliseconds(1500));
  EXPECT_EQ(options.max_retry_attempts, 7);
  EXPECT_FALSE(options.auto_resume);
  EXPECT_FALSE(options.end_sessions);
  EXPECT_EQ(options.shared.directory, "/dev/shm");
  EXPECT_NO_THROW(options.validate());
}

TEST(Url, takes_an_ipv6_address_in_brackets_only) {
  const ConnectionOptions options = ConnectionOptions::from_url("e6data://u:p@[2001:db8::1]:9001");
  EXPECT_EQ(options.host, "2001:db8::1");
  EXPECT_EQ(options.port, 9001);
  EXPECT_EQ(options.target(), "[2001:db8::1]:9001");
  EXPECT_NE(refusal("e6data://u:p@2001:db8::1:9001").find("in brackets"), std::string::npos);
  EXPECT_NE(refusal("e6data://u:p@[2001:db8::1").find("without a ']'"), std::string::npos);
  EXPECT_NE(refusal("e6data://u:p@[::1]9001").find("[address]:port"), std::string::npos);
  EXPECT_NE(refusal("e6data://u:p@[localhost]:9001").find("no IPv6 address"), std::string::npos);
}

TEST(Url, may_leave_out_what_is_set_in_code) {
  EXPECT_EQ(ConnectionOptions::from_url("e6data://host:1").user, "");
  EXPECT_EQ(ConnectionOptions::from_url("e6data://me@host").password, "");
  EXPECT_EQ(ConnectionOptions::from_url("e6data://host").port, 0);
  EXPECT_EQ(ConnectionOptions::from_url("e6data://host:1/").catalog, "");
  EXPECT_EQ(ConnectionOptions::from_url("e6data://?database=public").database, "public");
  // Only the last '@' before the path ends the user, so that this common mistake does no harm.
  EXPECT_EQ(ConnectionOptions::from_url("e6data://me@example.com:p@host:1").host, "host");
}

TEST(Url, names_what_is_wrong_its_value_and_the_remedy) {
  const struct {
    const char* url;
    const char* words[3];
  } cases[] = {
      {"http://host:1", {"e6data://", "begin", "user:token"}},
      {"e6data://u:p@host:99999", {"port", "'99999'", "1 to 65535"}},
      {"e6data://u:p@host:9x", {"port", "'9x'", "65535"}},
      {"e6data://u:p@host:", {"port", "'host'", "empty"}},
      {"e6data://u:p@host:1/only", {"path", "'only'", "/catalog/database"}},
      {"e6data://u:p@host:1/a/b/c", {"path", "'a/b/c'", "/catalog/database"}},
      {"e6data://u:p@host:1/a/b?clustre=x", {"'clustre'", "no parameter", "cluster, connect_timeout"}},
      {"e6data://u:p@host:1/a/b?secure=yes", {"secure", "'yes'", "true, false"}},
      {"e6data://u:p@host:1/a/b?secure", {"secure", "no value", "secure="}},
      {"e6data://u:p@host:1/a/b?call_timeout=5d", {"call_timeout", "'5d'", "30s"}},
      {"e6data://u:p@host:1/a/b?call_timeout=-5s", {"call_timeout", "'-5s'", "30s"}},
      {"e6data://u:p@host:1/a/b?call_timeout=1e300", {"call_timeout", "'1e300'", "30s"}},
      {"e6data://u:p@host:1/a/b?max_retry_attempts=2.5", {"max_retry_attempts", "'2.5'", "whole number"}},
      {"e6data://u:p@host:1/a/b?cluster=x&cluster=y", {"cluster", "twice", "remove"}},
      {"e6data://u:p@host:1/a/b?catalog=y", {"catalog", "twice", "path"}},
      {"e6data://u:p@host:1/a/b?cluster=%4", {"cluster", "two hexadecimal digits", "%25"}},
      {"e6data://u:p@host:1/a/b?cluster=%00", {"cluster", "%00", "remove"}},
      {"e6data://u:p@host:1/a/b#c", {"'#'", "%23", ""}},
  };
  for (const auto& each : cases) {
    const std::string message = refusal(each.url);
    for (const char* word : each.words) EXPECT_NE(message.find(word), std::string::npos) << each.url << " -> " << message;
  }
}

TEST(Url, never_repeats_a_user_or_token_in_an_error_however_badly_it_is_written) {
  for (const char* url : {
           "e6data://alice:se/cret@host:1/a/b", "e6data://alice:se?cret@host:1", "e6data://alice:se#cret@host:1",
           "e6data://alice:se%zzcret@host:1", "e6data://alice:secret@host:x", "e6data://alice:se:cret@:y", "e6data:/alice:secret@host:1",
           "alice:secret@host:1", "e6data://alice:qqq@ret@host:1/only", "e6data://alice:secret@[host:1", "e6data://al%ice:secret@host:1",
           "e6data://alice:secret@host:1/a/b?bad=1", "e6data://alice:cret%@host:1", "e6data://alice:se/cret/ret@host:1?x=y",
       }) {
    const std::string message = refusal(url);
    EXPECT_FALSE(message.empty()) << url;
    for (const char* part : {"alice", "se/", "cret", "qqq", "ret@", "al%"})
      EXPECT_EQ(message.find(part), std::string::npos) << url << " -> " << message;
  }
}

TEST(Url, stands_over_the_environment_and_may_come_from_it) {
  ::setenv("E6DATA_MAX_RETRY_ATTEMPTS", "9", 1);
  EXPECT_EQ(ConnectionOptions::from_url("e6data://h:1").max_retry_attempts, 9);
  EXPECT_EQ(ConnectionOptions::from_url("e6data://h:1?max_retry_attempts=3").max_retry_attempts, 3);
  ::unsetenv("E6DATA_MAX_RETRY_ATTEMPTS");

  ::setenv("E6_SHM_URL", "e6data://u:p@fromenv:7/c/d?call_timeout=9s", 1);
  EXPECT_EQ(ConnectionOptions::from_environment().host, "fromenv");
  EXPECT_EQ(ConnectionOptions::from_environment().call_timeout, milliseconds(9000));
  ::setenv("E6_SHM_URL", "e6data://alice:secret@host:x", 1);
  try {
    (void)ConnectionOptions::from_environment();
    ADD_FAILURE() << "no error";
  } catch (const OptionError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("E6_SHM_URL"), std::string::npos);
    EXPECT_EQ(message.find("secret"), std::string::npos);
  }
  ::unsetenv("E6_SHM_URL");
}

}  // namespace
}  // namespace e6::client
