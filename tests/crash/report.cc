#include "report.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace e6::crash {
namespace {

const ModeResult* of(const OperationResult& result, Mode mode) {
  const auto found = std::find_if(result.modes.begin(), result.modes.end(), [&](const ModeResult& m) { return m.mode == mode; });
  return found == result.modes.end() ? nullptr : &*found;
}

template <typename... Values>
std::string format(const char* how, Values... values) {
  char text[160];
  std::snprintf(text, sizeof text, how, values...);
  return text;
}

// Snapshots are told by the different contents that were recovered from, double faults by the second recoveries, the rest by processes.
std::string cell(const ModeResult* m) {
  if (m == nullptr) return format("  %6s %5s", "", "");
  if (!m->applies) return format("  %6s %5s", "-", "-");
  return format("  %6u %5.1f", m->states, m->seconds);
}

}  // namespace

const char* to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::kSnapshot:
      return "snapshot";
    case Mode::kKill:
      return "kill";
    case Mode::kTwice:
      return "twice";
    case Mode::kStop:
      return "stop";
    case Mode::kCalls:
      return "calls";
  }
  return "";
}

void to_json(nlohmann::json& json, const OperationResult& r) {
  json = {{"operation", r.name},       {"steps", r.steps},           {"changes", r.changes}, {"system_calls", r.system_calls},
          {"violations", r.violations}, {"seconds", r.seconds},       {"text", r.text},       {"entered", r.entered}};
  for (const ModeResult& m : r.modes)
    json["modes"][to_string(m.mode)] = {
        {"applies", m.applies}, {"points", m.points}, {"states", m.states}, {"violations", m.violations}, {"seconds", m.seconds}};
}

void from_json(const nlohmann::json& json, OperationResult& r) {
  json.at("operation").get_to(r.name);
  json.at("steps").get_to(r.steps);
  json.at("changes").get_to(r.changes);
  json.at("system_calls").get_to(r.system_calls);
  json.at("violations").get_to(r.violations);
  json.at("seconds").get_to(r.seconds);
  json.at("text").get_to(r.text);
  json.at("entered").get_to(r.entered);
  for (const Mode mode : kModes) {
    if (!json.contains("modes") || !json["modes"].contains(to_string(mode))) continue;
    const auto& m = json["modes"][to_string(mode)];
    r.modes.push_back({mode, m.at("applies"), m.at("points"), m.at("states"), m.at("violations"), m.at("seconds")});
  }
}

std::string heading() {
  std::string text = format("%-22s %6s", "operation", "steps");
  for (const Mode mode : kModes) text += format("  %8s %3s", to_string(mode), "s");
  return text + "  violations\n";
}

std::string line_of(const OperationResult& r) {
  std::string text = format("%-22s %6u", r.name.c_str(), r.steps);
  for (const Mode mode : kModes) text += cell(of(r, mode));
  return text + format("  %10u\n", r.violations);
}

std::string sums_of(const std::vector<OperationResult>& results, double wall_seconds, unsigned workers) {
  OperationResult sum;
  std::array<std::uint64_t, std::size(kModes)> states{};
  std::uint64_t steps = 0;
  std::uint32_t failed = 0;
  double seconds = 0;
  for (const OperationResult& r : results) {
    steps += r.steps;
    sum.violations += r.violations;
    failed += r.violations != 0 ? 1 : 0;
    seconds += r.seconds;
    for (std::size_t i = 0; i < std::size(kModes); ++i)
      if (const ModeResult* m = of(r, kModes[i])) states[i] += m->states;
  }
  std::string text = format("%zu operations, %llu steps", results.size(), static_cast<unsigned long long>(steps));
  constexpr const char* kWhat[] = {"contents recovered from", "kills", "double faults", "stops", "kills at system calls"};
  for (std::size_t i = 0; i < std::size(kModes); ++i)
    if (states[i] != 0) text += format(", %llu %s", static_cast<unsigned long long>(states[i]), kWhat[i]);
  text += format("\n%u violations in %u operations; %.1f s with %u at a time (%.1f s one after the other)\n", sum.violations, failed, wall_seconds,
                 workers, seconds);
  return text;
}

nlohmann::json json_of(const std::vector<OperationResult>& results, double wall_seconds, unsigned workers) {
  std::uint64_t violations = 0;
  std::uint64_t steps = 0;
  nlohmann::json sums;
  for (const OperationResult& r : results) {
    violations += r.violations;
    steps += r.steps;
    for (const ModeResult& m : r.modes) {
      auto& sum = sums[to_string(m.mode)];
      if (sum.is_null()) sum = {{"points", 0U}, {"states", 0U}, {"violations", 0U}};
      sum["points"] = sum["points"].get<std::uint64_t>() + m.points;
      sum["states"] = sum["states"].get<std::uint64_t>() + m.states;
      sum["violations"] = sum["violations"].get<std::uint64_t>() + m.violations;
    }
  }
  return {{"operations", results}, {"steps", steps}, {"violations", violations}, {"modes", sums}, {"seconds", wall_seconds}, {"workers", workers}};
}

}  // namespace e6::crash
