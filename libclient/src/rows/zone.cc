#include "rows/zone.h"

#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <string>

namespace e6::client {
namespace {

bool digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// By java.time.ZoneOffset.of: a sign, then h, hh, hh:mm, hhmm, hh:mm:ss or hhmmss, at most 18
// hours.
std::optional<std::chrono::seconds> fixed_offset(std::string_view zone) {
  const bool west = zone.front() == '-';
  zone.remove_prefix(1);
  const bool colons = zone.size() > 2 && zone[2] == ':';
  int parts[3] = {};
  int count = 0;
  if (zone.size() == 1 && digit(zone[0])) {
    parts[count++] = zone[0] - '0';
    zone.remove_prefix(1);
  }
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

// The names that mean UTC, with and without "Etc/". They need no database.
bool utc(std::string_view zone) noexcept {
  constexpr std::string_view kGroup = "Etc/";
  if (zone.starts_with(kGroup)) zone.remove_prefix(kGroup.size());
  constexpr std::array<std::string_view, 10> kNames{
      "UTC", "GMT", "UT", "UCT", "GMT0", "GMT+0", "GMT-0", "Zulu", "Universal", "Greenwich"};
  return std::find(kNames.begin(), kNames.end(), zone) != kNames.end();
}

// The offset behind "UTC", "GMT" or "UT"; empty if there is none. "Etc/GMT+5" has none: it is a
// region, five hours west of UTC.
std::string_view behind_prefix(std::string_view zone) noexcept {
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (!zone.starts_with(prefix) || zone.size() == prefix.size()) continue;
    const char sign = zone[prefix.size()];
    if (sign == '+' || sign == '-') return zone.substr(prefix.size());
  }
  return {};
}

struct ShortId {
  std::string_view id;
  const char* meaning;
};
// java.time.ZoneId.SHORT_IDS. EST, MST and HST have no summer time.
constexpr ShortId kShortIds[] = {
    {"ACT", "Australia/Darwin"},
    {"AET", "Australia/Sydney"},
    {"AGT", "America/Argentina/Buenos_Aires"},
    {"ART", "Africa/Cairo"},
    {"AST", "America/Anchorage"},
    {"BET", "America/Sao_Paulo"},
    {"BST", "Asia/Dhaka"},
    {"CAT", "Africa/Harare"},
    {"CNT", "America/St_Johns"},
    {"CST", "America/Chicago"},
    {"CTT", "Asia/Shanghai"},
    {"EAT", "Africa/Addis_Ababa"},
    {"ECT", "Europe/Paris"},
    {"EST", "-05:00"},
    {"HST", "-10:00"},
    {"IET", "America/Indiana/Indianapolis"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"MIT", "Pacific/Apia"},
    {"MST", "-07:00"},
    {"NET", "Asia/Yerevan"},
    {"NST", "Pacific/Auckland"},
    {"PLT", "Asia/Karachi"},
    {"PNT", "America/Phoenix"},
    {"PRT", "America/Puerto_Rico"},
    {"PST", "America/Los_Angeles"},
    {"SST", "Pacific/Guadalcanal"},
    {"VST", "Asia/Ho_Chi_Minh"},
};

std::string_view without_short_id(std::string_view zone) noexcept {
  if (zone.size() != 3) return zone;
  for (const ShortId& each : kShortIds)
    if (each.id == zone) return each.meaning;
  return zone;
}

// The name becomes a path below the database's folder, so it may not leave it. The folder holds
// more than regions: the host's own zone, and copies that count leap seconds.
bool plausible_region(std::string_view zone) noexcept {
  constexpr std::size_t kLongest = 64;
  if (zone.size() > kLongest || zone.find("..") != std::string_view::npos) return false;
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
  if (zone.front() < 'A' || zone.front() > 'Z') return false;
  return zone.find_first_not_of(kLetters) == std::string_view::npos && zone != "Factory";
}

}  // namespace

std::optional<std::chrono::seconds> zone_offset(std::string_view zone, std::int64_t micros) {
  if (zone.empty() || zone == "Z" || zone == "z" || utc(zone)) return std::chrono::seconds(0);
  zone = without_short_id(zone);
  if (zone.front() == '+' || zone.front() == '-') return fixed_offset(zone);
  if (const std::string_view offset = behind_prefix(zone); !offset.empty())
    return fixed_offset(offset);
  if (!plausible_region(zone)) return std::nullopt;
  absl::TimeZone found;
  if (!absl::LoadTimeZone(std::string(zone), &found)) return std::nullopt;
  return std::chrono::seconds(found.At(absl::FromUnixMicros(micros)).offset);
}

}  // namespace e6::client
