// The ids that java.time.ZoneId writes and reads. Each case stands in its documentation, or follows
// from it.
#include "rows/zone.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace e6::client {
namespace {

constexpr std::int64_t kWinter = 1'700'000'000'000'000;  // 2023-11-14
constexpr std::int64_t kSummer = 1'690'000'000'000'000;  // 2023-07-22

std::optional<int> seconds(const std::string& zone, std::int64_t micros = kWinter) {
  const auto offset = zone_offset(zone, micros);
  if (!offset) return std::nullopt;
  return static_cast<int>(offset->count());
}

constexpr int kHour = 3600;
constexpr int kMinute = 60;

TEST(Zone, an_offset_has_one_of_the_forms_of_javas_zone_offset) {
  EXPECT_EQ(seconds("+5"), 5 * kHour);
  EXPECT_EQ(seconds("-9"), -9 * kHour);
  EXPECT_EQ(seconds("+05"), 5 * kHour);
  EXPECT_EQ(seconds("+05:30"), 5 * kHour + 30 * kMinute);
  EXPECT_EQ(seconds("-0530"), -5 * kHour - 30 * kMinute);
  EXPECT_EQ(seconds("+05:30:15"), 5 * kHour + 30 * kMinute + 15);
  EXPECT_EQ(seconds("-053015"), -5 * kHour - 30 * kMinute - 15);
  EXPECT_EQ(seconds("+18:00"), 18 * kHour);
  EXPECT_EQ(seconds("-18"), -18 * kHour);
  EXPECT_EQ(seconds("+0"), 0);
  EXPECT_EQ(seconds("-00:00"), 0);
  EXPECT_EQ(seconds("Z"), 0);
}

TEST(Zone, an_offset_behind_gmt_utc_or_ut_counts_as_it_would_alone) {
  EXPECT_EQ(seconds("GMT+05:30"), 5 * kHour + 30 * kMinute);
  EXPECT_EQ(seconds("UTC-08:00"), -8 * kHour);
  EXPECT_EQ(seconds("UT+1"), 1 * kHour);
  EXPECT_EQ(seconds("UT-0130"), -1 * kHour - 30 * kMinute);
  EXPECT_EQ(seconds("GMT+0"), 0);
  EXPECT_EQ(seconds("UTC-18:00"), -18 * kHour);
  EXPECT_EQ(seconds("UTC+053015"), 5 * kHour + 30 * kMinute + 15);
}

TEST(Zone, a_name_of_utc_is_utc_on_a_host_without_a_time_zone_database_too) {
  ::setenv("TZDIR", "/nonexistent", 1);
  for (const char* zone :
       {"", "Z", "GMT", "UTC", "UT", "GMT0", "UCT", "Zulu", "Universal", "Greenwich", "Etc/UTC",
        "Etc/GMT", "Etc/UCT", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0", "Etc/Zulu"}) {
    EXPECT_EQ(seconds(zone), 0) << zone;
  }
  ::unsetenv("TZDIR");
}

TEST(Zone, a_region_means_what_the_hosts_database_says) {
  EXPECT_EQ(seconds("America/New_York"), -5 * kHour);
  EXPECT_EQ(seconds("America/New_York", kSummer), -4 * kHour);
  EXPECT_EQ(seconds("America/Argentina/Buenos_Aires"), -3 * kHour);
  EXPECT_EQ(seconds("CET", kSummer), 2 * kHour);
  EXPECT_EQ(seconds("PST8PDT"), -8 * kHour);
  EXPECT_EQ(seconds("Etc/GMT+5"), -5 * kHour);  // POSIX counts to the west, and Java keeps that
}

TEST(Zone, a_short_id_means_what_javas_table_of_short_ids_says) {
  EXPECT_EQ(seconds("EST"), -5 * kHour);
  EXPECT_EQ(seconds("EST", kSummer), -5 * kHour);
  EXPECT_EQ(seconds("MST"), -7 * kHour);
  EXPECT_EQ(seconds("HST"), -10 * kHour);
  EXPECT_EQ(seconds("IST"), 5 * kHour + 30 * kMinute);
  EXPECT_EQ(seconds("PST"), -8 * kHour);
  EXPECT_EQ(seconds("PST", kSummer), -7 * kHour);
  EXPECT_EQ(seconds("CST"), -6 * kHour);
  EXPECT_EQ(seconds("JST"), 9 * kHour);
  EXPECT_EQ(seconds("ECT"), 1 * kHour);
  EXPECT_EQ(seconds("VST"), 7 * kHour);
}

TEST(Zone, whatever_is_no_java_id_is_unknown) {
  for (const char* zone :
       {"+", "-", "+1:30", "+05:", "+05:3", "+053", "+05301", "+05:3015", "+0530:15", "+05:60",
        "+05:30:60", "+19", "+18:00:01", "+05:30:15:00", "+0x", "+ 5", "\u22125", "5", "05:30",
        "UTC+", "UTC+19", "UTC+Z", "UTC 5", "UTC5", "GMT+5:30", "GMT1", "utc", "gmt+1",
        "Etc/GMT+05:30", "z+1", "A", "Mars/Olympus", "est", "ist", "XYZ"}) {
    EXPECT_EQ(seconds(zone), std::nullopt) << zone;
  }
}

TEST(Zone, what_only_files_of_the_hosts_database_are_called_is_unknown) {
  for (const char* zone :
       {"localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin",
        "Fixed/UTC+05:30:00", "libc:localtime", "file:Europe/Berlin", "/etc/localtime",
        "../zoneinfo/UTC", "Europe/../Europe/Berlin", "Europe", "a b", "Europe/Berlin\n"}) {
    EXPECT_EQ(seconds(zone), std::nullopt) << zone;
  }
  EXPECT_EQ(seconds(std::string("UTC\0", 4)), std::nullopt);
  EXPECT_EQ(seconds(std::string(5000, 'A')), std::nullopt);
}

}  // namespace
}  // namespace e6::client
