#include "e6/client/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "rows/decimal_bytes.h"
#include "rows/malformed.h"

namespace e6::client {
namespace {

Decimal of(const std::string& text) {
  const std::optional<Decimal> parsed = Decimal::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Decimal());
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(Decimal, text_keeps_every_digit_and_the_scale) {
  for (const std::string text : {"0", "0.00", "-0.01", "123.45", "-123.45", "7", "0.000000001",
                                 "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999",
                                 "0.99999999999999999999999999999999999999", "1.0000000000000000000000000000000000001"})
    EXPECT_EQ(of(text).to_string(), text);
  EXPECT_EQ(Decimal(Int128{1} << 126, 0).to_string(), "85070591730234615865843651857942052864");
  EXPECT_EQ(Decimal(-(Int128{1} << 126) * 2, 0).to_string(), "-170141183460469231731687303715884105728");
}

TEST(Decimal, an_exponent_becomes_scale) {
  EXPECT_EQ(of("1.25E+3").to_string(), "1250");
  EXPECT_EQ(of("1E3").to_string(), "1000");
  EXPECT_EQ(of("-1.5e-7").to_string(), "-0.00000015");
  EXPECT_EQ(of("0E+5").to_string(), "0");
  EXPECT_EQ(of("1e-6176").scale(), 6176);
}

TEST(Decimal, what_is_no_number_or_too_long_is_refused) {
  for (const std::string text : {"", "-", "+", ".", "1.2.3", "1e", "1e+", "e5", "1e5x", " 1", "1 ", "0x10", "nan", "1e99999",
                                 "1e-99999", "1e99999999999999999999", "1e+-5", "170141183460469231731687303715884105728"})
    EXPECT_EQ(Decimal::parse(text), std::nullopt) << text;
}

TEST(Decimal, comparisons_are_by_value_whatever_the_scales) {
  EXPECT_EQ(of("1.50"), of("1.5"));
  EXPECT_EQ(of("0.00"), of("0"));
  EXPECT_EQ(of("1E3"), of("1000.000"));
  EXPECT_NE(of("1.5"), of("-1.5"));
  EXPECT_LT(of("-2"), of("-1.99"));
  EXPECT_LT(of("1.49"), of("1.5"));
  EXPECT_LT(of("9.99"), of("10"));
  EXPECT_LT(of("-0.1"), of("0.00"));
  EXPECT_GT(of("99999999999999999999999999999999999999"), of("9.9999999999999999999999999999999999999"));
  EXPECT_GT(Decimal(1, -6176), Decimal(-1, -6176));
}

TEST(Decimal, doubles_are_the_nearest_ones) {
  EXPECT_EQ(of("0.1").to_double(), 0.1);
  EXPECT_EQ(of("-123.45").to_double(), -123.45);
  EXPECT_EQ(of("99999999999999999999999999999999999999").to_double(), 1e38);
  EXPECT_EQ(of("9007199254740993").to_double(), 9007199254740992.0);  // between two doubles: the even one
  EXPECT_EQ(Decimal(-1, -6176).to_double(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(Decimal(1, 6176).to_double(), 0.0);
}

TEST(Decimal, whole_numbers_become_integers_exactly_or_not_at_all) {
  EXPECT_EQ(of("120.00").to_int64(), 120);
  EXPECT_EQ(of("12E1").to_int64(), 120);
  EXPECT_EQ(of("0E6000").to_int64(), 0);
  EXPECT_EQ(of("1.5").to_int64(), std::nullopt);
  EXPECT_EQ(of("9223372036854775807").to_int64(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(of("-9223372036854775808").to_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(of("9223372036854775808").to_int64(), std::nullopt);
  EXPECT_EQ(of("1E6000").to_int64(), std::nullopt);
}

TEST(DecimalBytes, twos_complement_may_have_any_length_that_fits) {
  EXPECT_TRUE(unscaled_of(bytes({0})) == 0);
  EXPECT_TRUE(unscaled_of(bytes({0x7f})) == 127);
  EXPECT_TRUE(unscaled_of(bytes({0x80})) == -128);
  EXPECT_TRUE(unscaled_of(bytes({0x00, 0x80})) == 128);
  EXPECT_TRUE(unscaled_of(bytes({0xcf, 0xc7})) == -12345);
  EXPECT_TRUE(unscaled_of(bytes({0x30, 0x39})) == 12345);
  EXPECT_TRUE(unscaled_of(std::string(15, '\xff')) == -1);
  EXPECT_TRUE(unscaled_of(std::string(16, '\xff')) == -1);
  EXPECT_TRUE(unscaled_of(std::string(40, '\xff')) == -1);
  EXPECT_TRUE(unscaled_of(std::string(20, '\0') + '\x05') == 5);
}

TEST(DecimalBytes, what_does_not_fit_into_16_bytes_is_malformed) {
  EXPECT_THROW(static_cast<void>(unscaled_of("")), Malformed);
  EXPECT_THROW(static_cast<void>(unscaled_of('\x01' + std::string(16, '\0'))), Malformed);
  EXPECT_THROW(static_cast<void>(unscaled_of('\0' + std::string(16, '\xff'))), Malformed);   // 2^128 - 1
  EXPECT_THROW(static_cast<void>(unscaled_of('\xff' + std::string(16, '\0'))), Malformed);   // -2^128
}

bool text(const std::vector<std::string_view>& values, std::int32_t scale, std::vector<std::uint8_t> nulls = {}) {
  nulls.resize(values.size());
  return decimals_are_text(values.data(), nulls.data(), values.size(), scale);
}

TEST(DecimalText, a_vector_is_text_when_all_its_values_are_and_one_has_more_than_digits) {
  EXPECT_TRUE(text({"123.45"}, 0));
  EXPECT_TRUE(text({"123.45", "-7.00", "0.01"}, 2));
  EXPECT_TRUE(text({"-5"}, 0));
  EXPECT_TRUE(text({"5", "12", "-5"}, 0));
  EXPECT_TRUE(text({"1E+3"}, 0));
  EXPECT_TRUE(text({"1.5E-7"}, 8));
  EXPECT_FALSE(text({"5", "12", "09"}, 0));  // digits alone are numbers in two's complement
  EXPECT_FALSE(text({"123.45", "\x01"}, 0));
  EXPECT_FALSE(text({"123.45", ""}, 0));
  EXPECT_FALSE(text({}, 0));
  for (const char* no_number : {"-", ".", "1.", ".5", "+1", "1e", "1e+", "--1", "1-", "1.2.3", "NaN"})
    EXPECT_FALSE(text({no_number}, 0)) << no_number;
}

TEST(DecimalText, nulls_have_no_say) {
  EXPECT_TRUE(text({std::string_view("\0\0", 2), "123.45"}, 2, {1, 0}));
  EXPECT_FALSE(text({"123.45"}, 2, {1}));
}

TEST(DecimalText, a_stated_scale_has_to_be_seen_in_the_text) {
  // 0x2d35 is "-5", and 115.73 in an engine that sends Java's BigInteger with scale 2.
  EXPECT_FALSE(text({"-5"}, 2));
  EXPECT_TRUE(text({"-5", "1.25"}, 2));
  EXPECT_FALSE(text({"1.5"}, 2));
  EXPECT_TRUE(text({"1.50"}, 2));
}

}  // namespace
}  // namespace e6::client
