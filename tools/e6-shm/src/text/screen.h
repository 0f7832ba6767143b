// Where the output goes: a person's terminal or a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "e6/shared/strategy.h"

namespace e6::tool {

/// What stdout can show. Plain and unlimited unless it is a terminal; NO_COLOR and TERM=dumb are respected.
struct Screen {
  std::size_t width = 0;  ///< columns; 0 is unlimited
  bool colours = false;

  [[nodiscard]] static Screen of_stdout();

  enum class Paint { kGood, kWarning, kBad, kBlue, kGreen, kFaint, kStrong };
  [[nodiscard]] std::string paint(Paint paint, std::string_view text) const;
  /// The colour's name in its colour.
  [[nodiscard]] std::string strategy(Strategy strategy) const;
};

/// Columns that printable UTF-8 text with Screen's escape sequences takes.
[[nodiscard]] std::size_t columns_of(std::string_view text);

}  // namespace e6::tool
