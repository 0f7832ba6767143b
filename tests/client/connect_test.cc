// Engines that cannot be reached: how long they are tried, and what the error says.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "deaf_listener.h"
#include "e6/client/error.h"
#include "program.h"
#include "raw_engine.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

class ConnectTest : public Scene {
 protected:
  struct Failure {
    std::string text;
    milliseconds took{};
  };
  static ConnectionOptions patient_for(milliseconds time, const std::string& target,
                                       const SegmentDirectory& directory) {
    ConnectionOptions options = options_for(target, directory);
    options.connect_timeout = time;
    options.max_retry_attempts = 100;
    options.operation_timeout = seconds(40);
    return options;
  }
  static Failure attempt(const ConnectionOptions& options) {
    const auto start = Clock::now();
    Connection connection(options);
    Failure failure;
    try {
      connection.connect();
      failure.text = "no error";
    } catch (const ConnectionError& error) {
      failure.text = error.what();
    } catch (const std::exception& error) {
      failure.text = std::string("no ConnectionError but ") + error.what();
    }
    failure.took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    return failure;
  }
  // The error came because of the connect time-out. A machine that is busy takes its time; gRPC
  // gives an attempt 20 s, and the operation has 40 s.
  static void expect_in_time(const Failure& failure, milliseconds limit) {
    EXPECT_LT(failure.took, limit + seconds(12)) << failure.text;
    EXPECT_THAT(failure.text, StartsWith("cannot reach the engine"));
  }
};

TEST_F(ConnectTest, an_address_that_nobody_answers_at_is_tried_for_the_connect_timeout) {
  const DeafListener nobody(DeafListener::Kind::kNoConnection);
  expect_in_time(attempt(patient_for(seconds(2), nobody.target(), directory_)), seconds(2));
}

TEST_F(ConnectTest, a_listener_that_never_speaks_http2_is_tried_for_the_connect_timeout) {
  const DeafListener silent(DeafListener::Kind::kSilent);
  expect_in_time(attempt(patient_for(seconds(2), silent.target(), directory_)), seconds(2));
}

TEST_F(ConnectTest, a_port_where_nobody_listens_is_tried_for_the_connect_timeout) {
  std::string target;
  {
    const DeafListener gone(DeafListener::Kind::kSilent);
    target = gone.target();
  }
  const Failure failure = attempt(patient_for(seconds(2), target, directory_));
  expect_in_time(failure, seconds(2));
  EXPECT_GE(failure.took, milliseconds(900)) << failure.text;  // it was tried, not given up at once
}

TEST_F(ConnectTest, a_call_that_takes_longer_than_the_connect_timeout_is_none_of_its_business) {
  ConnectionOptions own = options();
  own.connect_timeout = seconds(1);
  Connection connection(own);
  Cursor cursor = connection.cursor();
  EXPECT_NO_THROW(cursor.execute("select 1 /* execute_ms=2500 prepare_ms=1500 */"));
}

TEST_F(ConnectTest, an_engine_that_comes_within_the_connect_timeout_is_reached) {
  std::string target;
  {
    const DeafListener gone(DeafListener::Kind::kSilent);
    target = gone.target();
  }
  Connection connection(patient_for(seconds(20), target, directory_));
  std::jthread later([&] {
    std::this_thread::sleep_for(milliseconds(600));
    e6::sim::EngineOptions there;
    there.listen = target;
    start(there);
  });
  EXPECT_NO_THROW(connection.connect());
}

// An engine may quote gRPC's words, and go away with them.
TEST_F(ConnectTest, a_statement_whose_engine_quotes_a_failed_connection_is_not_sent_again) {
  std::unique_ptr<RawEngine> engine;
  std::jthread end;
  std::atomic<int> executions{0};
  engine = std::make_unique<RawEngine>([&](const RawCall& call) {
    Wire wire;
    if (call.path.ends_with("/authenticate")) wire.text(1, "session-1").text(3, "7.7.7.1");
    if (call.path.ends_with("/prepareStatementV2"))
      wire.text(1, "7.7.7.7").text(2, "query-1").text(3, "session-1");
    if (!call.path.ends_with("/executeStatementV2")) return RawEngine::Answer{0, "", wire};
    if (executions++ == 0) end = std::jthread([&] { engine.reset(); });
    return RawEngine::Answer{14, "failed to connect to all addresses; last error: storage", ""};
  });
  const std::string target = engine->target();
  Connection connection(patient_for(seconds(2), target, directory_));
  Cursor cursor = connection.cursor();
  EXPECT_THROW(cursor.execute("insert into t values (1)"), QueryError);
  end.join();
  EXPECT_EQ(executions, 1);
}

// What http_proxy and its relatives say, for the time of a test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() { ::unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

class ProxyTest : public ConnectTest {
 protected:
  ProxyTest() {
    const DeafListener gone(DeafListener::Kind::kSilent);
    nobody_ = gone.target();
  }
  Failure attempt_briefly() {
    ConnectionOptions own = options();
    own.max_retry_attempts = 1;
    return attempt(own);
  }
  std::string nobody_;  // nobody listens there
};

TEST_F(ProxyTest,
       a_proxy_that_cannot_be_reached_is_named_with_its_variable_and_without_its_password) {
  const Environment proxy("http_proxy", "http://somebody:open-sesame@" + nobody_);
  const Failure failure = attempt_briefly();
  EXPECT_THAT(failure.text, HasSubstr("environment variable http_proxy"));
  EXPECT_THAT(failure.text, HasSubstr(nobody_));
  EXPECT_THAT(failure.text, HasSubstr("no_grpc_proxy"));
  EXPECT_THAT(failure.text, Not(HasSubstr("open-sesame")));
  EXPECT_THAT(failure.text, Not(HasSubstr("somebody")));
}

TEST_F(ProxyTest, the_variable_that_grpc_prefers_is_the_one_that_is_named) {
  const Environment proxy("http_proxy", "http://127.0.0.1:9");
  const Environment secure("https_proxy", "http://127.0.0.1:9");
  EXPECT_THAT(attempt_briefly().text, HasSubstr("variable https_proxy"));
  const Environment own("grpc_proxy", "http://" + nobody_);
  EXPECT_THAT(attempt_briefly().text, HasSubstr("variable grpc_proxy"));
}

TEST_F(ProxyTest, a_host_that_needs_no_proxy_is_reached_and_a_failure_there_names_none) {
  const Environment proxy("http_proxy", "http://" + nobody_);
  {
    const Environment without("no_proxy", "example.com,127.0.0.1");
    EXPECT_EQ(attempt_briefly().text, "no error");
    ConnectionOptions elsewhere = options_for(nobody_, directory_);
    elsewhere.max_retry_attempts = 1;
    EXPECT_THAT(attempt(elsewhere).text, Not(HasSubstr("proxy")));
  }
  const Environment without("no_grpc_proxy", "127.0.0.1");
  EXPECT_EQ(attempt_briefly().text, "no error");
}

TEST_F(ProxyTest, a_proxy_that_refuses_the_engine_is_named_too) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&own), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size), 0);
  std::jthread refusing([listener] {
    for (;;) {
      const int client = ::accept(listener, nullptr, nullptr);
      if (client < 0) return;
      constexpr std::string_view kAnswer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
      (void)!::send(client, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      ::close(client);
    }
  });
  {
    const Environment proxy("http_proxy",
                            "http://127.0.0.1:" + std::to_string(ntohs(own.sin_port)));
    EXPECT_THAT(attempt_briefly().text, HasSubstr("environment variable http_proxy"));
  }
  ::shutdown(listener, SHUT_RDWR);
  refusing.join();
  ::close(listener);
}

TEST_F(ProxyTest, a_call_that_fails_on_a_connection_names_no_proxy) {
  const Environment proxy("http_proxy", "");
  command("error --method authenticate --code UNAVAILABLE --details 'Socket closed'");
  EXPECT_THAT(attempt_briefly().text, Not(HasSubstr("proxy")));
}

// A network of its own, in which the probe says what names mean.
class NameTest : public ::testing::Test {
 protected:
  std::string probe(const std::string& what) {
    Program program({E6_NAME_PROBE_PROGRAM, directory_.path(), what});
    const std::string said = program.read();
    EXPECT_EQ(program.wait(), 0) << said;
    return said;
  }
  SegmentDirectory directory_;
};

TEST_F(NameTest, an_engine_that_moves_to_another_address_is_found_within_the_connect_timeout) {
  const std::string said = probe("move");
  if (said.starts_with("skip: ")) GTEST_SKIP() << said;
  EXPECT_EQ(said, "reached the first engine\nreached the second engine\n");
}

TEST_F(NameTest,
       a_name_server_that_does_not_answer_is_waited_for_no_longer_than_the_connect_timeout) {
  const std::string said = probe("no-name-server");
  if (said.starts_with("skip: ")) GTEST_SKIP() << said;
  EXPECT_THAT(said, StartsWith("in time: cannot reach the engine at engine.test"));
}

}  // namespace
}  // namespace e6::client::test
