// Numbers and times as people say them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace e6::tool {

/// "850 ms", "12 s", "4 min 12 s", "3 h 5 min", "2 d 4 h"; a minus sign in front when negative.
[[nodiscard]] std::string human_duration(std::chrono::milliseconds duration);
/// "912 B", "1.3 MiB".
[[nodiscard]] std::string human_bytes(std::uint64_t bytes);
/// "1 process", "3 processes": `noun` or `nouns` by the number.
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun, std::string_view nouns);

/// "2026-11-23 18:04:05.123" in the local time zone.
[[nodiscard]] std::string local_time(std::uint64_t realtime_ns);
/// "2026-11-23T17:04:05.123456Z".
[[nodiscard]] std::string iso_time(std::uint64_t realtime_ns);
[[nodiscard]] std::uint64_t realtime_now_ns();
/// Since `realtime_ns`; zero when that lies in the future.
[[nodiscard]] std::chrono::milliseconds age_of(std::uint64_t realtime_ns);

}  // namespace e6::tool
