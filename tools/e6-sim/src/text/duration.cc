#include "text/duration.h"

#include <array>
#include <charconv>
#include <cmath>

namespace e6::sim {
namespace {

struct Unit {
  std::string_view name;
  Nanos nanos;
};

// Longest match first is not needed: the number ends where the unit begins.
constexpr std::array<Unit, 5> kUnits{
    {{"us", kMicrosecond}, {"ms", kMillisecond}, {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}}};
constexpr double kLongest = 24.0 * 3600 * 1e9;

std::string complaint(std::string_view text) {
  return "'" + std::string(text) +
         "' is not a duration; write a number and a unit, up to 24h, such as 50ms, 2s or 1.5m";
}

}  // namespace

std::variant<Nanos, std::string> parse_duration(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (failure != std::errc() || !std::isfinite(value) || value < 0) return complaint(text);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (unit.empty() && value == 0) return Nanos{0};
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    const double nanos = value * static_cast<double>(known.nanos);
    if (nanos > kLongest) return complaint(text);
    return static_cast<Nanos>(std::llround(nanos));
  }
  return complaint(text);
}

std::string format_duration(Nanos duration) {
  if (duration == 0) return "0s";
  if (duration % kSecond == 0) return std::to_string(duration / kSecond) + "s";
  if (duration % kMillisecond == 0) return std::to_string(duration / kMillisecond) + "ms";
  return std::to_string(duration / kMicrosecond) + "us";
}

}  // namespace e6::sim
