// The engine over its port: the flow of a query, refusals, options, the end.
#include "e6/sim/engine.h"

#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "raw_client.h"

namespace e6::sim {
namespace {

using Stub = QueryEngineService::Stub;

TEST(Engine, serves_a_query_from_authenticate_to_clear) {
  const auto engine = start_engine();
  RawClient client(engine->target());
  AuthenticateResponse session;
  grpc::Status status = client.authenticate("green", session);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(status.error_message(), "Received http2 header with status: 456");
  ASSERT_TRUE(client.authenticate("blue", session).ok());
  EXPECT_FALSE(session.has_new_strategy());

  PrepareStatementResponse query;
  ASSERT_TRUE(
      client.prepare("blue", session.sessionid(), "SELECT 1 /* rows=10 cols=20 batches=2 */", query).ok());
  EXPECT_FALSE(query.engineip().empty());
  ExecuteStatementResponse executed;
  ASSERT_TRUE(client.about(&Stub::executeStatementV2, "blue", session.sessionid(), query, executed).ok());
  GetResultMetadataResponse metadata;
  ASSERT_TRUE(client.about(&Stub::getResultMetadata, "blue", session.sessionid(), query, metadata).ok());
  EXPECT_EQ(metadata.resultmetadata()[11], 20);
  int batches = 0;
  for (GetNextResultBatchResponse batch;; ++batches) {
    ASSERT_TRUE(client.about(&Stub::getNextResultBatch, "blue", session.sessionid(), query, batch).ok());
    if (batch.resultbatch().empty()) break;
  }
  EXPECT_EQ(batches, 2);
  ClearOrCancelQueryResponse cleared;
  ASSERT_TRUE(client.about(&Stub::clearOrCancelQuery, "blue", session.sessionid(), query, cleared).ok());

  const auto stats = nlohmann::json::parse(engine->stats_json());
  EXPECT_EQ(stats["queries_finished"], 1);
  EXPECT_EQ(stats["rows_sent"], 10);
  EXPECT_EQ(stats["totals"]["456"], 1);
  for (const auto& entry : stats["calls"]) EXPECT_EQ(entry["pid"], 4711);
}

TEST(Engine, finds_the_pid_of_a_client_that_does_not_tell_it) {
  const auto engine = start_engine();
  const auto channel = grpc::CreateChannel(engine->target(), grpc::InsecureChannelCredentials());
  const auto stub = QueryEngineService::NewStub(channel);
  grpc::ClientContext context;
  context.AddMetadata("strategy", "blue");
  HealthCheckResponse response;
  ASSERT_TRUE(stub->healthCheck(&context, {}, &response).ok());
  EXPECT_EQ(nlohmann::json::parse(engine->stats_json())["calls"][0]["pid"], getpid());
}

TEST(Engine, answers_all_calls) {
  const auto engine = start_engine();
  RawClient client(engine->target());
  AuthenticateResponse session;
  ASSERT_TRUE(client.authenticate("blue", session).ok());
  const std::string id = session.sessionid();
  const auto served = [&](auto method, auto request, auto response) {
    if constexpr (requires { request.set_sessionid(id); }) request.set_sessionid(id);
    const grpc::Status status = client.call(*client.engine, method, "blue", request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  EXPECT_EQ(
      served(&Stub::identifyPlanner, IdentifyPlannerRequest(), IdentifyPlannerResponse()).queuemessage(),
      IdentifyPlannerResponse::GO_AHEAD);
  served(&Stub::syncSchemas, SyncSchemaRequest(), SyncSchemaResponse());
  served(&Stub::healthCheck, HealthCheckRequest(), HealthCheckResponse());
  served(&Stub::analyzeQuery, AnalyzeQueryRequest(), AnalyzeQueryResponse());
  served(&Stub::addCatalogs, AddCatalogsRequest(), AddCatalogsResponse());
  served(&Stub::refreshCatalogs, RefreshCatalogsRequest(), RefreshCatalogsResponse());
  EXPECT_EQ(served(&Stub::getAddCatalogsResponse, GetAddCatalogsRequest(), GetAddCatalogsResponse()).status(),
            "SUCCESS");
  EXPECT_EQ(
      served(&Stub::getCataloges, GetCatalogesRequest(), GetCatalogesResponse()).catalogresponses(0).name(),
      "demo");
  EXPECT_EQ(served(&Stub::getSchemaNames, GetSchemaNamesRequest(), GetSchemaNamesResponse()).schemas(2),
            "served_by_blue");
  served(&Stub::getSchemaNamesV2, GetSchemaNamesV2Request(), GetSchemaNamesResponse());
  EXPECT_EQ(served(&Stub::getTables, GetTablesRequest(), GetTablesResponse()).tables_size(), 3);
  served(&Stub::getTablesV2, GetTablesV2Request(), GetTablesResponse());
  EXPECT_EQ(served(&Stub::getColumns, GetColumnsRequest(), GetColumnsResponse()).fieldinfo(0).fieldtype(),
            "LONG");
  served(&Stub::getColumnsV2, GetColumnsV2Request(), GetColumnsResponse());
  served(&Stub::updateUsers, UpdateUsersRequest(), UpdateUsersResponse());
  served(&Stub::setProps, SetPropsRequest(), SetPropsResponse());
  EXPECT_FALSE(served(&Stub::dryRun, DryRunRequest(), DryRunResponse()).dryrunvalue().empty());
  served(&Stub::dryRunV2, DryRunRequestV2(), DryRunResponse());
  EXPECT_FALSE(
      served(&Stub::getNextRemoteCachedChunk, RemoteChunkRequest(), RemoteChunkResponse()).error().empty());

  PrepareStatementRequest prepare;
  prepare.set_querystring("SELECT 1");
  const auto query = served(&Stub::prepareStatement, prepare, PrepareStatementResponse());
  const auto about = [&](auto method, auto request, auto response, const std::string& query_id) {
    request.set_queryid(query_id);
    request.set_engineip(query.engineip());
    return served(method, request, response);
  };
  const std::string q = query.queryid();
  about(&Stub::getDynamicParams, GetDynamicParamsRequest(), GetDynamicParamsResponse(), q);
  EXPECT_FALSE(about(&Stub::status, StatusRequest(), StatusResponse(), q).status());
  about(&Stub::executeStatement, ExecuteStatementRequest(), ExecuteStatementResponse(), q);
  EXPECT_EQ(about(&Stub::status, StatusRequest(), StatusResponse(), q).rowcount(), 1);
  EXPECT_FALSE(about(&Stub::explain, ExplainRequest(), ExplainResponse(), q).explain().empty());
  EXPECT_FALSE(about(&Stub::explainAnalyze, ExplainAnalyzeRequest(), ExplainAnalyzeResponse(), q)
                   .explainanalyze()
                   .empty());
  about(&Stub::clear, ClearRequest(), ClearResponse(), q);
  const auto second = served(&Stub::prepareStatement, prepare, PrepareStatementResponse());
  CancelQueryRequest cancel;
  cancel.set_engineip(second.engineip());
  cancel.set_queryid(second.queryid());
  served(&Stub::cancelQuery, cancel, CancelQueryResponse());

  const std::string frame =
      served(&Stub::createDataFrame, CreateDataFrameRequest(), CreateDataFrameResponse()).queryid();
  about(&Stub::projectionOnDataFrame, ProjectionOnDataFrameRequest(), ProjectionOnDataFrameResponse(), frame);
  about(&Stub::aggregateOnDataFrame, AggregateOnDataFrameRequest(), AggregateOnDataFrameResponse(), frame);
  about(&Stub::filterOnDataFrame, FilterOnDataFrameRequest(), FilterOnDataFrameResponse(), frame);
  about(&Stub::orderByOnDataFrame, OrderByOnDataFrameRequest(), OrderByOnDataFrameResponse(), frame);
  about(&Stub::limitOnDataFrame, LimitOnDataFrameRequest(), LimitOnDataFrameResponse(), frame);
  about(&Stub::executeDataFrame, ExecuteDataFrameRequest(), ExecuteDataFrameResponse(), frame);
  about(&Stub::getNextResultBatch, GetNextResultBatchRequest(), GetNextResultBatchResponse(), frame);
  served(&Stub::dropUserContext, DropUserContextRequest(), DropUserContextResponse());
  GetTablesRequest denied;
  denied.set_sessionid(id);
  GetTablesResponse tables;
  EXPECT_EQ(client.call(*client.engine, &Stub::getTables, "blue", denied, tables).error_message(),
            "Access denied");
}

TEST(Engine, latency_passes_before_the_answer) {
  const auto engine = start_engine();
  ASSERT_TRUE(engine->run("latency --method healthCheck --ms 50").ok);
  RawClient client(engine->target());
  const auto start = std::chrono::steady_clock::now();
  HealthCheckResponse response;
  EXPECT_TRUE(client.call(*client.engine, &Stub::healthCheck, "blue", HealthCheckRequest(), response).ok());
  // gRPC's timers count whole milliseconds.
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(49));
}

TEST(Engine, many_waiting_calls_block_nobody_else) {
  auto engine = start_engine();
  ASSERT_TRUE(engine->run("latency --method healthCheck --ms 3600000").ok);
  RawClient client(engine->target());
  std::vector<std::future<grpc::StatusCode>> waiting;
  for (int i = 0; i < 40; ++i) {
    waiting.push_back(std::async(std::launch::async, [&client] {
      HealthCheckResponse response;
      return client.call(*client.engine, &Stub::healthCheck, "blue", HealthCheckRequest(), response)
          .error_code();
    }));
  }
  for (int i = 0; i < 40; ++i) {
    GetCatalogesResponse response;
    EXPECT_TRUE(
        client.call(*client.engine, &Stub::getCataloges, "blue", GetCatalogesRequest(), response).ok());
  }
  engine.reset();
  for (auto& each : waiting) EXPECT_NE(each.get(), grpc::StatusCode::OK);
}

TEST(Engine, ends_at_once_while_calls_wait) {
  auto engine = start_engine();
  ASSERT_TRUE(engine->run("latency --method healthCheck --ms 3600000").ok);
  RawClient client(engine->target());
  auto waiting = std::async(std::launch::async, [&client] {
    HealthCheckResponse response;
    return client.call(*client.engine, &Stub::healthCheck, "blue", HealthCheckRequest(), response);
  });
  // Whether the call has arrived, is on its way or has not set out: it must not take its hour.
  engine.reset();
  const grpc::StatusCode code = waiting.get().error_code();
  EXPECT_TRUE(code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::CANCELLED) << code;
}

TEST(Engine, refuses_options_with_the_thing_the_value_and_the_remedy) {
  const auto wrong = [](auto change) {
    EngineOptions options;
    change(options);
    std::string error;
    EXPECT_EQ(Engine::start(options, error), nullptr);
    return error;
  };
  EXPECT_NE(wrong([](auto& o) { o.listen = "localhost"; }).find("'localhost' has no port; use"),
            std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.listen = "127.0.0.1:x"; }).find("'x' is not a port; use"),
            std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.listen = "localhost:1"; }).find("not an IPv4 address; use"),
            std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.refusal_style = "rude"; }).find("'rude' is unknown; use"),
            std::string::npos);
  EXPECT_NE(wrong([](auto& o) { o.plan = "at 1s dance"; }).find("plan line 1"), std::string::npos);
  const auto engine = start_engine();
  EXPECT_NE(wrong([&](auto& o) { o.listen = engine->target(); }).find("port is in use"), std::string::npos);
}

TEST(Engine, wait_reports_what_changed_and_ends_on_request) {
  const auto engine = start_engine();
  engine->run("switch green abrupt");
  auto waited = engine->wait(std::chrono::seconds(20));
  ASSERT_EQ(waited.events.size(), 1U);
  EXPECT_EQ(waited.events[0].text, "green is active");
  EXPECT_FALSE(waited.stop);
  engine->run("stop");
  EXPECT_TRUE(engine->wait(std::chrono::seconds(20)).stop);
}

}  // namespace
}  // namespace e6::sim
