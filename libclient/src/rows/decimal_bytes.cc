#include "rows/decimal_bytes.h"

#include <bit>
#include <cstring>
#include <string>

#include "rows/malformed.h"

namespace e6::client {
namespace {

__extension__ typedef unsigned __int128 Unsigned128;

bool digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// What a text says of itself.
struct Look {
  bool number = false;   // a decimal number
  bool evident = false;  // with a character that is no digit
};

std::size_t digits_at(std::string_view text, std::size_t from) noexcept {
  std::size_t i = from;
  while (i < text.size() && digit(text[i])) ++i;
  return i - from;
}

Look look_at(std::string_view text) noexcept {
  std::size_t i = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t whole = digits_at(text, i);
  if (whole == 0) return {};
  i += whole;
  if (i < text.size() && text[i] == '.') {
    const std::size_t fraction = digits_at(text, i + 1);
    if (fraction == 0) return {};
    i += 1 + fraction;
  }
  if (i < text.size() && (text[i] == 'E' || text[i] == 'e')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    const std::size_t exponent = digits_at(text, i);
    if (exponent == 0) return {};
    i += exponent;
  }
  return {i == text.size(), whole != text.size()};
}

std::uint64_t big_endian(const char* bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

}  // namespace

bool decimals_are_text(const std::string_view* values, const std::uint8_t* nulls, std::size_t count,
                       std::int32_t scale) noexcept {
  bool evident = false;
  bool scale_seen = scale <= 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (nulls[i] != 0) continue;
    const Look look = look_at(values[i]);
    if (!look.number) return false;  // mostly at the first value
    evident = evident || look.evident;
    if (!scale_seen) {
      const std::optional<Decimal> number = Decimal::parse(values[i]);
      scale_seen = number && number->scale() == scale;
    }
  }
  return evident && scale_seen;
}

Int128 unscaled_of(std::string_view bytes) {
  if (bytes.size() == 16) {
    const Unsigned128 high = big_endian(bytes.data());
    return static_cast<Int128>(high << 64 | big_endian(bytes.data() + 8));
  }
  if (bytes.empty()) throw Malformed("a decimal of no bytes");
  const bool negative = (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0;
  const char sign = negative ? '\xff' : '\0';
  if (bytes.size() > 16) {
    const std::size_t surplus = bytes.size() - 16;
    const bool negative_rest = (static_cast<unsigned char>(bytes[surplus]) & 0x80U) != 0;
    for (std::size_t i = 0; i < surplus; ++i) {
      if (bytes[i] != sign || negative_rest != negative)
        throw Malformed("a decimal of " + std::to_string(bytes.size()) + " bytes, which does not fit into 16");
    }
    return unscaled_of(bytes.substr(surplus));
  }
  Unsigned128 value = negative ? ~Unsigned128{0} : Unsigned128{0};
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<Int128>(value);
}

}  // namespace e6::client
