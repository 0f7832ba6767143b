// What the engine's texts for time zones mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace e6::client {

/// The distance to UTC, positive in the east, at a time in microseconds since 1970 UTC; nothing if
/// the zone is unknown. Takes every id that java.time.ZoneId takes, letters' case included:
///   offsets             "Z", "+5", "+05", "+05:30", "+0530", "+05:30:15", "+053015", up to 18
///   hours offsets with a name "GMT+05:30", "UTC-08:00", "UT+1" names of UTC        "GMT", "UTC",
///   "UT", "UCT", "GMT0", "Zulu", "Etc/UTC" and the like short ids           "EST", "IST" and the
///   others of ZoneId.SHORT_IDS regions             the names of the host's time zone database
/// Nothing and "z" are UTC too.
[[nodiscard]] std::optional<std::chrono::seconds> zone_offset(std::string_view zone, std::int64_t micros);

}  // namespace e6::client
