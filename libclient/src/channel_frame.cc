// The calls that put a data frame together.
#include <utility>

#include "channel_stubs.h"

namespace e6::client {
namespace {

using Stub = QueryEngineService::Stub;

template <class Request>
Request& step(Scratch& scratch, const QueryName& query, std::int32_t frame) {
  auto& request = about<Request>(scratch, query);
  request.set_dataframenumber(frame);
  return request;
}

}  // namespace

Reply Channel::create_data_frame(const CallHead& head, const std::string& session, std::string_view engine,
                                 const DataFrameSource& source, std::string& id) {
  Scratch scratch;
  const ConnectionOptions& options = stubs_->options;
  auto& request = scratch.make<CreateDataFrameRequest>();
  request.set_parquetfilepath(source.parquet_file);
  request.set_catalog(source.catalog.empty() ? options.catalog : source.catalog);
  request.set_schema(source.schema.empty() ? options.database : source.schema);
  request.set_table(source.table);
  request.set_sessionid(session);
  request.set_engineip(std::string(engine));
  request.set_dataframenumber(source.number);
  request.set_createfromparquet(!source.parquet_file.empty());
  auto& response = scratch.make<CreateDataFrameResponse>();
  Reply reply = stubs_->call(&Stub::AsynccreateDataFrame, head, request, response);
  id = std::move(*response.mutable_queryid());
  return reply;
}

Reply Channel::project(const CallHead& head, const QueryName& query, std::int32_t frame,
                       const std::vector<std::string>& columns) {
  Scratch scratch;
  auto& request = step<ProjectionOnDataFrameRequest>(scratch, query, frame);
  for (const std::string& column : columns) request.add_field(column);
  auto& response = scratch.make<ProjectionOnDataFrameResponse>();
  return stubs_->call(&Stub::AsyncprojectionOnDataFrame, head, request, response);
}

Reply Channel::filter(const CallHead& head, const QueryName& query, std::int32_t frame,
                      std::string_view condition) {
  Scratch scratch;
  auto& request = step<FilterOnDataFrameRequest>(scratch, query, frame);
  request.set_whereclause(std::string(condition));
  auto& response = scratch.make<FilterOnDataFrameResponse>();
  return stubs_->call(&Stub::AsyncfilterOnDataFrame, head, request, response);
}

Reply Channel::aggregate(const CallHead& head, const QueryName& query, std::int32_t frame,
                         const std::map<std::string, Aggregate>& functions,
                         const std::vector<std::string>& group_by) {
  Scratch scratch;
  auto& request = step<AggregateOnDataFrameRequest>(scratch, query, frame);
  for (const auto& [column, function] : functions)
    (*request.mutable_aggregatefunctionmap())[column] = static_cast<AggregateFunction>(function);
  for (const std::string& column : group_by) request.add_groupby(column);
  auto& response = scratch.make<AggregateOnDataFrameResponse>();
  return stubs_->call(&Stub::AsyncaggregateOnDataFrame, head, request, response);
}

Reply Channel::order_by(const CallHead& head, const QueryName& query, std::int32_t frame,
                        const std::map<std::string, SortDirection>& columns) {
  Scratch scratch;
  auto& request = step<OrderByOnDataFrameRequest>(scratch, query, frame);
  for (const auto& [column, direction] : columns)
    (*request.mutable_orderbyfieldmap())[column] = static_cast<::SortDirection>(direction);
  auto& response = scratch.make<OrderByOnDataFrameResponse>();
  return stubs_->call(&Stub::AsyncorderByOnDataFrame, head, request, response);
}

Reply Channel::limit(const CallHead& head, const QueryName& query, std::int32_t frame, std::int32_t rows) {
  Scratch scratch;
  auto& request = step<LimitOnDataFrameRequest>(scratch, query, frame);
  request.set_fetchlimit(rows);
  auto& response = scratch.make<LimitOnDataFrameResponse>();
  return stubs_->call(&Stub::AsynclimitOnDataFrame, head, request, response);
}

Reply Channel::execute_data_frame(const CallHead& head, const QueryName& query, std::int32_t frame) {
  Scratch scratch;
  auto& response = scratch.make<ExecuteDataFrameResponse>();
  return stubs_->call(&Stub::AsyncexecuteDataFrame, head,
                      step<ExecuteDataFrameRequest>(scratch, query, frame), response);
}

}  // namespace e6::client
