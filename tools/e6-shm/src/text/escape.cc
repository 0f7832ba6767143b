#include "text/escape.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

namespace e6::tool {
namespace {

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t bytes = 0;  // 0: no valid sequence starts here
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  std::size_t length = 0;
  std::uint32_t least = 0;
  std::uint32_t code_point = 0;
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
    code_point = code_point << 6 | (byte(i) & 0x3fU);
  }
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < least || code_point > 0x10ffff || surrogate) return {};
  return {code_point, length};
}

bool misleading(std::uint32_t c) {
  return (c >= 0x7f && c <= 0x9f)         // delete and the C1 controls
         || c == 0xad                     // soft hyphen
         || c == 0x61c                    // Arabic letter mark
         || (c >= 0x200b && c <= 0x200f)  // zero width, direction marks
         || (c >= 0x2028 && c <= 0x202e)  // line and paragraph separators, direction overrides
         || (c >= 0x2060 && c <= 0x206f)  // invisible operators, direction isolates
         || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || c >= 0xe0000;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.bytes == 0 || next.code_point < 0x20 || next.code_point == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
      continue;
    }
    if (next.code_point == '\\') {
      out += "\\\\";
    } else if (misleading(next.code_point)) {
      out += fmt::format("\\u{{{:04x}}}", next.code_point);
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

}  // namespace e6::tool
