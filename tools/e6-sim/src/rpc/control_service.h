// The simulator's own service: commands while it runs.
#pragma once

#include <string>
#include <vector>

#include "core/engine_core.h"
#include "rpc/serve.h"
#include "sim_control.grpc.pb.h"

namespace e6::sim {

// Reads and runs one command.
CommandResult run_words(EngineCore& core, const std::vector<std::string>& words);

class ControlService final : public SimControl::CallbackService {
 public:
  explicit ControlService(EngineCore& core) : core_(core) {}

  Reactor* Run(Context* context, const CommandRequest* request, CommandResponse* response) override;

 private:
  EngineCore& core_;
};

}  // namespace e6::sim
