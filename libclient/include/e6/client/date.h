// Days and points in time as an engine knows them: from the year -290308 to 294247, by the proleptic Gregorian
// calendar, in which the year before 1 is 0 and the one before that is -1.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace e6::client {

/// A day of the calendar.
///
/// Notes: `std::chrono::year` ends at 32767 and so does `year_month_day`; `sys_days` does not.
class Date {
 public:
  /// 1970-01-01.
  constexpr Date() noexcept = default;
  constexpr explicit Date(std::chrono::sys_days day) noexcept
      : days_(static_cast<std::int32_t>(day.time_since_epoch().count())) {}
  /// The day in which a point in time lies, in UTC; also before 1970.
  [[nodiscard]] static Date of_micros(std::int64_t since_epoch) noexcept;

  /// Days since 1970-01-01.
  [[nodiscard]] constexpr std::int32_t days() const noexcept { return days_; }
  [[nodiscard]] constexpr std::chrono::sys_days sys_days() const noexcept {
    return std::chrono::sys_days(std::chrono::days(days_));
  }
  [[nodiscard]] std::int32_t year() const noexcept;
  [[nodiscard]] unsigned month() const noexcept;  ///< 1 to 12
  [[nodiscard]] unsigned day() const noexcept;    ///< 1 to 31

  /// ISO 8601: "2026-02-12"; beyond four digits and before 0 with a sign: "+11756-12-31", "-0044-03-15".
  [[nodiscard]] std::string to_string() const;

  friend constexpr auto operator<=>(const Date&, const Date&) noexcept = default;

 private:
  std::int32_t days_ = 0;
};

/// A point in time, to the microsecond, and the zone that the engine wants it shown in.
/// Comparisons are by the point in time alone.
class Timestamp {
 public:
  Timestamp() = default;
  /// `zone`: "+05:30", "-08:00", "Z", "America/New_York"; empty is UTC.
  explicit Timestamp(std::int64_t micros, std::string zone = {}) noexcept
      : micros_(micros), zone_(std::move(zone)) {}

  /// Microseconds since 1970-01-01T00:00 UTC.
  [[nodiscard]] std::int64_t micros() const noexcept { return micros_; }
  [[nodiscard]] std::chrono::sys_time<std::chrono::microseconds> time() const noexcept {
    return std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(micros_));
  }
  /// The zone as the engine sent it; empty for none.
  [[nodiscard]] const std::string& zone() const noexcept { return zone_; }
  /// The zone's distance to UTC at this time, positive in the east. A name is looked up in the host's time
  /// zone database. Nothing if it is no offset and not known there.
  [[nodiscard]] std::optional<std::chrono::seconds> offset() const;

  /// ISO 8601 in its zone, with as many of 0, 3 and 6 digits behind the seconds as it takes:
  /// "2023-11-15T03:43:20.123+05:30". In a zone that is not known here it is UTC with the zone's name:
  /// "2023-11-14T22:13:20+00:00[Mars/Olympus]".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Timestamp& a, const Timestamp& b) noexcept { return a.micros_ == b.micros_; }
  friend auto operator<=>(const Timestamp& a, const Timestamp& b) noexcept { return a.micros_ <=> b.micros_; }

 private:
  std::int64_t micros_ = 0;
  std::string zone_;
};

}  // namespace e6::client
