// The calls on the way of a query, from prepare to clear.
#include <utility>

#include "channel_stubs.h"

namespace e6::client {
Reply Channel::execute(const CallHead& head, const QueryName& query, bool no_cache) {
  Scratch scratch;
  auto& response = scratch.make<ExecuteStatementResponse>();
  auto& request = about<ExecuteStatementRequest>(scratch, query);
  request.set_shouldnotcache(no_cache);
  return stubs_->call(&QueryEngineService::Stub::AsyncexecuteStatement, head, request, response);
}

[[gnu::hot]] Reply Channel::execute_v2(const CallHead& head, const QueryName& query, bool no_cache,
                          const std::vector<Parameter>& parameters) {
  Scratch scratch;
  auto& response = scratch.make<ExecuteStatementResponse>();
  auto& request = about<ExecuteStatementV2Request>(scratch, query);
  request.set_shouldnotcache(no_cache);
  for (const Parameter& each : parameters) {
    ParameterValue* value = request.add_params();
    value->set_index(each.index);
    value->set_type(each.type);
    value->set_value(each.value);
  }
  return stubs_->call(&QueryEngineService::Stub::AsyncexecuteStatementV2, head, request, response);
}

Reply Channel::parameters(const CallHead& head, const QueryName& query, std::vector<Parameter>& found) {
  Scratch scratch;
  auto& response = scratch.make<GetDynamicParamsResponse>();
  Reply reply = stubs_->call(&QueryEngineService::Stub::AsyncgetDynamicParams, head,
                             about<GetDynamicParamsRequest>(scratch, query), response);
  found.clear();
  for (const ParameterValue& each : response.params())
    found.push_back(Parameter{each.index(), each.type(), each.value()});
  return reply;
}

Reply Channel::metadata(const CallHead& head, const QueryName& query, std::string& bytes) {
  Scratch scratch;
  auto& response = scratch.make<GetResultMetadataResponse>();
  Reply reply = stubs_->call(&QueryEngineService::Stub::AsyncgetResultMetadata, head,
                             about<GetResultMetadataRequest>(scratch, query), response);
  bytes = std::move(*response.mutable_resultmetadata());
  return reply;
}

[[gnu::hot]] Reply Channel::fetch(const CallHead& head, const QueryName& query, std::string& bytes) {
  Scratch scratch;
  auto& response = scratch.make<GetNextResultBatchResponse>();
  Reply reply = stubs_->call(&QueryEngineService::Stub::AsyncgetNextResultBatch, head,
                             about<GetNextResultBatchRequest>(scratch, query), response);
  bytes = std::move(*response.mutable_resultbatch());
  return reply;
}

[[gnu::hot]] Reply Channel::status(const CallHead& head, const QueryName& query, QueryStatus& answer) {
  Scratch scratch;
  auto& response = scratch.make<StatusResponse>();
  Reply reply = stubs_->call(&QueryEngineService::Stub::Asyncstatus, head,
                             about<StatusRequest>(scratch, query), response);
  answer = QueryStatus{response.status(), response.rowcount()};
  return reply;
}

Reply Channel::explain(const CallHead& head, const QueryName& query, std::string& plan) {
  Scratch scratch;
  auto& response = scratch.make<ExplainResponse>();
  Reply reply = stubs_->call(&QueryEngineService::Stub::Asyncexplain, head,
                             about<ExplainRequest>(scratch, query), response);
  plan = std::move(*response.mutable_explain());
  return reply;
}

Reply Channel::explain_analyze(const CallHead& head, const QueryName& query, QueryAnalysis& analysis) {
  Scratch scratch;
  auto& response = scratch.make<ExplainAnalyzeResponse>();
  Reply reply = stubs_->call(&QueryEngineService::Stub::AsyncexplainAnalyze, head,
                             about<ExplainAnalyzeRequest>(scratch, query), response);
  analysis = QueryAnalysis{std::move(*response.mutable_explainanalyze()), response.iscached(), response.parsingtime(),
                           response.queueingtime()};
  return reply;
}

[[gnu::hot]] Reply Channel::clear(const CallHead& head, const QueryName& query) {
  Scratch scratch;
  auto& response = scratch.make<ClearOrCancelQueryResponse>();
  return stubs_->call(&QueryEngineService::Stub::AsyncclearOrCancelQuery, head,
                      about<ClearOrCancelQueryRequest>(scratch, query), response);
}

Reply Channel::discard(const CallHead& head, const QueryName& query) {
  Scratch scratch;
  auto& response = scratch.make<ClearResponse>();
  return stubs_->call(&QueryEngineService::Stub::Asyncclear, head,
                      about<ClearRequest>(scratch, query), response);
}

Reply Channel::cancel(const CallHead& head, const QueryName& query) {
  Scratch scratch;
  auto& response = scratch.make<CancelQueryResponse>();
  return stubs_->call(&QueryEngineService::Stub::AsynccancelQuery, head,
                      about<CancelQueryRequest>(scratch, query), response);
}

}  // namespace e6::client
