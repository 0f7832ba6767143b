// Foreign text made fit for a log line or an error's sentence: an engine's words, another
// process's, a variable's value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace e6::client {

/// The text as one line of valid UTF-8. Line feeds, tabs and carriage returns become \n, \t and \r,
/// other control characters and bytes that are no UTF-8 \xNN, characters that move a terminal's
/// cursor, turn its direction or cannot be seen \u{NNNN}. Backslashes stay as they are, so that
/// doing it twice changes nothing.
[[nodiscard]] std::string one_line(std::string_view text);

/// The text, or as much of it as `most` bytes hold without cutting a character in two, and `mark`
/// behind that.
[[nodiscard]] std::string cut(std::string_view text, std::size_t most, std::string_view mark);

}  // namespace e6::client
