// Days since 1970-01-01 and the proleptic Gregorian calendar, in 64 bits: `std::chrono` ends with the year 32767.
// The method is the one of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
#pragma once

#include <cstdint>

namespace e6::client::civil {

inline constexpr std::int64_t kMicrosOfSecond = 1'000'000;
inline constexpr std::int64_t kSecondsOfDay = 86'400;
inline constexpr std::int64_t kMicrosOfDay = kSecondsOfDay * kMicrosOfSecond;

struct Day {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

/// Rounds towards the past, as a calendar has to.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// What floor_div leaves: not negative for a positive `b`, and without overflow.
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) noexcept {
  return a % b + (a % b < 0 ? b : 0);
}

constexpr Day from_days(std::int64_t days) noexcept {
  const std::int64_t shifted = days + 719'468;  // since 0000-03-01
  const std::int64_t era = floor_div(shifted, 146'097);
  const std::int64_t of_era = shifted - era * 146'097;
  const std::int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * of_year + 2) / 153;  // from March on
  return {year_of_era + era * 400 + (month >= 10 ? 1 : 0),
          static_cast<unsigned>(month < 10 ? month + 3 : month - 9),
          static_cast<unsigned>(of_year - (153 * month + 2) / 5 + 1)};
}

}  // namespace e6::client::civil
