// Calls that are not about a query: catalogs, statements that are not run, the session.
#include <utility>

#include "channel_stubs.h"

namespace e6::client {
namespace {

using Stub = QueryEngineService::Stub;

std::string text(std::string_view view) {
  return std::string(view);
}

template <class Request>
Request& of(Scratch& scratch, const std::string& session) {
  auto& request = scratch.make<Request>();
  request.set_sessionid(session);
  return request;
}

[[gnu::hot]] std::vector<std::string> strings(google::protobuf::RepeatedPtrField<std::string>& from) {
  return {std::make_move_iterator(from.begin()), std::make_move_iterator(from.end())};
}

}  // namespace

Reply Channel::catalogs(const CallHead& head, std::vector<CatalogEntry>& found) {
  Scratch scratch;
  auto& response = scratch.make<GetCatalogesResponse>();
  Reply reply =
      stubs_->call(&Stub::AsyncgetCataloges, head, scratch.make<GetCatalogesRequest>(), response);
  found.clear();
  for (const CatalogResponse& each : response.catalogresponses())
    found.push_back(CatalogEntry{each.name(), each.isdefault()});
  return reply;
}

Reply Channel::schemas(const CallHead& head, const std::string& session, std::string_view catalog,
                       std::vector<std::string>& found) {
  Scratch scratch;
  auto& response = scratch.make<GetSchemaNamesResponse>();
  Reply reply;
  if (catalog.empty()) {
    reply = stubs_->call(&Stub::AsyncgetSchemaNames, head,
                         of<GetSchemaNamesRequest>(scratch, session), response);
  } else {
    auto& request = of<GetSchemaNamesV2Request>(scratch, session);
    request.set_catalog(text(catalog));
    reply = stubs_->call(&Stub::AsyncgetSchemaNamesV2, head, request, response);
  }
  found = strings(*response.mutable_schemas());
  return reply;
}

[[gnu::hot]] Reply Channel::tables(const CallHead& head, const std::string& session, std::string_view catalog,
                      std::string_view schema, std::vector<std::string>& found) {
  Scratch scratch;
  auto& response = scratch.make<GetTablesResponse>();
  Reply reply;
  if (catalog.empty()) {
    auto& request = of<GetTablesRequest>(scratch, session);
    request.set_schema(text(schema));
    reply = stubs_->call(&Stub::AsyncgetTables, head, request, response);
  } else {
    auto& request = of<GetTablesV2Request>(scratch, session);
    request.set_schema(text(schema));
    request.set_catalog(text(catalog));
    reply = stubs_->call(&Stub::AsyncgetTablesV2, head, request, response);
  }
  found = strings(*response.mutable_tables());
  return reply;
}

Reply Channel::columns(const CallHead& head, const std::string& session, std::string_view catalog,
                       std::string_view schema, std::string_view table, std::vector<TableColumn>& found) {
  Scratch scratch;
  auto& response = scratch.make<GetColumnsResponse>();
  Reply reply;
  if (catalog.empty()) {
    auto& request = of<GetColumnsRequest>(scratch, session);
    request.set_schema(text(schema));
    request.set_table(text(table));
    reply = stubs_->call(&Stub::AsyncgetColumns, head, request, response);
  } else {
    auto& request = of<GetColumnsV2Request>(scratch, session);
    request.set_schema(text(schema));
    request.set_table(text(table));
    request.set_catalog(text(catalog));
    reply = stubs_->call(&Stub::AsyncgetColumnsV2, head, request, response);
  }
  found.clear();
  for (const GFieldInfo& each : response.fieldinfo())
    found.push_back(TableColumn{each.fieldname(), each.fieldtype()});
  return reply;
}

Reply Channel::add_catalogs(const CallHead& head, const std::string& session, std::string_view json) {
  Scratch scratch;
  auto& request = of<AddCatalogsRequest>(scratch, session);
  request.set_json(text(json));
  auto& response = scratch.make<AddCatalogsResponse>();
  return stubs_->call(&Stub::AsyncaddCatalogs, head, request, response);
}

Reply Channel::add_catalogs_status(const CallHead& head, const std::string& session, AddCatalogsStatus& status) {
  Scratch scratch;
  auto& response = scratch.make<GetAddCatalogsResponse>();
  Reply reply = stubs_->call(&Stub::AsyncgetAddCatalogsResponse, head,
                             of<GetAddCatalogsRequest>(scratch, session), response);
  status = AddCatalogsStatus{response.status(), {}};
  for (const FailedSchemaElement& each : response.failures())
    status.failures.push_back(FailedCatalogPart{each.name(), each.type(), each.reason()});
  return reply;
}

Reply Channel::refresh_catalogs(const CallHead& head, const std::string& session) {
  Scratch scratch;
  auto& response = scratch.make<RefreshCatalogsResponse>();
  return stubs_->call(&Stub::AsyncrefreshCatalogs, head,
                      of<RefreshCatalogsRequest>(scratch, session), response);
}

Reply Channel::sync_schema(const CallHead& head, const SchemaSync& what) {
  Scratch scratch;
  auto& request = scratch.make<SyncSchemaRequest>();
  request.set_catalog(what.catalog);
  request.set_database(what.database);
  request.set_queryid(what.query_id);
  request.set_isreplace(what.replace);
  auto& response = scratch.make<SyncSchemaResponse>();
  return stubs_->call(&Stub::AsyncsyncSchemas, head, request, response);
}

Reply Channel::dry_run(const CallHead& head, const std::string& session, std::string_view engine,
                       std::string_view sql, std::string& plan) {
  Scratch scratch;
  const ConnectionOptions& options = stubs_->options;
  auto& response = scratch.make<DryRunResponse>();
  const auto fill = [&](auto& request) -> auto& {
    request.set_engineip(text(engine));
    request.set_sessionid(session);
    request.set_schema(options.database);
    request.set_querystring(text(sql));
    return request;
  };
  Reply reply;
  if (options.catalog.empty()) {
    reply = stubs_->call(&Stub::AsyncdryRun, head, fill(scratch.make<DryRunRequest>()), response);
  } else {
    DryRunRequestV2& request = fill(scratch.make<DryRunRequestV2>());
    request.set_catalog(options.catalog);
    reply = stubs_->call(&Stub::AsyncdryRunV2, head, request, response);
  }
  plan = std::move(*response.mutable_dryrunvalue());
  return reply;
}

Reply Channel::analyze(const CallHead& head, std::string_view sql) {
  Scratch scratch;
  auto& request = scratch.make<AnalyzeQueryRequest>();
  request.set_query(text(sql));
  request.set_catalog(stubs_->options.catalog);
  request.set_schema(stubs_->options.database);
  auto& response = scratch.make<AnalyzeQueryResponse>();
  return stubs_->call(&Stub::AsyncanalyzeQuery, head, request, response);
}

Reply Channel::identify_planner(const CallHead& head, const std::string& session, std::string_view sql,
                                const PlannerPlace* waiting, PlannerPlace& place) {
  Scratch scratch;
  auto& request = of<IdentifyPlannerRequest>(scratch, session);
  if (waiting != nullptr) {
    request.mutable_existingquery()->set_queryid(waiting->query_id);
    request.mutable_existingquery()->set_elapsedtimemillis(waiting->waited_ms);
  } else {
    auto* first = request.mutable_firsttimerequestpayload();
    first->set_schema(stubs_->options.database);
    first->set_catalog(stubs_->options.catalog);
    first->set_querystring(text(sql));
  }
  auto& response = scratch.make<IdentifyPlannerResponse>();
  Reply reply = stubs_->call(&Stub::AsyncidentifyPlanner, head, request, response);
  // A number that a later engine may add is not to be taken for "go ahead".
  place.queue = response.queuemessage() == IdentifyPlannerResponse::GO_AHEAD ? PlannerQueue::kGoAhead
                : response.queuemessage() == IdentifyPlannerResponse::WAITING_ON_PLANNER_SCALEUP
                    ? PlannerQueue::kWaitingForScaleUp
                    : PlannerQueue::kRateLimited;
  place.planner = response.plannerip();
  place.query_id = response.existingquery().queryid();
  place.waited_ms = response.existingquery().elapsedtimemillis();
  place.strategy = head.strategy;
  return reply;
}

Reply Channel::set_properties(const CallHead& head, const std::string& session, std::string_view properties) {
  Scratch scratch;
  auto& request = of<SetPropsRequest>(scratch, session);
  request.set_props(text(properties));
  auto& response = scratch.make<SetPropsResponse>();
  return stubs_->call(&Stub::AsyncsetProps, head, request, response);
}

Reply Channel::drop_user_context(const CallHead& head, const std::string& session, std::string_view engine) {
  Scratch scratch;
  auto& request = of<DropUserContextRequest>(scratch, session);
  request.set_engineip(text(engine));
  auto& response = scratch.make<DropUserContextResponse>();
  return stubs_->call(&Stub::AsyncdropUserContext, head, request, response);
}

Reply Channel::health_check(const CallHead& head) {
  Scratch scratch;
  auto& response = scratch.make<HealthCheckResponse>();
  return stubs_->call(&Stub::AsynchealthCheck, head, scratch.make<HealthCheckRequest>(), response);
}

}  // namespace e6::client
