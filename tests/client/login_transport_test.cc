// What a connection does to an authentication says nothing about the credentials.
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cutting_proxy.h"
#include "fault_scene.h"
#include "status_table.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

class LoginTransportTest : public FaultScene {
 protected:
  ConnectionOptions quick(const std::string& target) {
    ConnectionOptions made = options_for(target, directory_);
    made.retry_backoff = milliseconds(1);
    return made;
  }
  static constexpr std::pair<int, const char*> kBroken[]{
      {kCancelled, "CANCELLED"},
      {kCancelled, "Received RST_STREAM with error code 8"},
      {kResourceExhausted, "Received RST_STREAM with error code 11"},
      {kPermissionDenied, "Received RST_STREAM with error code 12"},
      {kPermissionDenied, "RST_STREAM"},
      {kInternal, "Received RST_STREAM with error code 2"},
      {kUnavailable, "Received RST_STREAM with error code 7"},
      {kUnavailable, "Socket closed"},
      {kUnavailable, "recvmsg:Connection reset by peer"},
      {kUnavailable, "GOAWAY received"},
  };
};

TEST_F(LoginTransportTest, a_broken_call_is_repeated) {
  for (const bool known :
       {false, true}) {  // the host's colour: an authentication that probes, and one that does not
    for (const auto& [code, text] : kBroken) {
      SCOPED_TRACE(std::string(name_of_code(code)) + ", " + text);
      start();
      if (known) {
        Connection first(quick(engine().target()));
        first.connect();
      }
      command("reset-stats");
      fail_calls("authenticate", code, text, 2);
      Connection connection(quick(engine().target()));
      EXPECT_NO_THROW(connection.connect());
      EXPECT_EQ(calls("authenticate"), 3);
      EXPECT_EQ(calls("authenticate", "green"), 0) << "taken for a refusal of the colour";
    }
  }
}

TEST_F(LoginTransportTest, one_that_goes_on_breaking_is_a_connection_error) {
  for (const auto& [code, text] : kBroken) {
    SCOPED_TRACE(std::string(name_of_code(code)) + ", " + text);
    start();
    fail_calls("authenticate", code, text, std::nullopt);
    ConnectionOptions few = quick(engine().target());
    few.max_retry_attempts = 3;
    Connection connection(few);
    try {
      connection.connect();
      ADD_FAILURE() << "no error";
    } catch (const ConnectionError& error) {
      EXPECT_EQ(std::string(error.what()).find("password"), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find("credentials"), std::string::npos) << error.what();
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
    EXPECT_EQ(calls("authenticate"), 3);
  }
}

// HTTP/2's own resets, in gRPC's own words: NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR,
// REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY.
TEST_F(LoginTransportTest, a_stream_that_is_reset_is_repeated) {
  for (const std::uint32_t error_code : {0U, 1U, 2U, 7U, 8U, 11U, 12U}) {
    SCOPED_TRACE("RST_STREAM " + std::to_string(error_code));
    start();
    CuttingProxy proxy(engine().target());
    Connection connection(quick(proxy.target()));
    proxy.reset_streams(2, error_code);
    EXPECT_NO_THROW(connection.connect());
    EXPECT_EQ(run(connection), 1);
  }
}

// What is refused for good stays so, whatever code the engine gives it.
TEST_F(LoginTransportTest, a_refusal_in_words_of_the_engine_is_not_repeated) {
  fail_calls("authenticate", kPermissionDenied, "no such user", std::nullopt);
  Connection connection(quick(engine().target()));
  EXPECT_THROW(connection.connect(), AuthenticationError);
  EXPECT_EQ(calls("authenticate"), 1);
}

// The engine has the statement, and nobody knows what became of it.
TEST_F(LoginTransportTest, a_statement_whose_stream_is_reset_is_a_lost_connection) {
  for (const auto& [code, text] : kBroken) {
    if (std::string_view(text).find("RST_STREAM") == std::string_view::npos) continue;
    SCOPED_TRACE(std::string(name_of_code(code)) + ", " + text);
    start();
    Connection connection(quick(engine().target()));
    fail_calls("executeStatementV2", code, text, 1);
    Cursor cursor = connection.cursor();
    EXPECT_THROW(cursor.execute("insert into t values (1)"), ConnectionError);
    EXPECT_EQ(calls("executeStatementV2"), 1);
  }
}

TEST_F(LoginTransportTest, a_connection_that_is_cut_is_made_again) {
  CuttingProxy proxy(engine().target());
  for (const CuttingProxy::From side : {CuttingProxy::From::kEngine, CuttingProxy::From::kClient}) {
    for (std::size_t bytes = 0; bytes < 400; bytes += 13) {
      SCOPED_TRACE(bytes);
      ConnectionOptions patient = quick(proxy.target());
      patient.retry_backoff = milliseconds(50);  // gRPC itself waits before it connects again
      Connection connection(patient);
      proxy.cut_after(side, bytes,
                      bytes % 2 == 0 ? CuttingProxy::How::kClose : CuttingProxy::How::kReset);
      EXPECT_NO_THROW(connection.connect());
    }
  }
}

TEST_F(LoginTransportTest, wrong_credentials_are_still_an_authentication_error) {
  ConnectionOptions wrong = quick(engine().target());
  wrong.password = "open sesame";
  Connection connection(wrong);
  EXPECT_THROW(connection.connect(), AuthenticationError);
  EXPECT_EQ(calls("authenticate"), 1);
}

// An engine that was restarted knows no session, and that is no attempt that failed.
TEST_F(LoginTransportTest, the_denial_of_an_old_session_uses_up_no_attempt) {
  for (const int attempts : {1, 2}) {
    SCOPED_TRACE(attempts);
    ConnectionOptions few = quick(engine().target());
    few.max_retry_attempts = attempts;
    Connection connection(few);
    run(connection);
    command("revoke-sessions");
    EXPECT_NO_THROW(EXPECT_EQ(run(connection), 1));
  }
}

TEST_F(LoginTransportTest,
       the_denial_of_an_old_session_after_a_lost_connection_uses_up_no_attempt) {
  CuttingProxy proxy(engine().target());
  ConnectionOptions few = quick(proxy.target());
  few.max_retry_attempts = 2;
  few.retry_backoff = milliseconds(400);  // gRPC itself waits before it connects again
  Connection connection(few);
  run(connection);
  for (int round = 0; round < 3; ++round) {
    proxy.cut_after(CuttingProxy::From::kClient, 0);
    command("revoke-sessions");
    EXPECT_NO_THROW(EXPECT_EQ(run(connection), 1)) << "round " << round;
  }
}

}  // namespace
}  // namespace e6::client::test
