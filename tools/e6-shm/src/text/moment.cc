#include "text/moment.h"

#include <charconv>
#include <ctime>
#include <string_view>

namespace e6::tool {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::optional<std::uint64_t> seconds_of(std::string_view unit) {
  if (unit.empty() || unit == "s") return 1;
  if (unit == "m" || unit == "min") return 60;
  if (unit == "h") return 3600;
  if (unit == "d") return 86400;
  return std::nullopt;
}

std::optional<std::uint64_t> parse_age(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  const auto unit = seconds_of({rest, static_cast<std::size_t>(end - rest)});
  constexpr std::uint64_t kLongest = 1000ULL * 366 * 86400;
  if (!unit || number > kLongest / *unit) return std::nullopt;
  return number * *unit;
}

}  // namespace

std::optional<std::uint64_t> parse_moment(const std::string& text, std::uint64_t now_ns) {
  if (const auto age = parse_age(text)) {
    const std::uint64_t ns = *age * kSecond;
    return ns > now_ns ? 0 : now_ns - ns;
  }
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
    std::tm time{};
    const char* rest = ::strptime(text.c_str(), format, &time);
    if (rest == nullptr) continue;
    std::uint64_t fraction = 0;
    if (*rest == '.') {
      std::uint64_t unit = kSecond / 10;
      for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) {
        fraction += static_cast<std::uint64_t>(*rest - '0') * unit;
      }
    }
    const bool utc = *rest == 'Z';
    if (utc) ++rest;
    if (*rest != '\0') continue;
    time.tm_isdst = -1;
    const std::time_t seconds = utc ? ::timegm(&time) : ::mktime(&time);
    // What does not fit into 64 bits of nanoseconds is no time of an event.
    if (seconds < 0 || static_cast<std::uint64_t>(seconds) > UINT64_MAX / kSecond - 1) return std::nullopt;
    return static_cast<std::uint64_t>(seconds) * kSecond + fraction;
  }
  return std::nullopt;
}

}  // namespace e6::tool
