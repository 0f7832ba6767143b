// The two colours of a cluster, as the simulator knows them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace e6::sim {

enum class Colour : unsigned char { kBlue = 0, kGreen = 1 };

inline constexpr std::size_t kColours = 2;

constexpr Colour other(Colour colour) {
  return colour == Colour::kBlue ? Colour::kGreen : Colour::kBlue;
}
constexpr std::size_t index(Colour colour) {
  return static_cast<std::size_t>(colour);
}

// `blue` or `green`.
std::string_view name(Colour colour);

// The colour with exactly this name; headers are matched byte by byte, as an ingress does it.
std::optional<Colour> parse_colour(std::string_view text);

}  // namespace e6::sim
