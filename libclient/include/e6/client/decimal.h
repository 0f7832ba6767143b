// Decimal numbers of up to 38 digits, exactly.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace e6::client {

__extension__ typedef __int128 Int128;

/// `unscaled` / 10^`scale`. Comparisons are by value: 1.50 equals 1.5.
class Decimal {
 public:
  /// The scales that a Decimal may have; those of IEEE 754's decimal128 and a little more.
  static constexpr std::int32_t kMinScale = -6176;
  static constexpr std::int32_t kMaxScale = 6176;

  constexpr Decimal() noexcept = default;
  /// A scale out of range is brought to its nearest bound.
  constexpr Decimal(Int128 unscaled, std::int32_t scale) noexcept
      : unscaled_(unscaled), scale_(scale < kMinScale ? kMinScale : scale > kMaxScale ? kMaxScale : scale) {}

  /// Reads "-123.45" or "1.2E-7": an optional sign, digits with an optional point, an optional exponent, and
  /// nothing else. Nothing if it is something else, or has more digits than 127 bits hold.
  [[nodiscard]] static std::optional<Decimal> parse(std::string_view text) noexcept;

  [[nodiscard]] constexpr Int128 unscaled() const noexcept { return unscaled_; }
  [[nodiscard]] constexpr std::int32_t scale() const noexcept { return scale_; }

  /// All digits and no exponent, with as many after the point as the scale says: "-123.45", "0.00".
  [[nodiscard]] std::string to_string() const;
  /// The nearest double; rounding is the only loss.
  [[nodiscard]] double to_double() const noexcept;
  /// Nothing if it is no whole number or does not fit.
  [[nodiscard]] std::optional<std::int64_t> to_int64() const noexcept;

  friend bool operator==(const Decimal& a, const Decimal& b) noexcept { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) noexcept;

 private:
  Int128 unscaled_ = 0;
  std::int32_t scale_ = 0;
};

}  // namespace e6::client
