#include "e6/client/date.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

namespace e6::client {
namespace {

constexpr std::int64_t kDay = 86'400'000'000;

std::string day(std::int64_t micros) {
  return Date::of_micros(micros).to_string();
}

std::string time(std::int64_t micros, const std::string& zone = "") {
  return Timestamp(micros, zone).to_string();
}

TEST(Date, a_day_reaches_from_midnight_to_midnight_before_1970_too) {
  EXPECT_EQ(day(0), "1970-01-01");
  EXPECT_EQ(day(kDay - 1), "1970-01-01");
  EXPECT_EQ(day(-1), "1969-12-31");
  EXPECT_EQ(day(-kDay), "1969-12-31");
  EXPECT_EQ(day(-kDay - 1), "1969-12-30");
}

TEST(Date, years_beyond_four_digits_and_before_0_carry_a_sign) {
  EXPECT_EQ(day(253'402'300'799'999'999), "9999-12-31");
  EXPECT_EQ(day(253'402'300'800'000'000), "+10000-01-01");
  EXPECT_EQ(day(-62'167'219'200'000'000), "0000-01-01");
  EXPECT_EQ(day(-62'167'219'200'000'001), "-0001-12-31");
  EXPECT_EQ(day(-62'162'121'600'000'000), "0000-02-29");  // 0 is a leap year
  EXPECT_EQ(day(std::numeric_limits<std::int64_t>::max()), "+294247-01-10");
  EXPECT_EQ(day(std::numeric_limits<std::int64_t>::min()), "-290308-12-21");
}

TEST(Date, every_day_of_two_thousand_years_agrees_with_the_standard_library) {
  using namespace std::chrono;
  for (sys_days at = sys_days(1000y / January / 1); at < sys_days(3000y / January / 1); at += days(1)) {
    const year_month_day expected(at);
    const Date actual(at);
    ASSERT_EQ(actual.year(), int(expected.year()));
    ASSERT_EQ(actual.month(), unsigned(expected.month()));
    ASSERT_EQ(actual.day(), unsigned(expected.day()));
    ASSERT_EQ(actual.sys_days(), at);
  }
}

TEST(Date, days_far_away_follow_each_other_like_those_of_today) {
  // The calendar repeats after 400 years; so do days at both ends of what the wire can carry.
  constexpr std::int32_t kCycle = 146'097;
  for (const std::int32_t cycles : {-700, -100, -6, 20, 100, 700}) {
    for (std::int32_t i = 0; i < kCycle; i += 13) {
      const Date near{std::chrono::sys_days(std::chrono::days(i))};
      const Date far{std::chrono::sys_days(std::chrono::days(i + cycles * kCycle))};
      ASSERT_EQ(far.year(), near.year() + 400 * cycles);
      ASSERT_EQ(far.month(), near.month());
      ASSERT_EQ(far.day(), near.day());
    }
  }
}

TEST(Timestamp, times_before_1970_count_towards_the_future) {
  EXPECT_EQ(time(-43'200'000'000), "1969-12-31T12:00:00+00:00");
  EXPECT_EQ(time(-1), "1969-12-31T23:59:59.999999+00:00");
  EXPECT_EQ(time(-1'000), "1969-12-31T23:59:59.999+00:00");
  EXPECT_EQ(time(-62'167'219'200'000'001), "-0001-12-31T23:59:59.999999+00:00");
}

TEST(Timestamp, a_fraction_takes_0_3_or_6_digits) {
  EXPECT_EQ(time(1'700'000'000'000'000), "2023-11-14T22:13:20+00:00");
  EXPECT_EQ(time(1'700'000'000'120'000), "2023-11-14T22:13:20.120+00:00");
  EXPECT_EQ(time(1'700'000'000'000'001), "2023-11-14T22:13:20.000001+00:00");
}

TEST(Timestamp, an_offset_shifts_the_clock_and_is_shown) {
  constexpr std::int64_t kAt = 1'700'000'000'000'000;
  EXPECT_EQ(time(kAt, "+05:30"), "2023-11-15T03:43:20+05:30");
  EXPECT_EQ(time(kAt, "-08:00"), "2023-11-14T14:13:20-08:00");
  EXPECT_EQ(time(kAt, "+0530"), "2023-11-15T03:43:20+05:30");
  EXPECT_EQ(time(kAt, "+02"), "2023-11-15T00:13:20+02:00");
  EXPECT_EQ(time(kAt, "-00:00:30"), "2023-11-14T22:12:50-00:00:30");
  EXPECT_EQ(time(kAt, "Z"), "2023-11-14T22:13:20+00:00");
  EXPECT_EQ(time(kAt, "UTC"), "2023-11-14T22:13:20+00:00");
  EXPECT_EQ(time(std::numeric_limits<std::int64_t>::max(), "+18:00"), "+294247-01-10T22:00:54.775807+18:00");
  EXPECT_EQ(time(std::numeric_limits<std::int64_t>::min(), "-18:00"), "-290308-12-21T01:59:05.224192-18:00");
}

TEST(Timestamp, a_zones_name_means_what_the_host_knows_of_it_at_that_time) {
  EXPECT_EQ(time(1'700'000'000'000'000, "America/New_York"), "2023-11-14T17:13:20-05:00");
  EXPECT_EQ(time(1'690'000'000'000'000, "America/New_York"), "2023-07-22T00:26:40-04:00");
  EXPECT_EQ(time(1'690'000'000'000'000, "Asia/Kolkata"), "2023-07-22T09:56:40+05:30");
  EXPECT_EQ(Timestamp(1'690'000'000'000'000, "America/New_York").offset(), std::chrono::hours(-4));
}

TEST(Timestamp, a_zone_that_nobody_knows_is_kept_and_the_time_shown_in_utc) {
  for (const std::string zone :
       {"Mars/Olympus", "+1:30", "+05:", "+05:3", "+05:60", "+19:00", "-", "+05:30:15:00",
        "/etc/localtime", "../zoneinfo/UTC", "libc:localtime", "a b"}) {
    const Timestamp at(1'700'000'000'000'000, zone);
    EXPECT_EQ(at.offset(), std::nullopt) << zone;
    EXPECT_EQ(at.zone(), zone);
    EXPECT_EQ(at.to_string(), "2023-11-14T22:13:20+00:00[" + zone + "]");
  }
}

TEST(Timestamp, the_zone_does_not_count_in_comparisons) {
  EXPECT_EQ(Timestamp(5, "+01:00"), Timestamp(5, "Z"));
  EXPECT_LT(Timestamp(4, "Z"), Timestamp(5, "+01:00"));
}

}  // namespace
}  // namespace e6::client
