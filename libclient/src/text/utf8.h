// UTF-8, which Protobuf's strings have to be.
#pragma once

#include <cstddef>
#include <string_view>

namespace e6::client {

/// A character at the beginning of a text.
struct Utf8Character {
  char32_t code_point = 0;
  std::size_t bytes = 0;  ///< 0: no valid UTF-8 begins there
};

/// The first character of `text`, which is not empty. No overlong forms, no surrogates, at most
/// U+10FFFF.
[[nodiscard]] Utf8Character first_character(std::string_view text) noexcept;

/// The place of the first byte that belongs to no valid character; npos if the whole text is UTF-8.
[[nodiscard]] std::size_t first_not_utf8(std::string_view text) noexcept;

}  // namespace e6::client
