// Bytes that gRPC's metadata or Protobuf's strings cannot carry, from everywhere that a value comes
// from. gRPC aborts the process on the first kind, so that a test here that fails may take all
// others with it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

std::string method_of(const RawCall& call) {
  return call.path.substr(call.path.rfind('/') + 1);
}

class BytesTest : public ::testing::Test {
 protected:
  ConnectionOptions options() { return options_for(engine_.target(), directory_); }

  std::vector<std::string> methods() {
    std::vector<std::string> all;
    for (const RawCall& call : engine_.take()) all.push_back(method_of(call));
    return all;
  }

  std::mutex mutex_;
  std::string engine_ip_ = "7.7.7.7";
  std::string query_id_ = "query-9";
  std::string session_engine_ = "7.7.7.1";
  SegmentDirectory directory_;
  RawEngine engine_{[this](const RawCall& call) {
    const std::string method = method_of(call);
    const std::lock_guard guard(mutex_);
    Wire wire;
    if (method == "authenticate") wire.text(1, "session-17").text(3, session_engine_);
    if (method.starts_with("prepareStatement"))
      wire.text(1, engine_ip_).text(2, query_id_).text(3, "session-17");
    if (method == "createDataFrame") wire.text(1, query_id_);
    return RawEngine::Answer{0, "", wire};
  }};
};

template <class Expected, class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const Expected& error) {
    return error.what();
  } catch (const Error& error) {
    ADD_FAILURE() << "another error: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

constexpr const char* kBadMetadata[] = {"caf\u00e9", "a\nb",        "\r",
                                        "\t1.2.3.4", "1.2.3.4\x7f", "\x01"};

TEST_F(
    BytesTest,
    an_engines_address_that_no_header_can_carry_is_a_decode_error_and_never_sent) {
  Connection connection(options());
  connection.connect();
  for (const char* bad : kBadMetadata) {
    (void)engine_.take();
    engine_ip_ = bad;
    Cursor cursor = connection.cursor();
    const std::string message = message_of<DecodeError>([&] { cursor.execute("select 1"); });
    EXPECT_NE(message.find("engineIP"), std::string::npos) << message;
    EXPECT_NE(message.find("counted from 0"), std::string::npos) << message;
    EXPECT_EQ(message.find(bad), std::string::npos) << message;
    EXPECT_FALSE(cursor.has_query());
    for (const RawCall& call : engine_.take()) {
      EXPECT_NE(method_of(call), "executeStatementV2");
      EXPECT_EQ(call.header("plannerip"), "");
    }
    EXPECT_EQ(connection.coordinator().in_flight(), 0U);
  }
  engine_ip_ = "7.7.7.7";
  Cursor cursor = connection.cursor();
  EXPECT_NO_THROW(cursor.execute("select 1"));
}

TEST_F(BytesTest, a_query_id_that_is_no_printable_ascii_is_a_decode_error) {
  Connection connection(options());
  for (const char* bad : kBadMetadata) {
    query_id_ = bad;
    Cursor cursor = connection.cursor();
    const std::string message = message_of<DecodeError>([&] { cursor.execute("select 1"); });
    EXPECT_NE(message.find("queryId"), std::string::npos) << message;
    EXPECT_FALSE(cursor.has_query());
    EXPECT_EQ(connection.coordinator().in_flight(), 0U);
  }
}

TEST_F(BytesTest, a_query_that_cannot_be_used_is_given_back_to_its_engine) {
  Connection connection(options());
  engine_ip_ = "caf\u00e9";
  Cursor cursor = connection.cursor();
  (void)message_of<DecodeError>([&] { cursor.execute("select 1"); });
  const std::vector<std::string> sent = methods();
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.back(), "clearOrCancelQuery");
}

TEST_F(BytesTest, an_answer_that_comes_too_late_is_checked_before_its_query_is_cleared) {
  std::promise<void> answer_now;
  const std::shared_future<void> may_answer(answer_now.get_future());
  std::promise<void> cleared;
  RawEngine late([&, first = true](const RawCall& call) mutable {
    const std::string method = method_of(call);
    Wire wire;
    if (method == "authenticate") wire.text(1, "session-17");
    if (method == "prepareStatementV2") {
      (void)may_answer.wait_for(std::chrono::seconds(10));
      wire.text(1, "caf\u00e9").text(2, "query-9");
    }
    if (method == "clearOrCancelQuery" && std::exchange(first, false)) cleared.set_value();
    return RawEngine::Answer{0, "", wire};
  });
  Connection connection(options_for(late.target(), directory_));
  connection.connect();
  Cursor cursor = connection.cursor();
  const CallOptions soon{.timeout = std::chrono::milliseconds(50)};
  EXPECT_THROW(cursor.execute("select 1", soon), TimeoutError);
  answer_now.set_value();
  EXPECT_EQ(cleared.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  for (const RawCall& call : late.take()) EXPECT_EQ(call.header("plannerip"), "");
}

TEST_F(BytesTest, an_engines_address_from_its_session_is_checked_before_a_data_frame_uses_it) {
  session_engine_ = "caf\u00e9";
  Connection connection(options());
  (void)message_of<DecodeError>([&] { (void)connection.data_frame({.table = "t"}); });
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(BytesTest,
       an_address_in_the_segment_that_no_header_can_carry_is_refused_when_a_query_is_adopted) {
  Connection connection(options());
  connection.connect();
  Coordinator& host = connection.coordinator();
  for (const char* bad : kBadMetadata) {
    std::optional<QueryTicket> ticket = host.begin_query();
    ASSERT_TRUE(ticket);
    ASSERT_FALSE(host.bind(*ticket, "query-9", bad));
    const std::string message = message_of<UsageError>([&] {
      (void)connection.adopt({"query-9", "session-17"});
    });
    EXPECT_NE(message.find("query-9"), std::string::npos) << message;
    EXPECT_EQ(message.find(bad), std::string::npos) << message;
    host.end_query(std::move(*ticket));
  }
}

TEST_F(BytesTest, a_handle_that_protobuf_cannot_carry_is_refused) {
  Connection connection(options());
  (void)message_of<UsageError>([&] { (void)connection.adopt({"query\xff", "session-17"}); });
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  const std::string message = message_of<UsageError>([&] {
    (void)connection.adopt({"query-9", "session\xff"});
  });
  EXPECT_EQ(message.find("session\\"), std::string::npos) << message;
}

TEST_F(BytesTest, a_statement_that_is_not_utf8_is_refused_before_it_is_sent_and_says_where) {
  Connection connection(options());
  connection.connect();
  (void)engine_.take();
  const std::string bad = "select 'K\xf6ln'";
  Cursor cursor = connection.cursor();
  const std::string message = message_of<UsageError>([&] { cursor.execute(bad); });
  EXPECT_NE(message.find("the statement is not UTF-8: byte 9 (counted from 0) is 0xf6"),
            std::string::npos)
      << message;
  EXPECT_EQ(message.find("select"), std::string::npos) << message;
  EXPECT_EQ(message.find("ln"), std::string::npos) << message;
  (void)message_of<UsageError>([&] { cursor.prepare(bad); });
  (void)message_of<UsageError>([&] { (void)connection.dry_run(bad); });
  (void)message_of<UsageError>([&] { connection.analyze(bad); });
  (void)message_of<UsageError>([&] { (void)connection.identify_planner(bad); });
  EXPECT_TRUE(methods().empty());
}

TEST_F(BytesTest, a_refused_statement_leaves_the_cursor_as_it_was) {
  Connection connection(options());
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  (void)message_of<UsageError>([&] { cursor.execute("\xff"); });
  (void)message_of<UsageError>([&] { cursor.prepare("\xff"); });
  EXPECT_EQ(cursor.query_id(), "query-9");
  (void)message_of<UsageError>([&] {
    cursor.execute("select ?", {.parameters = {{0, "STRING", "\xff"}}});
  });
  EXPECT_EQ(cursor.query_id(), "query-9");
}

TEST_F(BytesTest, every_other_text_of_a_call_is_refused_before_it_is_sent) {
  Connection connection(options());
  Cursor cursor = connection.cursor();
  cursor.prepare("select ?");
  DataFrame frame = connection.data_frame({.table = "t"});
  (void)engine_.take();
  const std::string bad = "\xe9t\xe9";
  const PlannerPlace place{.planner = bad};
  const PlannerPlace waiting{.query_id = bad};
  const auto refused = [](auto&& call) { (void)message_of<UsageError>(call); };
  refused([&] { cursor.execute_prepared({.parameters = {{0, "STRING", bad}}}); });
  refused([&] { cursor.execute_prepared({.parameters = {{0, bad, "x"}}}); });
  refused([&] { cursor.execute_prepared({.planner = place}); });
  refused([&] { cursor.execute_prepared({.planner = waiting}); });
  refused([&] { (void)connection.schemas(bad); });
  refused([&] { (void)connection.tables(bad); });
  refused([&] { (void)connection.tables("s", bad); });
  refused([&] { (void)connection.columns(bad, "t"); });
  refused([&] { (void)connection.columns("s", bad); });
  refused([&] { (void)connection.columns("s", "t", bad); });
  refused([&] { connection.add_catalogs(bad); });
  refused([&] { connection.sync_schema({.catalog = bad}); });
  refused([&] { connection.sync_schema({.database = bad}); });
  refused([&] { connection.sync_schema({.query_id = bad}); });
  refused([&] { (void)connection.identify_planner(waiting); });
  refused([&] { connection.set_properties(bad); });
  refused([&] { (void)connection.data_frame({.catalog = bad}); });
  refused([&] { (void)connection.data_frame({.schema = bad}); });
  refused([&] { (void)connection.data_frame({.table = bad}); });
  refused([&] { (void)connection.data_frame({.parquet_file = bad}); });
  refused([&] { frame.project({"a", bad}); });
  refused([&] { frame.filter(bad); });
  refused([&] { frame.aggregate({{bad, Aggregate::kSum}}, {}); });
  refused([&] { frame.aggregate({{"a", Aggregate::kSum}}, {bad}); });
  refused([&] { frame.order_by({{bad, SortDirection::kAscending}}); });
  EXPECT_TRUE(methods().empty());
}

// Options, from wherever they come.

std::string refusal(ConnectionOptions options) {
  return message_of<OptionError>([&] { options.validate(); });
}

TEST_F(BytesTest, a_cluster_name_that_no_header_can_carry_is_an_option_error_with_the_remedy) {
  for (const char* bad : kBadMetadata) {
    ConnectionOptions made = options();
    made.cluster_name = bad;
    const std::string message = refusal(made);
    EXPECT_NE(message.find("option cluster_name"), std::string::npos) << message;
    EXPECT_NE(message.find("ASCII"), std::string::npos) << message;
    EXPECT_NE(message.find(";"), std::string::npos) << message;
  }
}

TEST_F(BytesTest, a_cluster_name_from_a_url_or_the_environment_is_checked_too) {
  ConnectionOptions made = ConnectionOptions::from_url("e6data://u:p@h:1?cluster=caf%C3%A9");
  EXPECT_NE(refusal(made).find("cluster_name"), std::string::npos);
  ::setenv("E6_SHM_URL", "e6data://u:p@h:1?cluster=a%0Ab", 1);
  made = ConnectionOptions::from_environment();
  ::unsetenv("E6_SHM_URL");
  EXPECT_NE(refusal(made).find("cluster_name"), std::string::npos);
}

TEST_F(BytesTest, a_tls_server_name_is_a_name_or_an_address) {
  ConnectionOptions made = options();
  made.tls.enabled = true;
  for (const char* bad : {"caf\u00e9.example", "a b", "a\nb", "a/b", "a:1", "a%41", "\x7f"}) {
    made.tls.server_name = bad;
    EXPECT_NE(refusal(made).find("option tls.server_name"), std::string::npos);
  }
  for (const char* good : {"engine.example", "10.0.0.1", "::1", "a_b-c.d"}) {
    made.tls.server_name = good;
    EXPECT_NO_THROW(ConnectionOptions(made).validate()) << good;
  }
}

TEST_F(BytesTest, a_host_is_a_name_or_an_address_and_nothing_else) {
  ConnectionOptions made = options();
  for (const char* bad :
       {"caf\u00e9.example", "a b", "a\tb", "a%41", "a/b", "a\\b", "a@b", "a?b", "a#b", "a,b",
        "unix:a", "[::1", "[::1]x", "[]", "::g", "[localhost]", "::1%", "::1%a/b", "\x7f", "a'b"}) {
    made.host = bad;
    const std::string message = refusal(made);
    EXPECT_NE(message.find("option host"), std::string::npos) << bad << " -> " << message;
  }
  made.host = std::string("a\0b", 3);
  EXPECT_NE(refusal(made).find("option host"), std::string::npos);
  for (const char* good : {"engine.example", "Engine-1.example.", "a_b", "10.0.0.1", "::1", "[::1]",
                           "fe80::1%eth0", "2001:db8::1", "xn--caf-dma.example"}) {
    made.host = good;
    EXPECT_NO_THROW(ConnectionOptions(made).validate()) << good;
  }
}

TEST_F(BytesTest, a_port_in_the_host_is_refused_with_the_remedy) {
  ConnectionOptions made = options();
  for (const char* bad : {"h:1", "engine.example:9001", "10.0.0.1:9001", "[::1]:9001"}) {
    made.host = bad;
    const std::string message = refusal(made);
    EXPECT_NE(message.find(bad), std::string::npos) << message;
    EXPECT_NE(message.find("give the port as option port"), std::string::npos) << message;
  }
}

TEST_F(BytesTest, a_scope_that_looks_percent_encoded_is_taken_as_it_is) {
  std::optional<RawEngine> engine;
  try {
    engine.emplace(
        [](const RawCall&) {
          return RawEngine::Answer{0, "", Wire().text(1, "session-17")};
        },
        nullptr, "[::1]");
  } catch (const std::runtime_error&) {
    GTEST_SKIP() << "this host has no IPv6 on its loopback device";
  }
  ConnectionOptions made = options();
  made.port = options_for(engine->target(), directory_).port;
  made.host = "::1%01";
  Connection connection(made);
  EXPECT_NO_THROW(connection.connect());
}

TEST_F(BytesTest, a_request_that_is_too_long_to_be_sent_is_an_error_that_names_the_option) {
  ConnectionOptions made = options();
  made.channel.max_send_bytes = 1024;
  Connection connection(made);
  connection.connect();
  (void)engine_.take();
  Cursor cursor = connection.cursor();
  const std::string message =
      message_of<QueryError>([&] { cursor.execute(std::string(2000, 'x')); });
  EXPECT_NE(message.find("bytes and was not sent; channel.max_send_bytes is 1024"),
            std::string::npos)
      << message;
  EXPECT_TRUE(methods().empty());
  EXPECT_NO_THROW(cursor.execute("select 1"));
}

TEST_F(BytesTest, credentials_and_names_that_are_not_utf8_are_option_errors_that_do_not_show_them) {
  const auto with = [&](std::string ConnectionOptions::*field) {
    ConnectionOptions made = options();
    made.*field =
        "se\xe9"
        "cret";
    return refusal(made);
  };
  for (const auto& [field, name] :
       {std::pair{&ConnectionOptions::user, "user"},
        std::pair{&ConnectionOptions::password, "password"},
        std::pair{&ConnectionOptions::impersonated_user, "impersonated_user"},
        std::pair{&ConnectionOptions::catalog, "catalog"},
        std::pair{&ConnectionOptions::database, "database"}}) {
    const std::string message = with(field);
    EXPECT_NE(message.find(std::string("option ") + name + " is not UTF-8: byte 2 "),
              std::string::npos)
        << message;
    EXPECT_EQ(message.find("cret"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace e6::client::test
