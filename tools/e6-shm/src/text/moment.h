// A moment in the past, as an operator types it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace e6::tool {

/// Understands an age ("90s", "5m", "2h", "1d"; a plain number is seconds) and a time
/// ("2026-11-23T17:04:05Z", "2026-11-23 18:04:05" in the local zone, "2026-11-23"). Nanoseconds of
/// CLOCK_REALTIME, or nothing.
[[nodiscard]] std::optional<std::uint64_t> parse_moment(const std::string& text, std::uint64_t now_ns);

}  // namespace e6::tool
