// Letters and spaces of ASCII, whatever the locale: a statement means the same everywhere.
#pragma once

namespace e6::sim::ascii {

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr bool is_letter(char c) {
  return upper(c) >= 'A' && upper(c) <= 'Z';
}

}  // namespace e6::sim::ascii
