// What each command does to the engine.
#include <nlohmann/json.hpp>

#include "core/engine_core.h"

namespace e6::sim {

CommandResult EngineCore::run(const Command& command) {
  const std::lock_guard lock(mutex_);
  const Nanos now = clock_();
  advance_to(now);
  return apply(command, now);
}

CommandResult EngineCore::apply(const Command& command, Nanos now) {
  if (command.verb == Verb::kStats) return stats(now);
  CommandResult result;
  if (const StrategyMachine::Failure failure = apply_to_colours(command, now)) {
    result.ok = false;
    result.text = *failure;
    result.json = nlohmann::json{{"ok", false}, {"error", *failure}}.dump();
    return result;
  }
  switch (command.verb) {
    case Verb::kSuspend:
      power_.suspend(command.resume_takes, command.resume_fails);
      machine_.forget(Colour::kBlue);
      machine_.forget(Colour::kGreen);
      break;
    case Verb::kResume:
      power_.resume(now, command.resume_takes);
      break;
    case Verb::kDeny:
      faults_.deny(command.duration.value_or(0), now);
      break;
    case Verb::kRevokeSessions:
      registry_.revoke_sessions();
      break;
    case Verb::kLatency:
      faults_.set_latency(*command.method, command.latency, command.jitter);
      break;
    case Verb::kError:
      if (command.clear) {
        faults_.clear_errors();
      } else {
        const auto when = command.late ? Faults::When::kAfterTheWork : Faults::When::kBeforeTheWork;
        faults_.inject_error(*command.method, command.code, command.details, command.count,
                             command.rate, when);
      }
      break;
    case Verb::kResetStats:
      ledger_.reset();
      counting_since_ = now;
      break;
    case Verb::kStop:
      if (observer_.stop) observer_.stop();
      break;
    default:
      break;
  }
  sweep();
  note(now);
  result.text = command.verb == Verb::kStop ? "stopping" : "ok: " + described_;
  result.json = nlohmann::json{{"ok", true}, {"state", described_}}.dump();
  return result;
}

StrategyMachine::Failure EngineCore::apply_to_colours(const Command& command, Nanos now) {
  const Colour to = command.to.value_or(other(machine_.active()));
  switch (command.verb) {
    case Verb::kSwitch:
      if (command.abrupt) return machine_.switch_abruptly(to);
      return machine_.switch_gracefully(to, command.announce, command.drain, now);
    case Verb::kRollback:
      return machine_.roll_back(command.announce, command.drain, now);
    case Verb::kFlap:
      return machine_.flap(command.period, command.duration.value_or(0), now);
    case Verb::kRefuseBoth:
      machine_.refuse_both(command.duration.value_or(0), now);
      return std::nullopt;
    case Verb::kAnnounce:
      if (command.clear) {
        machine_.stop_raw_announcement();
      } else {
        machine_.announce_raw(command.text, command.duration, now);
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace e6::sim
