#include "text/utf8.h"

#include <cstdint>
#include <cstring>

namespace e6::client {

Utf8Character first_character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  char32_t least = 0;
  char32_t code_point = 0;
  if ((lead & 0xe0U) == 0xc0) {
    length = 2, least = 0x80, code_point = lead & 0x1fU;
  } else if ((lead & 0xf0U) == 0xe0) {
    length = 3, least = 0x800, code_point = lead & 0x0fU;
  } else if ((lead & 0xf8U) == 0xf0) {
    length = 4, least = 0x10000, code_point = lead & 0x07U;
  } else {
    return {};
  }
  if (text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code_point = code_point << 6U | (byte(i) & 0x3fU);
  }
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < least || code_point > 0x10ffff || surrogate) return {};
  return {code_point, length};
}

[[gnu::hot]] std::size_t first_not_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    // Statements are mostly ASCII: eight bytes at a time.
    std::uint64_t eight = 0;
    while (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) != 0) break;
      at += sizeof eight;
    }
    for (; at < text.size() && static_cast<unsigned char>(text[at]) < 0x80; ++at) {
    }
    if (at == text.size()) break;
    const std::size_t bytes = first_character(text.substr(at)).bytes;
    if (bytes == 0) return at;
    at += bytes;
  }
  return std::string_view::npos;
}

}  // namespace e6::client
