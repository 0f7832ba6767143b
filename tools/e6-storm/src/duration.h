// Times as people write them: 500ms, 3s, 2m.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace e6::storm {

/// A number, fractions allowed, with `ms`, `s` or `m`; without a unit seconds. 0 to 1 day; nothing otherwise.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace e6::storm
