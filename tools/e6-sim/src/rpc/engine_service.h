// QueryEngineService on top of the engine's core. Which file a call is in: query_calls.cc has those on the
// way of a query, catalog_calls.cc catalogs and administration, dataframe_calls.cc data frames.
#pragma once

#include "engine.grpc.pb.h"
#include "rpc/serve.h"

namespace e6::sim {

class EngineService final : public QueryEngineService::CallbackService {
 public:
  explicit EngineService(Serving& serving) : serving_(serving) {}

  Reactor* authenticate(Context* context, const AuthenticateRequest* request,
                        AuthenticateResponse* response) override;
  Reactor* identifyPlanner(Context* context, const IdentifyPlannerRequest* request,
                           IdentifyPlannerResponse* response) override;
  Reactor* prepareStatement(Context* context, const PrepareStatementRequest* request,
                            PrepareStatementResponse* response) override;
  Reactor* prepareStatementV2(Context* context, const PrepareStatementV2Request* request,
                              PrepareStatementResponse* response) override;
  Reactor* executeStatement(Context* context, const ExecuteStatementRequest* request,
                            ExecuteStatementResponse* response) override;
  Reactor* executeStatementV2(Context* context, const ExecuteStatementV2Request* request,
                              ExecuteStatementResponse* response) override;
  Reactor* getResultMetadata(Context* context, const GetResultMetadataRequest* request,
                             GetResultMetadataResponse* response) override;
  Reactor* getDynamicParams(Context* context, const GetDynamicParamsRequest* request,
                            GetDynamicParamsResponse* response) override;
  Reactor* getNextResultBatch(Context* context, const GetNextResultBatchRequest* request,
                              GetNextResultBatchResponse* response) override;
  Reactor* explainAnalyze(Context* context, const ExplainAnalyzeRequest* request,
                          ExplainAnalyzeResponse* response) override;
  Reactor* clear(Context* context, const ClearRequest* request, ClearResponse* response) override;
  Reactor* cancelQuery(Context* context, const CancelQueryRequest* request,
                       CancelQueryResponse* response) override;
  Reactor* clearOrCancelQuery(Context* context, const ClearOrCancelQueryRequest* request,
                              ClearOrCancelQueryResponse* response) override;
  Reactor* syncSchemas(Context* context, const SyncSchemaRequest* request,
                       SyncSchemaResponse* response) override;
  Reactor* healthCheck(Context* context, const HealthCheckRequest* request,
                       HealthCheckResponse* response) override;
  Reactor* analyzeQuery(Context* context, const AnalyzeQueryRequest* request,
                        AnalyzeQueryResponse* response) override;
  Reactor* explain(Context* context, const ExplainRequest* request, ExplainResponse* response) override;
  Reactor* status(Context* context, const StatusRequest* request, StatusResponse* response) override;
  Reactor* addCatalogs(Context* context, const AddCatalogsRequest* request,
                       AddCatalogsResponse* response) override;
  Reactor* refreshCatalogs(Context* context, const RefreshCatalogsRequest* request,
                           RefreshCatalogsResponse* response) override;
  Reactor* getAddCatalogsResponse(Context* context, const GetAddCatalogsRequest* request,
                                  GetAddCatalogsResponse* response) override;
  Reactor* getCataloges(Context* context, const GetCatalogesRequest* request,
                        GetCatalogesResponse* response) override;
  Reactor* getSchemaNames(Context* context, const GetSchemaNamesRequest* request,
                          GetSchemaNamesResponse* response) override;
  Reactor* getSchemaNamesV2(Context* context, const GetSchemaNamesV2Request* request,
                            GetSchemaNamesResponse* response) override;
  Reactor* getTables(Context* context, const GetTablesRequest* request, GetTablesResponse* response) override;
  Reactor* getTablesV2(Context* context, const GetTablesV2Request* request,
                       GetTablesResponse* response) override;
  Reactor* getColumns(Context* context, const GetColumnsRequest* request,
                      GetColumnsResponse* response) override;
  Reactor* getColumnsV2(Context* context, const GetColumnsV2Request* request,
                        GetColumnsResponse* response) override;
  Reactor* updateUsers(Context* context, const UpdateUsersRequest* request,
                       UpdateUsersResponse* response) override;
  Reactor* setProps(Context* context, const SetPropsRequest* request, SetPropsResponse* response) override;
  Reactor* dryRun(Context* context, const DryRunRequest* request, DryRunResponse* response) override;
  Reactor* dryRunV2(Context* context, const DryRunRequestV2* request, DryRunResponse* response) override;
  Reactor* getNextRemoteCachedChunk(Context* context, const RemoteChunkRequest* request,
                                    RemoteChunkResponse* response) override;
  Reactor* createDataFrame(Context* context, const CreateDataFrameRequest* request,
                           CreateDataFrameResponse* response) override;
  Reactor* projectionOnDataFrame(Context* context, const ProjectionOnDataFrameRequest* request,
                                 ProjectionOnDataFrameResponse* response) override;
  Reactor* aggregateOnDataFrame(Context* context, const AggregateOnDataFrameRequest* request,
                                AggregateOnDataFrameResponse* response) override;
  Reactor* filterOnDataFrame(Context* context, const FilterOnDataFrameRequest* request,
                             FilterOnDataFrameResponse* response) override;
  Reactor* orderByOnDataFrame(Context* context, const OrderByOnDataFrameRequest* request,
                              OrderByOnDataFrameResponse* response) override;
  Reactor* limitOnDataFrame(Context* context, const LimitOnDataFrameRequest* request,
                            LimitOnDataFrameResponse* response) override;
  Reactor* executeDataFrame(Context* context, const ExecuteDataFrameRequest* request,
                            ExecuteDataFrameResponse* response) override;
  Reactor* dropUserContext(Context* context, const DropUserContextRequest* request,
                           DropUserContextResponse* response) override;

 private:
  Serving& serving_;
};

}  // namespace e6::sim
