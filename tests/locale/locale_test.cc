// Names, levels, words and numbers are the same whatever the application's locale is: processes of
// one host, each in its own language, have to mean the same cluster.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <clocale>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "../client/raw_engine.h"
#include "../client/scene.h"
#include "../tool/in_process.h"
#include "classify.h"
#include "e6/shared/error.h"
#include "journal.h"
#include "locales.h"
#include "text/hints.h"
#include "tls_trouble.h"

namespace e6::test {
namespace {

using client::Connection;
using client::ConnectionOptions;
using client::Cursor;
using client::test::RawCall;
using client::test::RawEngine;
using client::test::SegmentDirectory;
using client::test::Wire;

struct Language {
  const char* language;
  const char* encoding;
};

class LocaleTest : public ::testing::TestWithParam<std::tuple<Language, Way>> {
 protected:
  static void SetUpTestSuite() { locales_ = std::make_unique<Locales>(); }
  static void TearDownTestSuite() { locales_.reset(); }

  void SetUp() override {
    const auto [language, way] = GetParam();
    name_ = std::string(language.language) + "." + language.encoding;
    if (const std::string why_not = locales_->make(language.language, language.encoding);
        !why_not.empty())
      GTEST_SKIP() << why_not;
    enter();
    // What the library must not be led by.
    const int i = name_ == "tr_TR.ISO-8859-9" ? 0xfd : name_ == "tr_TR.UTF-8" ? 'I' : 'i';
    ASSERT_EQ(std::tolower('I'), i);
    ASSERT_STREQ(std::localeconv()->decimal_point, ",");
  }
  void enter() { locale_.emplace(name_, std::get<Way>(GetParam())); }
  void leave() { locale_.reset(); }

  static inline std::unique_ptr<Locales> locales_;
  std::string name_;
  std::optional<InLocale> locale_;
  SegmentDirectory directory_;
};

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

TEST_P(LocaleTest, a_clusters_name_is_lower_case_ascii) {
  ConnectionOptions options;
  options.host = "ENGINE.INI";
  options.port = 9001;
  options.user = "u";
  options.password = "p";
  options.cluster_name = "MAIN-I";
  options.validate();
  EXPECT_EQ(options.cluster_name, "main-i");
  EXPECT_EQ(options.shared.cluster, "engine.ini:9001/main-i");
}

TEST_P(LocaleTest, a_log_level_in_upper_case_is_known) {
  for (const char* level : {"INFO", "WARNING", "CRITICAL", "Off"}) {
    const Variable variable("E6DATA_LOG_LEVEL", level);
    EXPECT_TRUE(client::parse_level(level)) << level;
    EXPECT_NO_THROW((void)ConnectionOptions::from_environment()) << level;
  }
}

TEST_P(LocaleTest, numbers_in_variables_and_urls_have_a_point) {
  const Variable backoff("E6DATA_RETRY_BACKOFF_FACTOR", "0.05");
  const Variable ttl("E6DATA_STRATEGY_CACHE_TIMEOUT", "120.5");
  const ConnectionOptions options =
      ConnectionOptions::from_url("e6data://u:p@h:1?call_timeout=1.5");
  EXPECT_EQ(options.retry_backoff, std::chrono::milliseconds(50));
  EXPECT_EQ(options.call_timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(options.shared.ttl, std::chrono::milliseconds(120'500));
}

TEST_P(LocaleTest, errors_are_in_english_with_points_in_numbers) {
  const Error missing{Cause::kNoDirectory, ENOENT, "/nowhere", ""};
  EXPECT_NE(missing.sentence().find("(No such file or directory)"), std::string::npos)
      << missing.sentence();
  const Variable ttl("E6_SHM_NEGATIVE_TTL", "0.05");
  Error error;
  (void)Options::from_environment(&error);
  EXPECT_NE(error.sentence().find("between 0.1 and 60 seconds"), std::string::npos)
      << error.sentence();
}

TEST_P(LocaleTest, a_cluster_that_says_active_in_upper_case_is_active) {
  int refusals = 1;
  RawEngine engine([&](const RawCall& call) {
    const std::string method = call.path.substr(call.path.rfind('/') + 1);
    if (method == "prepareStatementV2" && refusals-- > 0)
      return RawEngine::Answer{14, "status: 503", ""};
    Wire wire;
    if (call.path.ends_with("ClusterService/status")) wire.text(1, "ACTIVE");
    if (method == "authenticate") wire.text(1, "session-1");
    if (method == "prepareStatementV2") wire.text(1, "7.7.7.7").text(2, "query-1");
    return RawEngine::Answer{0, "", wire};
  });
  ConnectionOptions options = client::test::options_for(engine.target(), directory_);
  options.resume_timeout = std::chrono::seconds(1);
  Connection connection(options);
  Cursor cursor = connection.cursor();
  EXPECT_NO_THROW(cursor.execute("select 1"));
}

// What gRPC says of a connection that was reset, it says in the application's language.
TEST_P(LocaleTest, a_connection_that_was_reset_is_known_in_every_language) {
  const std::string details =
      "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: " +
      std::string(std::strerror(ECONNRESET));
  EXPECT_EQ(client::tls_trouble(client::code::kUnavailable, details, true),
            client::TlsTrouble::kClosed);
}

std::vector<client::ResultBatch> result_of(Connection& connection) {
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=40 cols=18 batches=2 */");
  std::vector<client::ResultBatch> batches;
  while (auto batch = cursor.fetch()) batches.push_back(std::move(*batch));
  return batches;
}

std::string text_of(const std::vector<client::ResultBatch>& batches) {
  std::string text;
  for (const client::ResultBatch& batch : batches)
    for (const client::Row row : batch)
      for (std::size_t i = 0; i < row.size(); ++i) text += row[i].to_string() + "\n";
  return text;
}

TEST_P(LocaleTest, values_of_a_result_are_written_as_everywhere) {
  std::string error;
  const auto engine = sim::Engine::start({}, error);
  ASSERT_NE(engine, nullptr) << error;
  Connection connection(client::test::options_for(engine->target(), directory_));
  const std::vector<client::ResultBatch> result = result_of(connection);
  const std::string here = text_of(result);
  leave();
  EXPECT_EQ(here, text_of(result));
  EXPECT_EQ(std::count(here.begin(), here.end(), '\n'), 40 * 18);
}

TEST_P(LocaleTest, e6_sim_counts_and_reads_statements_as_everywhere) {
  EXPECT_TRUE(sim::changes_data("insert into t values (1)"));
  const auto hints = sim::parse_hints("select 1 /* rows=7\tcols=3 */");
  ASSERT_TRUE(std::holds_alternative<sim::QueryHints>(hints));
  EXPECT_EQ(std::get<sim::QueryHints>(hints).rows, 7U);
  std::string error;
  const auto engine = sim::Engine::start({}, error);
  ASSERT_NE(engine, nullptr) << error;
  Connection connection(client::test::options_for(engine->target(), directory_));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(result_of(connection).size(), 2U);
  EXPECT_FALSE(nlohmann::json::parse(engine->stats_json(), nullptr, false).is_discarded());
}

TEST_P(LocaleTest, e6_shm_writes_json_and_metrics_as_everywhere) {
  const Variable directory("E6_SHM_DIR", directory_.path().c_str());
  Options options;
  options.cluster = "ENGINE.INI:80";
  options.directory = directory_.path();
  const auto attached = Coordinator::attach(options);
  ASSERT_NE(attached.coordinator, nullptr) << attached.error.sentence();
  const auto status = tool::test::run_here({"status", "--json"});
  const auto json = nlohmann::json::parse(status.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << status.out;
  EXPECT_NE(status.out.find("\"engine.ini:80\""), std::string::npos) << status.out;
  const auto metrics = tool::test::run_here({"metrics"});
  const std::regex sample(R"([a-z_0-9]+\{[^}]*\} [-+]?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?)");
  std::istringstream lines(metrics.out);
  int samples = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) continue;
    ++samples;
    EXPECT_TRUE(std::regex_match(line, sample)) << line;
  }
  EXPECT_GT(samples, 30);
  EXPECT_NE(metrics.out.find(
                "e6_shm_detection_duration_seconds_bucket{cluster=\"engine.ini:80\",path="),
            std::string::npos);
  EXPECT_NE(metrics.out.find(",le=\"0.25\"}"), std::string::npos);
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Language, Way>>& test) {
  const auto& [language, way] = test.param;
  std::string name = std::string(language.language) + "_" + language.encoding;
  std::replace(name.begin(), name.end(), '-', '_');
  return name + (way == Way::kC ? "_by_setlocale" : "_by_the_global_locale");
}

constexpr Language kLanguages[] = {{"tr_TR", "UTF-8"}, {"tr_TR", "ISO-8859-9"}, {"de_DE", "UTF-8"}};
INSTANTIATE_TEST_SUITE_P(Everywhere, LocaleTest,
                         ::testing::Combine(::testing::ValuesIn(kLanguages),
                                            ::testing::Values(Way::kC, Way::kCxx)),
                         name_of);

}  // namespace
}  // namespace e6::test
