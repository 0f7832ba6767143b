// What the engine's texts for time zones mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace e6::client {

/// The distance to UTC, positive in the east, at a time in microseconds since 1970 UTC. Understands nothing and
/// "Z" (UTC), "+HH:MM" and its forms "+HH", "+HHMM", "+HH:MM:SS" up to 18 hours, and the names of the host's time
/// zone database. Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::seconds> zone_offset(std::string_view zone, std::int64_t micros);

}  // namespace e6::client
