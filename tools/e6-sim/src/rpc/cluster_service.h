// ClusterService on top of the engine's core.
#pragma once

#include "cluster.grpc.pb.h"
#include "rpc/serve.h"

namespace e6::sim {

class ClusterCalls final : public ClusterService::CallbackService {
 public:
  explicit ClusterCalls(Serving& serving) : serving_(serving) {}

  Reactor* resume(Context* context, const ResumeRequest* request, ResumeResponse* response) override;
  Reactor* suspend(Context* context, const SuspendRequest* request, SuspendResponse* response) override;
  Reactor* status(Context* context, const ClusterStatusRequest* request,
                  ClusterStatusResponse* response) override;

 private:
  Serving& serving_;
};

}  // namespace e6::sim
