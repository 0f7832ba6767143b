// What is to happen to an engine after its start, line by line: `at 3s switch green graceful --announce 2s`.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "text/command.h"

namespace e6::sim {

struct PlannedCommand {
  Nanos at = 0;  // since the engine's start
  std::string line;
  Command command;
};

// In order of time; lines of the same time keep their order.
using Plan = std::vector<PlannedCommand>;

// Reads a plan: one `at DURATION COMMAND` per line or between semicolons; empty lines and what follows a # do
// not count. On failure: a sentence naming the line's number, its text and the remedy.
std::variant<Plan, std::string> parse_plan(std::string_view text);

}  // namespace e6::sim
