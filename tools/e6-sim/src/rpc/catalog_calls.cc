// Catalogs and administration: plausible answers that are always the same, but for one schema that names the
// colour.
#include "rpc/engine_service.h"

namespace e6::sim {
namespace {

void fill_schemas(const Reply& reply, GetSchemaNamesResponse& answer) {
  for (const char* schema : {"default", "sales"}) answer.add_schemas(schema);
  // So that a client can tell who answered.
  answer.add_schemas("served_by_" + std::string(name(reply.colour)));
}

void fill_tables(GetTablesResponse& answer) {
  for (const char* table : {"customers", "orders", "lineitem"}) answer.add_tables(table);
}

void fill_columns(GetColumnsResponse& answer) {
  constexpr const char* columns[][2] = {
      {"id", "LONG"}, {"name", "STRING"}, {"price", "DECIMAL128"}, {"created", "DATETIME"}};
  for (const auto& [name, type] : columns) {
    GFieldInfo* field = answer.add_fieldinfo();
    field->set_fieldname(name);
    field->set_fieldtype(type);
  }
}

}  // namespace

Reactor* EngineService::syncSchemas(Context* context, const SyncSchemaRequest* request,
                                    SyncSchemaResponse* response) {
  return serving_.serve(Method::kSyncSchemas, context, request, response);
}

Reactor* EngineService::healthCheck(Context* context, const HealthCheckRequest* request,
                                    HealthCheckResponse* response) {
  return serving_.serve(Method::kHealthCheck, context, request, response);
}

Reactor* EngineService::analyzeQuery(Context* context, const AnalyzeQueryRequest* request,
                                     AnalyzeQueryResponse* response) {
  return serving_.serve(Method::kAnalyzeQuery, context, request, response);
}

Reactor* EngineService::addCatalogs(Context* context, const AddCatalogsRequest* request,
                                    AddCatalogsResponse* response) {
  return serving_.serve(Method::kAddCatalogs, context, request, response);
}

Reactor* EngineService::refreshCatalogs(Context* context, const RefreshCatalogsRequest* request,
                                        RefreshCatalogsResponse* response) {
  return serving_.serve(Method::kRefreshCatalogs, context, request, response);
}

Reactor* EngineService::getAddCatalogsResponse(Context* context, const GetAddCatalogsRequest* request,
                                               GetAddCatalogsResponse* response) {
  return serving_.serve(Method::kGetAddCatalogsResponse, context, request, response,
                        [](const Reply&, GetAddCatalogsResponse& answer) { answer.set_status("SUCCESS"); });
}

Reactor* EngineService::getCataloges(Context* context, const GetCatalogesRequest* request,
                                     GetCatalogesResponse* response) {
  return serving_.serve(Method::kGetCataloges, context, request, response,
                        [](const Reply&, GetCatalogesResponse& answer) {
                          for (const char* name : {"demo", "archive"}) {
                            CatalogResponse* catalog = answer.add_catalogresponses();
                            catalog->set_name(name);
                            catalog->set_isdefault(std::string_view(name) == "demo");
                          }
                        });
}

Reactor* EngineService::getSchemaNames(Context* context, const GetSchemaNamesRequest* request,
                                       GetSchemaNamesResponse* response) {
  return serving_.serve(
      Method::kGetSchemaNames, context, request, response,
      [](const Reply& reply, GetSchemaNamesResponse& answer) { fill_schemas(reply, answer); });
}

Reactor* EngineService::getSchemaNamesV2(Context* context, const GetSchemaNamesV2Request* request,
                                         GetSchemaNamesResponse* response) {
  return serving_.serve(
      Method::kGetSchemaNamesV2, context, request, response,
      [](const Reply& reply, GetSchemaNamesResponse& answer) { fill_schemas(reply, answer); });
}

Reactor* EngineService::getTables(Context* context, const GetTablesRequest* request,
                                  GetTablesResponse* response) {
  return serving_.serve(Method::kGetTables, context, request, response,
                        [](const Reply&, GetTablesResponse& answer) { fill_tables(answer); });
}

Reactor* EngineService::getTablesV2(Context* context, const GetTablesV2Request* request,
                                    GetTablesResponse* response) {
  return serving_.serve(Method::kGetTablesV2, context, request, response,
                        [](const Reply&, GetTablesResponse& answer) { fill_tables(answer); });
}

Reactor* EngineService::getColumns(Context* context, const GetColumnsRequest* request,
                                   GetColumnsResponse* response) {
  return serving_.serve(Method::kGetColumns, context, request, response,
                        [](const Reply&, GetColumnsResponse& answer) { fill_columns(answer); });
}

Reactor* EngineService::getColumnsV2(Context* context, const GetColumnsV2Request* request,
                                     GetColumnsResponse* response) {
  return serving_.serve(Method::kGetColumnsV2, context, request, response,
                        [](const Reply&, GetColumnsResponse& answer) { fill_columns(answer); });
}

Reactor* EngineService::updateUsers(Context* context, const UpdateUsersRequest* request,
                                    UpdateUsersResponse* response) {
  return serving_.serve(Method::kUpdateUsers, context, request, response);
}

Reactor* EngineService::setProps(Context* context, const SetPropsRequest* request,
                                 SetPropsResponse* response) {
  return serving_.serve(Method::kSetProps, context, request, response);
}

Reactor* EngineService::dryRun(Context* context, const DryRunRequest* request, DryRunResponse* response) {
  return serving_.serve(
      Method::kDryRun, context, request, response,
      [](const Reply&, DryRunResponse& answer) { answer.set_dryrunvalue("Scan(simulated)\n"); });
}

Reactor* EngineService::dryRunV2(Context* context, const DryRunRequestV2* request, DryRunResponse* response) {
  return serving_.serve(
      Method::kDryRunV2, context, request, response,
      [](const Reply&, DryRunResponse& answer) { answer.set_dryrunvalue("Scan(simulated)\n"); });
}

Reactor* EngineService::getNextRemoteCachedChunk(Context* context, const RemoteChunkRequest* request,
                                                 RemoteChunkResponse* response) {
  return serving_.serve(Method::kGetNextRemoteCachedChunk, context, request, response,
                        [](const Reply&, RemoteChunkResponse& answer) {
                          answer.set_error("no such chunk: the simulator caches nothing");
                        });
}

Reactor* EngineService::dropUserContext(Context* context, const DropUserContextRequest* request,
                                        DropUserContextResponse* response) {
  return serving_.serve(Method::kDropUserContext, context, request, response);
}

}  // namespace e6::sim
