// How often a client may ping: gRPC's own policy unless the options say otherwise.
#include <gtest/gtest.h>

#include "raw_client.h"

namespace e6::sim {
namespace {

using std::chrono::milliseconds;

// Pings once a second while a call waits, which is as often as gRPC's client does at all.
std::shared_ptr<grpc::Channel> pinging_channel(const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 1000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

// One call that is on its way for five or six pings: the first is free, the fourth is the third
// strike.
grpc::Status long_call(EngineOptions options) {
  options.other_takes = milliseconds(6500);
  std::string error;
  const auto engine = Engine::start(options, error);
  if (engine == nullptr) return {grpc::StatusCode::INTERNAL, error};
  const auto stub = QueryEngineService::NewStub(pinging_channel(engine->target()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  context.AddMetadata("strategy", "blue");
  HealthCheckResponse response;
  return stub->healthCheck(&context, HealthCheckRequest(), &response);
}

TEST(PingPolicy, pings_more_often_than_a_grpc_server_allows_end_a_call_by_default) {
  const grpc::Status status = long_call({});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
}

TEST(PingPolicy, a_shorter_interval_allows_more_pings) {
  EngineOptions options;
  options.min_ping_interval = milliseconds(500);
  EXPECT_TRUE(long_call(options).ok());
}

TEST(PingPolicy, zero_strikes_allow_any_number_of_pings) {
  EngineOptions options;
  options.max_ping_strikes = 0;
  EXPECT_TRUE(long_call(options).ok());
}

}  // namespace
}  // namespace e6::sim
