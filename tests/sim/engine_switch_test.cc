// Switches as a client sees them over the port. The time of the switches is the test's own clock.
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "raw_client.h"

namespace e6::sim {
namespace {

using Stub = QueryEngineService::Stub;
constexpr std::int64_t kSecondOfClock = 1'000'000'000;

class EngineSwitchTest : public testing::Test {
 protected:
  EngineSwitchTest() {
    EngineOptions options;
    options.clock = [this] { return now.load(); };
    engine = start_engine(options);
    client = std::make_unique<RawClient>(engine->target());
  }

  // Whether this colour lets somebody in, and what it announces.
  std::string probe(const std::string& colour) {
    AuthenticateResponse response;
    const grpc::Status status = client->authenticate(colour, response);
    if (!status.ok()) return status.error_message();
    return response.has_new_strategy() ? "ok, announces " + response.new_strategy() : "ok";
  }

  struct Opened {
    std::string session;
    PrepareStatementResponse query;
  };

  Opened open(const std::string& colour) {
    Opened opened;
    AuthenticateResponse session;
    EXPECT_TRUE(client->authenticate(colour, session).ok());
    opened.session = session.sessionid();
    EXPECT_TRUE(client->prepare(colour, opened.session, "SELECT 1", opened.query).ok());
    return opened;
  }

  std::string status(const std::string& colour, const Opened& opened) {
    StatusResponse response;
    const grpc::Status status = client->about(&Stub::status, colour, opened.session, opened.query, response);
    return status.ok() ? "ok" : status.error_message();
  }

  const std::string refused = "Received http2 header with status: 456";
  std::atomic<std::int64_t> now{kSecondOfClock};
  std::unique_ptr<Engine> engine;
  std::unique_ptr<RawClient> client;
};

TEST_F(EngineSwitchTest, abrupt_refuses_the_old_colour_everywhere) {
  const Opened opened = open("blue");
  ASSERT_TRUE(engine->run("switch green abrupt").ok);
  EXPECT_EQ(probe("blue"), refused);
  EXPECT_EQ(status("blue", opened), refused);
  EXPECT_EQ(status("green", opened), "Access denied");
  EXPECT_EQ(probe("green"), "ok");
}

TEST_F(EngineSwitchTest, graceful_announces_drains_and_refuses) {
  const Opened opened = open("blue");
  ASSERT_TRUE(engine->run("switch green graceful --announce 2s --drain 5s").ok);
  EXPECT_EQ(probe("blue"), "ok, announces green");
  EXPECT_EQ(probe("green"), "ok");
  now += 2 * kSecondOfClock;
  EXPECT_EQ(probe("blue"), refused);
  EXPECT_EQ(status("blue", opened), "ok");
  now += 5 * kSecondOfClock;
  EXPECT_EQ(status("blue", opened), refused);
  EXPECT_EQ(probe("green"), "ok");
}

TEST_F(EngineSwitchTest, rollback_keeps_the_old_colour_and_lets_the_new_one_finish) {
  ASSERT_TRUE(engine->run("switch green graceful --announce 2s").ok);
  const Opened early = open("green");
  now += kSecondOfClock;
  ASSERT_TRUE(engine->run("rollback --announce 1s --drain 3s").ok);
  EXPECT_EQ(probe("blue"), "ok, announces blue");
  EXPECT_EQ(probe("green"), "ok, announces blue");
  now += kSecondOfClock;
  EXPECT_EQ(probe("blue"), "ok");
  EXPECT_EQ(probe("green"), refused);
  EXPECT_EQ(status("green", early), "ok");
  now += 3 * kSecondOfClock;
  EXPECT_EQ(status("green", early), refused);
}

TEST_F(EngineSwitchTest, flapping_refusing_denying_and_announcing_end_by_themselves) {
  ASSERT_TRUE(engine->run("flap --period 50ms --for 1s").ok);
  now += 50'000'000;
  EXPECT_EQ(probe("blue"), refused);
  now += 50'000'000;
  EXPECT_EQ(probe("blue"), "ok");
  now += kSecondOfClock;
  EXPECT_EQ(probe("blue"), "ok") << "an even number of switches";
  ASSERT_TRUE(engine->run("refuse-both --for 1s").ok);
  EXPECT_EQ(probe("blue"), refused);
  EXPECT_EQ(probe("green"), refused);
  now += kSecondOfClock;
  ASSERT_TRUE(engine->run("deny --for 1s").ok);
  EXPECT_EQ(probe("blue"), "Access denied");
  now += kSecondOfClock;
  ASSERT_TRUE(engine->run("announce 'Purple ' --for 1s").ok);
  EXPECT_EQ(probe("blue"), "ok, announces Purple ");
  now += kSecondOfClock;
  EXPECT_EQ(probe("blue"), "ok");
}

TEST_F(EngineSwitchTest, suspended_answers_503_and_wakes_up_through_the_cluster_service) {
  ASSERT_TRUE(engine->run("suspend --resume-takes 2s").ok);
  EXPECT_EQ(probe("blue"), "Received http2 header with status: 503");
  const auto cluster = [&](auto method, auto request, auto response) {
    request.set_user("demo@e6data.com");
    request.set_password("demo");
    const grpc::Status status = client->call(*client->cluster, method, "blue", request, response);
    return status.ok() ? response.status() : status.error_message();
  };
  const auto state = [&] {
    return cluster(&ClusterService::Stub::status, ClusterStatusRequest(), ClusterStatusResponse());
  };
  EXPECT_EQ(state(), "suspended");
  EXPECT_EQ(cluster(&ClusterService::Stub::resume, ResumeRequest(), ResumeResponse()), "resuming");
  EXPECT_EQ(state(), "resuming");
  now += 2 * kSecondOfClock;
  EXPECT_EQ(state(), "active");
  EXPECT_EQ(probe("blue"), "ok");
  EXPECT_EQ(cluster(&ClusterService::Stub::suspend, SuspendRequest(), SuspendResponse()), "suspended");
}

TEST_F(EngineSwitchTest, injected_errors_and_other_wordings_reach_the_client) {
  ASSERT_TRUE(
      engine->run("error --method authenticate --code RESOURCE_EXHAUSTED --details 'too much' --count 1").ok);
  EXPECT_EQ(probe("blue"), "too much");
  EXPECT_EQ(probe("blue"), "ok");

  EngineOptions options;
  options.refusal_style = "text";
  const auto other = start_engine(options);
  RawClient second(other->target());
  AuthenticateResponse response;
  const grpc::Status status = second.authenticate("green", response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "Wrong strategy. Status: 456, the active one is blue");
  EXPECT_EQ(second.authenticate("blue", response, "wrong").error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(EngineSwitchTest, a_command_that_cannot_be_done_says_why) {
  const Engine::Answer answer = engine->run("switch blue abrupt");
  EXPECT_FALSE(answer.ok);
  EXPECT_EQ(answer.text, "blue is active already; switch to green");
  EXPECT_EQ(nlohmann::json::parse(answer.json)["ok"], false);
  EXPECT_FALSE(engine->run("dance").ok);
  EXPECT_FALSE(engine->run("announce 'open").ok);
}

}  // namespace
}  // namespace e6::sim
