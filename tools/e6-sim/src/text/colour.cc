#include "e6/sim/colour.h"

namespace e6::sim {

std::string_view name(Colour colour) {
  return colour == Colour::kBlue ? "blue" : "green";
}

std::optional<Colour> parse_colour(std::string_view text) {
  if (text == "blue") return Colour::kBlue;
  if (text == "green") return Colour::kGreen;
  return std::nullopt;
}

}  // namespace e6::sim
