// How a verb ends, and how it ends early.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <stdexcept>
#include <string>

namespace e6::tool {

inline constexpr int kFine = 0;
inline constexpr int kProblem = 1;  // degraded, damaged, or the action had no effect
inline constexpr int kBadUsage = 2;
inline constexpr int kNoSegment = 3;

/// Ends the verb with `status` and `what()` for the operator; caught in main only.
class Failure : public std::runtime_error {
 public:
  Failure(int status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

/// Writes to stdout; what could not be written is a Failure (a full disk is not a fine segment).
void print(const std::string& text);
/// One JSON value and a line end; `indent` -1 keeps it on one line. Bytes that are no UTF-8 become U+FFFD.
void print_json(const nlohmann::ordered_json& value, int indent = 2);

/// {"error": sentence, "exit_status": status}
void print_failure_as_json(int status, const std::string& sentence);

}  // namespace e6::tool
