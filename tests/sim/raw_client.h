// A client that only does what a test tells it: no detection, no repetition.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "cluster.grpc.pb.h"
#include "e6/sim/engine.h"
#include "engine.grpc.pb.h"

namespace e6::sim {

class RawClient {
 public:
  explicit RawClient(const std::string& target) {
    grpc::ChannelArguments arguments;
    arguments.SetUserAgentPrefix("raw-client pid=4711");
    channel_ = grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
    engine = QueryEngineService::NewStub(channel_);
    cluster = ClusterService::NewStub(channel_);
  }

  // Calls `method` of `stub` with the headers that are not empty.
  template <class Stub, class Request, class Response>
  grpc::Status call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const std::string& strategy, const Request& request, Response& response,
                    const std::string& planner = {}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!planner.empty()) context.AddMetadata("plannerip", planner);
    if (!strategy.empty()) context.AddMetadata("strategy", strategy);
    return (stub.*method)(&context, request, &response);
  }

  grpc::Status authenticate(const std::string& strategy, AuthenticateResponse& response,
                            const std::string& password = "demo") {
    AuthenticateRequest request;
    request.set_user("demo@e6data.com");
    request.set_password(password);
    return call(*engine, &QueryEngineService::Stub::authenticate, strategy, request, response);
  }

  grpc::Status prepare(const std::string& strategy, const std::string& session, const std::string& sql,
                       PrepareStatementResponse& response) {
    PrepareStatementV2Request request;
    request.set_sessionid(session);
    request.set_catalog("demo");
    request.set_schema("default");
    request.set_querystring(sql);
    return call(*engine, &QueryEngineService::Stub::prepareStatementV2, strategy, request, response);
  }

  // Any call that is about a query.
  template <class Request, class Response>
  grpc::Status about(grpc::Status (QueryEngineService::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                      Response*),
                     const std::string& strategy, const std::string& session,
                     const PrepareStatementResponse& query, Response& response) {
    Request request;
    request.set_sessionid(session);
    request.set_queryid(query.queryid());
    request.set_engineip(query.engineip());
    return call(*engine, method, strategy, request, response, query.engineip());
  }

  std::unique_ptr<QueryEngineService::Stub> engine;
  std::unique_ptr<ClusterService::Stub> cluster;

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

// Starts an engine, or fails the test.
inline std::unique_ptr<Engine> start_engine(EngineOptions options = {}) {
  std::string error;
  std::unique_ptr<Engine> engine = Engine::start(options, error);
  if (engine == nullptr) throw std::runtime_error(error);
  return engine;
}

}  // namespace e6::sim
