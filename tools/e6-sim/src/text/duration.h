// Durations as people write them: 250us, 50ms, 2s, 1.5s, 3m, 1h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace e6::sim {

// Nanoseconds; as a point in time, on the monotonic clock of the engine.
using Nanos = std::int64_t;

inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

// Reads a duration of at most 24 hours. On failure: a sentence naming the text and the remedy.
std::variant<Nanos, std::string> parse_duration(std::string_view text);

// The shortest exact text that parse_duration reads back.
std::string format_duration(Nanos duration);

}  // namespace e6::sim
