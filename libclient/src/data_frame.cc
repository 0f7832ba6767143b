#include "e6/client/data_frame.h"

#include <utility>

#include "call_texts.h"
#include "cursor_impl.h"
#include "e6/client/connection.h"

namespace e6::client {
namespace {

constexpr auto kOnce = Link::Repeat::kUnsafe;

}  // namespace

DataFrame::DataFrame(std::unique_ptr<Cursor::Impl> query, std::int32_t number) noexcept
    : query_(std::move(query)), number_(number) {}
DataFrame::DataFrame(DataFrame&&) noexcept = default;
DataFrame& DataFrame::operator=(DataFrame&&) noexcept = default;
DataFrame::~DataFrame() = default;

Cursor::Impl& DataFrame::live() const {
  if (query_ == nullptr) throw UsageError("the data frame was executed or moved; its cursor has the query");
  return *query_;
}

DataFrame Connection::data_frame(const DataFrameSource& source, const CallOptions& options) {
  check_utf8(source);
  auto impl = std::make_unique<Cursor::Impl>(link_);
  Budget budget = impl->budget_for(options);
  impl->take(link_->begin("createDataFrame", budget,
                          [&](Channel& channel, const CallHead& head, const Session& session, Query& query) {
                            query.engine = session.engine;  // the answer names none
                            return channel.create_data_frame(head, session.id, session.engine, source, query.id);
                          }));
  return DataFrame(std::move(impl), source.number);
}

DataFrame& DataFrame::project(const std::vector<std::string>& columns,
                              const CallOptions& options) & {
  check_utf8("a column's name", columns);
  live().ask("projectionOnDataFrame", kOnce, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.project(head, name, number_, columns);
             });
  return *this;
}

DataFrame& DataFrame::filter(std::string_view condition, const CallOptions& options) & {
  check_utf8("the condition", condition);
  live().ask("filterOnDataFrame", kOnce, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.filter(head, name, number_, condition);
             });
  return *this;
}

DataFrame& DataFrame::aggregate(const std::map<std::string, Aggregate>& functions,
                                const std::vector<std::string>& group_by,
                                const CallOptions& options) & {
  for (const auto& [column, function] : functions) check_utf8("a column's name", column);
  check_utf8("a column's name", group_by);
  live().ask("aggregateOnDataFrame", kOnce, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.aggregate(head, name, number_, functions, group_by);
             });
  return *this;
}

DataFrame& DataFrame::order_by(const std::map<std::string, SortDirection>& columns,
                               const CallOptions& options) & {
  for (const auto& [column, direction] : columns) check_utf8("a column's name", column);
  live().ask("orderByOnDataFrame", kOnce, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.order_by(head, name, number_, columns);
             });
  return *this;
}

DataFrame& DataFrame::limit(std::int32_t rows, const CallOptions& options) & {
  live().ask("limitOnDataFrame", kOnce, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.limit(head, name, number_, rows);
             });
  return *this;
}

Cursor DataFrame::execute(const CallOptions& options) {
  live().ask("executeDataFrame", kOnce, options,
             [&](Channel& channel, const CallHead& head, const QueryName& name) {
               return channel.execute_data_frame(head, name, number_);
             });
  query_->link().count(&Statistics::queries);
  return Cursor(std::move(query_));
}

const std::string& DataFrame::query_id() const& noexcept {
  static const std::string none;
  return query_ == nullptr ? none : query_->query().id;
}

}  // namespace e6::client
