#include "e6/client/date.h"

#include <cstdio>

#include "rows/civil.h"
#include "rows/zone.h"

namespace e6::client {
namespace {

std::string date_text(std::int64_t days) {
  const civil::Day day = civil::from_days(days);
  char text[32];
  const char* format = day.year > 9999 ? "+%lld-%02u-%02u" : day.year < 0 ? "-%04lld-%02u-%02u" : "%04lld-%02u-%02u";
  std::snprintf(text, sizeof text, format, static_cast<long long>(day.year < 0 ? -day.year : day.year), day.month,
                day.day);
  return text;
}

std::string offset_text(std::chrono::seconds offset) {
  const auto distance = static_cast<int>(offset.count() < 0 ? -offset.count() : offset.count());
  char text[24];
  const char sign = offset.count() < 0 ? '-' : '+';
  if (distance % 60 == 0) {
    std::snprintf(text, sizeof text, "%c%02d:%02d", sign, distance / 3600, distance / 60 % 60);
  } else {  // local mean times of long ago
    std::snprintf(text, sizeof text, "%c%02d:%02d:%02d", sign, distance / 3600, distance / 60 % 60, distance % 60);
  }
  return text;
}

}  // namespace

Date Date::of_micros(std::int64_t since_epoch) noexcept {
  return Date(std::chrono::sys_days(
      std::chrono::days(static_cast<std::int32_t>(civil::floor_div(since_epoch, civil::kMicrosOfDay)))));
}

std::int32_t Date::year() const noexcept {
  return static_cast<std::int32_t>(civil::from_days(days_).year);
}

unsigned Date::month() const noexcept {
  return civil::from_days(days_).month;
}

unsigned Date::day() const noexcept {
  return civil::from_days(days_).day;
}

std::string Date::to_string() const {
  return date_text(days_);
}

std::optional<std::chrono::seconds> Timestamp::offset() const {
  return zone_offset(zone_, micros_);
}

std::string Timestamp::to_string() const {
  const std::optional<std::chrono::seconds> known = offset();
  const std::chrono::seconds shift = known.value_or(std::chrono::seconds(0));
  // In seconds, where adding the offset cannot overflow.
  const std::int64_t utc_seconds = civil::floor_div(micros_, civil::kMicrosOfSecond);
  const auto fraction = static_cast<int>(micros_ - utc_seconds * civil::kMicrosOfSecond);
  const std::int64_t seconds = utc_seconds + shift.count();
  const std::int64_t days = civil::floor_div(seconds, civil::kSecondsOfDay);
  const auto of_day = static_cast<int>(seconds - days * civil::kSecondsOfDay);

  char clock[32];
  int length = std::snprintf(clock, sizeof clock, "T%02d:%02d:%02d", of_day / 3600, of_day / 60 % 60, of_day % 60);
  if (fraction % 1000 != 0) {
    std::snprintf(clock + length, sizeof clock - static_cast<std::size_t>(length), ".%06d", fraction);
  } else if (fraction != 0) {
    std::snprintf(clock + length, sizeof clock - static_cast<std::size_t>(length), ".%03d", fraction / 1000);
  }
  std::string text = date_text(days) + clock + offset_text(shift);
  if (!known) text += "[" + zone_ + "]";
  return text;
}

}  // namespace e6::client
