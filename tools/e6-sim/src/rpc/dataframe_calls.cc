// Data frames: createDataFrame makes a query of one row, the steps on it change nothing, executeDataFrame
// executes it.
#include "rpc/engine_service.h"

namespace e6::sim {

Reactor* EngineService::createDataFrame(Context* context, const CreateDataFrameRequest* request,
                                        CreateDataFrameResponse* response) {
  return serving_.serve(
      Method::kCreateDataFrame, context, request, response,
      [](const Reply& reply, CreateDataFrameResponse& answer) { answer.set_queryid(reply.query->id); });
}

Reactor* EngineService::projectionOnDataFrame(Context* context, const ProjectionOnDataFrameRequest* request,
                                              ProjectionOnDataFrameResponse* response) {
  return serving_.serve(Method::kProjectionOnDataFrame, context, request, response);
}

Reactor* EngineService::aggregateOnDataFrame(Context* context, const AggregateOnDataFrameRequest* request,
                                             AggregateOnDataFrameResponse* response) {
  return serving_.serve(Method::kAggregateOnDataFrame, context, request, response);
}

Reactor* EngineService::filterOnDataFrame(Context* context, const FilterOnDataFrameRequest* request,
                                          FilterOnDataFrameResponse* response) {
  return serving_.serve(Method::kFilterOnDataFrame, context, request, response);
}

Reactor* EngineService::orderByOnDataFrame(Context* context, const OrderByOnDataFrameRequest* request,
                                           OrderByOnDataFrameResponse* response) {
  return serving_.serve(Method::kOrderByOnDataFrame, context, request, response);
}

Reactor* EngineService::limitOnDataFrame(Context* context, const LimitOnDataFrameRequest* request,
                                         LimitOnDataFrameResponse* response) {
  return serving_.serve(Method::kLimitOnDataFrame, context, request, response);
}

Reactor* EngineService::executeDataFrame(Context* context, const ExecuteDataFrameRequest* request,
                                         ExecuteDataFrameResponse* response) {
  return serving_.serve(Method::kExecuteDataFrame, context, request, response);
}

}  // namespace e6::sim
