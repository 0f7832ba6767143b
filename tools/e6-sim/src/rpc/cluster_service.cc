#include "rpc/cluster_service.h"

namespace e6::sim {
namespace {

constexpr auto kFillState = [](const Reply& reply, auto& answer) { answer.set_status(reply.cluster_state); };

}  // namespace

Reactor* ClusterCalls::resume(Context* context, const ResumeRequest* request, ResumeResponse* response) {
  return serving_.serve(Method::kClusterResume, context, request, response, kFillState);
}

Reactor* ClusterCalls::suspend(Context* context, const SuspendRequest* request, SuspendResponse* response) {
  return serving_.serve(Method::kClusterSuspend, context, request, response, kFillState);
}

Reactor* ClusterCalls::status(Context* context, const ClusterStatusRequest* request,
                              ClusterStatusResponse* response) {
  return serving_.serve(Method::kClusterStatus, context, request, response, kFillState);
}

}  // namespace e6::sim
