// Decimals as engines send them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "e6/client/decimal.h"

namespace e6::client {

/// Whether the values of a vector are text and not two's complement. They are when every one that is not null
/// is a decimal number as Java writes it (-?digits, perhaps a point and digits, perhaps an exponent), at least
/// one has a sign, a point or an exponent, and, if the vector states a scale above 0, at least one has exactly
/// that scale.
///
/// All of these bytes could be numbers in two's complement too: "-5" is 11573. That *every* value of a vector
/// looks like text by chance is out of the question for more than a few bytes, and the scale makes it hard
/// for few: hence the rule looks at the vector, and never at one value by itself.
[[nodiscard]] bool decimals_are_text(const std::string_view* values, const std::uint8_t* nulls, std::size_t count,
                                     std::int32_t scale) noexcept;

/// Big-endian two's complement of any length whose value fits into 128 bits. Throws Malformed.
[[nodiscard]] Int128 unscaled_of(std::string_view bytes);

}  // namespace e6::client
