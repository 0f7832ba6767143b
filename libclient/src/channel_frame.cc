// The calls that put a data frame together.
#include <utility>

#include "channel_stubs.h"

namespace e6::client {
namespace {

using Stub = QueryEngineService::Stub;

template <class Request>
Request step(const QueryName& query, std::int32_t frame) {
  auto request = about<Request>(query);
  request.set_dataframenumber(frame);
  return request;
}

}  // namespace

Reply Channel::create_data_frame(const CallHead& head, const std::string& session, std::string_view engine,
                                 const DataFrameSource& source, std::string& id) {
  const ConnectionOptions& options = stubs_->options;
  CreateDataFrameRequest request;
  request.set_parquetfilepath(source.parquet_file);
  request.set_catalog(source.catalog.empty() ? options.catalog : source.catalog);
  request.set_schema(source.schema.empty() ? options.database : source.schema);
  request.set_table(source.table);
  request.set_sessionid(session);
  request.set_engineip(std::string(engine));
  request.set_dataframenumber(source.number);
  request.set_createfromparquet(!source.parquet_file.empty());
  CreateDataFrameResponse response;
  Reply reply = stubs_->call(&Stub::createDataFrame, head, request, response);
  id = std::move(*response.mutable_queryid());
  return reply;
}

Reply Channel::project(const CallHead& head, const QueryName& query, std::int32_t frame,
                       const std::vector<std::string>& columns) {
  auto request = step<ProjectionOnDataFrameRequest>(query, frame);
  for (const std::string& column : columns) request.add_field(column);
  ProjectionOnDataFrameResponse response;
  return stubs_->call(&Stub::projectionOnDataFrame, head, request, response);
}

Reply Channel::filter(const CallHead& head, const QueryName& query, std::int32_t frame,
                      std::string_view condition) {
  auto request = step<FilterOnDataFrameRequest>(query, frame);
  request.set_whereclause(std::string(condition));
  FilterOnDataFrameResponse response;
  return stubs_->call(&Stub::filterOnDataFrame, head, request, response);
}

Reply Channel::aggregate(const CallHead& head, const QueryName& query, std::int32_t frame,
                         const std::map<std::string, Aggregate>& functions,
                         const std::vector<std::string>& group_by) {
  auto request = step<AggregateOnDataFrameRequest>(query, frame);
  for (const auto& [column, function] : functions)
    (*request.mutable_aggregatefunctionmap())[column] = static_cast<AggregateFunction>(function);
  for (const std::string& column : group_by) request.add_groupby(column);
  AggregateOnDataFrameResponse response;
  return stubs_->call(&Stub::aggregateOnDataFrame, head, request, response);
}

Reply Channel::order_by(const CallHead& head, const QueryName& query, std::int32_t frame,
                        const std::map<std::string, SortDirection>& columns) {
  auto request = step<OrderByOnDataFrameRequest>(query, frame);
  for (const auto& [column, direction] : columns)
    (*request.mutable_orderbyfieldmap())[column] = static_cast<::SortDirection>(direction);
  OrderByOnDataFrameResponse response;
  return stubs_->call(&Stub::orderByOnDataFrame, head, request, response);
}

Reply Channel::limit(const CallHead& head, const QueryName& query, std::int32_t frame, std::int32_t rows) {
  auto request = step<LimitOnDataFrameRequest>(query, frame);
  request.set_fetchlimit(rows);
  LimitOnDataFrameResponse response;
  return stubs_->call(&Stub::limitOnDataFrame, head, request, response);
}

Reply Channel::execute_data_frame(const CallHead& head, const QueryName& query, std::int32_t frame) {
  ExecuteDataFrameResponse response;
  return stubs_->call(&Stub::executeDataFrame, head, step<ExecuteDataFrameRequest>(query, frame), response);
}

}  // namespace e6::client
