#include "failure.h"

#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

namespace e6::tool {

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0) {
    throw Failure(kProblem, "writing the output failed: " + std::generic_category().message(errno));
  }
}

void print_json(const nlohmann::ordered_json& value, int indent) {
  // ASCII only: a terminal must not act on what somebody else put into a segment.
  print(value.dump(indent, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void print_failure_as_json(int status, const std::string& sentence) {
  print_json({{"error", sentence}, {"exit_status", status}});
}

}  // namespace e6::tool
