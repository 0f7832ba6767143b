#include "rows/zone.h"

#include <absl/time/time.h>

#include <string>

namespace e6::client {
namespace {

bool digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::optional<std::chrono::seconds> fixed_offset(std::string_view zone) {
  const bool west = zone.front() == '-';
  zone.remove_prefix(1);
  const bool colons = zone.size() > 2 && zone[2] == ':';
  int parts[3] = {};
  int count = 0;
  while (!zone.empty()) {
    if (count == 3 || zone.size() < 2 || !digit(zone[0]) || !digit(zone[1])) return std::nullopt;
    parts[count++] = (zone[0] - '0') * 10 + (zone[1] - '0');
    zone.remove_prefix(2);
    if (colons && !zone.empty()) {
      if (zone.front() != ':' || zone.size() == 1) return std::nullopt;
      zone.remove_prefix(1);
    }
  }
  if (count == 0 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  const std::chrono::seconds offset =
      std::chrono::hours(parts[0]) + std::chrono::minutes(parts[1]) + std::chrono::seconds(parts[2]);
  if (offset > std::chrono::hours(18)) return std::nullopt;
  return west ? -offset : offset;
}

// The name becomes a path below the database's folder, so it may not leave it.
bool plausible_name(std::string_view zone) noexcept {
  constexpr std::size_t kLongest = 64;
  if (zone.size() > kLongest || zone.front() == '/' || zone.find("..") != std::string_view::npos) return false;
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
  return zone.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace

std::optional<std::chrono::seconds> zone_offset(std::string_view zone, std::int64_t micros) {
  if (zone.empty() || zone == "Z" || zone == "z" || zone == "UTC") return std::chrono::seconds(0);
  if (zone.front() == '+' || zone.front() == '-') return fixed_offset(zone);
  if (!plausible_name(zone)) return std::nullopt;
  absl::TimeZone found;
  if (!absl::LoadTimeZone(std::string(zone), &found)) return std::nullopt;
  return std::chrono::seconds(found.At(absl::FromUnixMicros(micros)).offset);
}

}  // namespace e6::client
