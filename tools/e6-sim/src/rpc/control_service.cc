#include "rpc/control_service.h"

#include <nlohmann/json.hpp>

namespace e6::sim {

CommandResult run_words(EngineCore& core, const std::vector<std::string>& words) {
  const auto command = parse_command(words);
  if (const auto* problem = std::get_if<CommandProblem>(&command)) {
    const auto replace = nlohmann::json::error_handler_t::replace;
    return {false, problem->text,
            nlohmann::json{{"ok", false}, {"error", problem->text}}.dump(-1, ' ', false, replace)};
  }
  return core.run(std::get<Command>(command));
}

Reactor* ControlService::Run(Context* context, const CommandRequest* request, CommandResponse* response) {
  const CommandResult result = run_words(core_, {request->words().begin(), request->words().end()});
  response->set_ok(result.ok);
  response->set_text(result.text);
  response->set_json(result.json);
  Reactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace e6::sim
