#include "text/one_line.h"

#include "text/utf8.h"

namespace e6::client {
namespace {

bool misleading(char32_t c) noexcept {
  return (c >= 0x7f && c <= 0x9f)         // delete, and the second block of controls
         || c == 0xad                     // soft hyphen
         || c == 0x61c                    // Arabic letter mark
         || (c >= 0x200b && c <= 0x200f)  // no width, direction marks
         || (c >= 0x2028 && c <= 0x202e)  // line and paragraph separators, direction overrides
         || (c >= 0x2060 && c <= 0x206f)  // invisible operators, direction isolates
         || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || c >= 0xe0000;
}

void append_hex(std::string& out, char32_t value, std::size_t least_digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char digits[8];
  std::size_t count = 0;
  for (; value != 0 || count < least_digits; value >>= 4U) digits[count++] = kDigits[value & 0xfU];
  while (count > 0) out += digits[--count];
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character next = first_character(text);
    if (next.bytes == 0 || next.code_point < 0x20 || next.code_point == 0x7f) {
      const char c = text.front();
      if (c == '\n' || c == '\t' || c == '\r') {
        out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
      } else {
        out += "\\x";
        append_hex(out, static_cast<unsigned char>(c), 2);
      }
      text.remove_prefix(1);
      continue;
    }
    if (misleading(next.code_point)) {
      out += "\\u{";
      append_hex(out, next.code_point, 4);
      out += '}';
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string cut(std::string_view text, std::size_t most, std::string_view mark) {
  if (text.size() <= most) return std::string(text);
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80;
  };
  std::size_t end = most;
  while (end > 0 && most - end < 3 && continues(end)) --end;
  if (continues(end)) end = most;  // no UTF-8 anyway
  std::string out(text.substr(0, end));
  out += mark;
  return out;
}

}  // namespace e6::client
