// What an enumeration found: a line per operation for people, JSON for programs.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace e6::crash {

enum class Mode : std::uint8_t { kSnapshot, kKill, kTwice, kStop, kCalls };
inline constexpr Mode kModes[] = {Mode::kSnapshot, Mode::kKill, Mode::kTwice, Mode::kStop, Mode::kCalls};
const char* to_string(Mode mode) noexcept;

struct ModeResult {
  Mode mode = Mode::kSnapshot;
  bool applies = true;
  std::uint32_t points = 0;
  std::uint32_t states = 0;
  std::uint32_t violations = 0;
  double seconds = 0;
};

struct OperationResult {
  std::string name;
  std::uint32_t steps = 0;
  std::uint32_t changes = 0;
  std::uint32_t system_calls = 0;
  std::uint32_t violations = 0;
  double seconds = 0;
  std::string text;  ///< the violations
  std::vector<ModeResult> modes;
  std::vector<std::string> entered;  ///< functions that write shared memory and were come by
};

void to_json(nlohmann::json& json, const OperationResult& result);
void from_json(const nlohmann::json& json, OperationResult& result);

std::string heading();
std::string line_of(const OperationResult& result);
/// The sums over all operations; `wall_seconds`: how long it took on how many workers.
std::string sums_of(const std::vector<OperationResult>& results, double wall_seconds, unsigned workers);
nlohmann::json json_of(const std::vector<OperationResult>& results, double wall_seconds, unsigned workers);

}  // namespace e6::crash
