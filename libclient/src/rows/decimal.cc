#include "e6/client/decimal.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace e6::client {
namespace {

__extension__ typedef unsigned __int128 Unsigned128;

constexpr std::size_t kMostDigits = 39;

bool digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

Unsigned128 magnitude(Int128 value) noexcept {
  return value < 0 ? ~static_cast<Unsigned128>(value) + 1 : static_cast<Unsigned128>(value);
}

// Decimal digits of a number, without leading zeros; none of 0.
struct Digits {
  explicit Digits(Unsigned128 value) noexcept {
    constexpr std::uint64_t kNineteen = 10'000'000'000'000'000'000U;  // 64 bits at a time: division is dear
    for (; value >= kNineteen; value /= kNineteen) {
      auto part = static_cast<std::uint64_t>(value % kNineteen);
      for (int i = 0; i < 19; ++i, part /= 10) push_front(static_cast<int>(part % 10));
    }
    for (auto part = static_cast<std::uint64_t>(value); part != 0; part /= 10) push_front(static_cast<int>(part % 10));
  }
  void push_front(int digit) noexcept { text[kMostDigits - ++count] = static_cast<char>('0' + digit); }
  [[nodiscard]] std::string_view view() const noexcept { return {text + kMostDigits - count, count}; }
  char text[kMostDigits];
  std::size_t count = 0;
};

// By size: where the first digit stands, then digit by digit.
std::strong_ordering compare_magnitudes(const Digits& a, std::int32_t a_scale, const Digits& b,
                                        std::int32_t b_scale) noexcept {
  const auto a_first = static_cast<std::int64_t>(a.count) - a_scale;
  const auto b_first = static_cast<std::int64_t>(b.count) - b_scale;
  if (a_first != b_first) return a_first <=> b_first;
  const std::string_view left = a.view();
  const std::string_view right = b.view();
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const char x = i < left.size() ? left[i] : '0';
    const char y = i < right.size() ? right[i] : '0';
    if (x != y) return x <=> y;
  }
  return std::strong_ordering::equal;
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) noexcept {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  constexpr Unsigned128 kMost = static_cast<Unsigned128>(std::numeric_limits<std::uint64_t>::max() >> 1) << 64 |
                                std::numeric_limits<std::uint64_t>::max();
  Unsigned128 unscaled = 0;
  std::int64_t scale = 0;
  bool any = false;
  bool point = false;
  std::size_t i = 0;
  for (; i < text.size() && (digit(text[i]) || (text[i] == '.' && !point)); ++i) {
    if (text[i] == '.') {
      point = true;
      continue;
    }
    any = true;
    const auto next = static_cast<unsigned>(text[i] - '0');
    if (unscaled > (kMost - next) / 10) return std::nullopt;
    unscaled = unscaled * 10 + next;
    if (point) ++scale;
  }
  if (!any) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    std::string_view rest = text.substr(i + 1);
    if (rest.starts_with('+') && rest.size() > 1 && digit(rest[1])) rest.remove_prefix(1);
    std::int32_t exponent = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
    scale -= exponent;
  }
  if (scale < kMinScale || scale > kMaxScale) return std::nullopt;
  const auto value = static_cast<Int128>(unscaled);
  return Decimal(negative ? -value : value, static_cast<std::int32_t>(scale));
}

std::string Decimal::to_string() const {
  const Digits digits(magnitude(unscaled_));
  std::string text(digits.view());
  if (scale_ <= 0) {
    if (text.empty()) return "0";
    text.append(static_cast<std::size_t>(-scale_), '0');
  } else {
    const auto fraction = static_cast<std::size_t>(scale_);
    if (text.size() <= fraction) text.insert(0, fraction + 1 - text.size(), '0');
    text.insert(text.size() - fraction, 1, '.');
  }
  if (unscaled_ < 0) text.insert(0, 1, '-');
  return text;
}

double Decimal::to_double() const noexcept {
  const Digits digits(magnitude(unscaled_));
  if (digits.count == 0) return 0;
  // Digits and an exponent: from_chars rounds correctly.
  char text[kMostDigits + 16];
  char* end = std::copy_n(digits.view().data(), digits.count, text);
  *end++ = 'e';
  end = std::to_chars(end, text + sizeof text, -scale_).ptr;
  double value = 0;
  const auto result = std::from_chars(text, end, value);
  if (result.ec == std::errc::result_out_of_range)
    value = scale_ < 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return unscaled_ < 0 ? -value : value;
}

std::optional<std::int64_t> Decimal::to_int64() const noexcept {
  constexpr Int128 kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr Int128 kHighest = std::numeric_limits<std::int64_t>::max();
  Int128 value = unscaled_;
  std::int32_t scale = scale_;
  for (; scale > 0 && value != 0; --scale) {
    if (value % 10 != 0) return std::nullopt;
    value /= 10;
  }
  for (; scale < 0 && value != 0; ++scale) {
    if (value < kLowest || value > kHighest) return std::nullopt;
    value *= 10;
  }
  if (value < kLowest || value > kHighest) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) noexcept {
  if (a.scale_ == b.scale_) return a.unscaled_ <=> b.unscaled_;
  const int a_sign = (a.unscaled_ > 0) - (a.unscaled_ < 0);
  const int b_sign = (b.unscaled_ > 0) - (b.unscaled_ < 0);
  if (a_sign != b_sign || a_sign == 0) return a_sign <=> b_sign;
  const std::strong_ordering larger = compare_magnitudes(Digits(magnitude(a.unscaled_)), a.scale_,
                                                         Digits(magnitude(b.unscaled_)), b.scale_);
  return a_sign > 0 ? larger : 0 <=> larger;
}

}  // namespace e6::client
