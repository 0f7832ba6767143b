// The calls on the way of a query, from authenticate to clear.
#include <algorithm>

#include "data/batch.h"
#include "data/result_metadata.h"
#include "rpc/engine_service.h"

namespace e6::sim {
namespace {

std::string plan_text(const Query& query) {
  return "Project(columns=" + std::to_string(query.hints.columns) +
         ")\n  Scan(simulated, rows=" + std::to_string(query.hints.rows) +
         ", batches=" + std::to_string(query.hints.batches) + ", engine=" + query.engine_ip + ")\n";
}

}  // namespace

Reactor* EngineService::authenticate(Context* context, const AuthenticateRequest* request,
                                     AuthenticateResponse* response) {
  return serving_.serve(Method::kAuthenticate, context, request, response,
                        [](const Reply& reply, AuthenticateResponse& answer) {
                          if (!reply.engine_ip.empty()) answer.set_engineip(reply.engine_ip);
                        });
}

Reactor* EngineService::identifyPlanner(Context* context, const IdentifyPlannerRequest* request,
                                        IdentifyPlannerResponse* response) {
  return serving_.serve(Method::kIdentifyPlanner, context, request, response,
                        [](const Reply& reply, IdentifyPlannerResponse& answer) {
                          answer.set_plannerip(reply.engine_ip);
                          answer.set_queuemessage(IdentifyPlannerResponse::GO_AHEAD);
                        });
}

Reactor* EngineService::prepareStatement(Context* context, const PrepareStatementRequest* request,
                                         PrepareStatementResponse* response) {
  return serving_.serve(Method::kPrepareStatement, context, request, response,
                        [](const Reply& reply, PrepareStatementResponse& answer) {
                          answer.set_engineip(reply.engine_ip);
                          answer.set_queryid(reply.query->id);
                        });
}

Reactor* EngineService::prepareStatementV2(Context* context, const PrepareStatementV2Request* request,
                                           PrepareStatementResponse* response) {
  return serving_.serve(Method::kPrepareStatementV2, context, request, response,
                        [](const Reply& reply, PrepareStatementResponse& answer) {
                          answer.set_engineip(reply.engine_ip);
                          answer.set_queryid(reply.query->id);
                        });
}

Reactor* EngineService::executeStatement(Context* context, const ExecuteStatementRequest* request,
                                         ExecuteStatementResponse* response) {
  return serving_.serve(Method::kExecuteStatement, context, request, response);
}

Reactor* EngineService::executeStatementV2(Context* context, const ExecuteStatementV2Request* request,
                                           ExecuteStatementResponse* response) {
  return serving_.serve(Method::kExecuteStatementV2, context, request, response);
}

Reactor* EngineService::getResultMetadata(Context* context, const GetResultMetadataRequest* request,
                                          GetResultMetadataResponse* response) {
  return serving_.serve(Method::kGetResultMetadata, context, request, response,
                        [](const Reply& reply, GetResultMetadataResponse& answer) {
                          answer.set_resultmetadata(encode_metadata(*reply.query));
                        });
}

Reactor* EngineService::getDynamicParams(Context* context, const GetDynamicParamsRequest* request,
                                         GetDynamicParamsResponse* response) {
  // One for each question mark, wherever it stands.
  return serving_.serve(Method::kGetDynamicParams, context, request, response,
                        [](const Reply& reply, GetDynamicParamsResponse& answer) {
                          const auto marks = std::count(reply.query->sql.begin(), reply.query->sql.end(), '?');
                          for (int index = 0; index < marks; ++index) {
                            ParameterValue* parameter = answer.add_params();
                            parameter->set_index(index);
                            parameter->set_type("STRING");
                          }
                        });
}

Reactor* EngineService::getNextResultBatch(Context* context, const GetNextResultBatchRequest* request,
                                           GetNextResultBatchResponse* response) {
  return serving_.serve(Method::kGetNextResultBatch, context, request, response,
                        [](const Reply& reply, GetNextResultBatchResponse& answer) {
                          answer.set_resultbatch(reply.rows > 0
                                                     ? encode_batch(*reply.query, reply.first_row, reply.rows)
                                                     : encode_end(*reply.query));
                        });
}

Reactor* EngineService::explainAnalyze(Context* context, const ExplainAnalyzeRequest* request,
                                       ExplainAnalyzeResponse* response) {
  return serving_.serve(Method::kExplainAnalyze, context, request, response,
                        [](const Reply& reply, ExplainAnalyzeResponse& answer) {
                          answer.set_explainanalyze(plan_text(*reply.query) + "  rows read: " +
                                                    std::to_string(reply.query->hints.rows) + "\n");
                          answer.set_iscached(false);
                          answer.set_parsingtime(1);
                          answer.set_queueingtime(0);
                        });
}

Reactor* EngineService::clear(Context* context, const ClearRequest* request, ClearResponse* response) {
  return serving_.serve(Method::kClear, context, request, response);
}

Reactor* EngineService::cancelQuery(Context* context, const CancelQueryRequest* request,
                                    CancelQueryResponse* response) {
  return serving_.serve(Method::kCancelQuery, context, request, response);
}

Reactor* EngineService::clearOrCancelQuery(Context* context, const ClearOrCancelQueryRequest* request,
                                           ClearOrCancelQueryResponse* response) {
  return serving_.serve(Method::kClearOrCancelQuery, context, request, response);
}

Reactor* EngineService::explain(Context* context, const ExplainRequest* request, ExplainResponse* response) {
  return serving_.serve(
      Method::kExplain, context, request, response,
      [](const Reply& reply, ExplainResponse& answer) { answer.set_explain(plan_text(*reply.query)); });
}

Reactor* EngineService::status(Context* context, const StatusRequest* request, StatusResponse* response) {
  return serving_.serve(Method::kStatus, context, request, response,
                        [](const Reply& reply, StatusResponse& answer) {
                          answer.set_status(reply.executed);
                          answer.set_rowcount(reply.executed ? reply.query->hints.rows : 0);
                        });
}

}  // namespace e6::sim
