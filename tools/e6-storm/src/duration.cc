#include "duration.h"

#include <charconv>
#include <cmath>
#include <system_error>

namespace e6::storm {

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr double kDay = 86'400;
  double number = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || !std::isfinite(number)) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  if (unit == "ms") {
    number /= 1000;
  } else if (unit == "m") {
    number *= 60;
  } else if (!unit.empty() && unit != "s") {
    return std::nullopt;
  }
  if (number < 0 || number > kDay) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(number * 1e9));
}

}  // namespace e6::storm
