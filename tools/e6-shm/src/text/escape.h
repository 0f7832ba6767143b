// Text from a segment, made safe for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace e6::tool {

/// Escapes what is not a printable character: control characters and bytes that are no UTF-8 as \xNN, code
/// points that steer a terminal's direction or hide themselves as \u{NNNN}, and the backslash itself. The
/// result is valid UTF-8 on one line.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace e6::tool
