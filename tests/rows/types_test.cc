// Vectors of all kinds, beyond those of results.json.
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "chunk_writer.h"
#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

ResultBatch decode(std::int32_t rows, const VectorParts& vector) {
  OptionalBatch batch = decode_batch(chunk(rows, {vector}));
  if (!batch) throw std::logic_error("no batch");
  return *batch;
}

std::vector<std::string> shown(const ResultBatch& batch) {
  std::vector<std::string> all;
  for (const Row row : batch) all.push_back(row[0].to_string());
  return all;
}

using Texts = std::vector<std::string>;

std::string little_endian(std::uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return bytes;
}

TEST(Types, timestamps_come_as_times_or_as_longs) {
  const Texts expected{"1969-12-31T23:59:59.999999+00:00", "1970-01-01T00:00:01+00:00"};
  for (const std::int16_t field : std::vector<std::int16_t>{16, 3}) {
    const auto batch = decode(2, {2, Type::kTimestamp, {false, false}, false, int64s(field, {-1, 1'000'000})});
    EXPECT_EQ(shown(batch), expected);
  }
  for (const std::int16_t field : std::vector<std::int16_t>{14, 11})
    EXPECT_EQ(shown(decode(2, {2, Type::kTimestamp, {false}, true, int64(field, 1'000'000)})),
              (Texts{expected[1], expected[1]}));
}

TEST(Types, int96_comes_as_parquets_twelve_bytes_or_as_microseconds) {
  const std::string parquet = little_endian(45'296'123'456'789, 8) + little_endian(2'440'589, 4);
  const std::string before = little_endian(0, 8) + little_endian(2'440'587, 4);
  EXPECT_EQ(shown(decode(2, {2, Type::kInt96, {false, false}, false, texts(7, {parquet, before})})),
            (Texts{"1970-01-02T12:34:56.123456+00:00", "1969-12-31T00:00:00+00:00"}));
  EXPECT_EQ(shown(decode(1, {1, Type::kInt96, {false}, true, text(15, parquet)})),
            (Texts{"1970-01-02T12:34:56.123456+00:00"}));
  EXPECT_EQ(shown(decode(1, {1, Type::kInt96, {false}, false, int64s(16, {5})})),
            (Texts{"1970-01-01T00:00:00.000005+00:00"}));
  EXPECT_THROW(decode(1, {1, Type::kInt96, {false}, false, texts(7, {"short"})}), DecodeError);
  EXPECT_THROW(decode(1, {1, Type::kInt96, {false}, false, texts(7, {little_endian(0, 8) + little_endian(2'000'000'000, 4)})}),
               DecodeError);
  // The slot of a null means nothing, so it may be anything.
  EXPECT_EQ(shown(decode(1, {1, Type::kInt96, {true}, false, texts(7, {"short"})})), (Texts{"NULL"}));
}

TEST(Types, decimals_of_one_vector_may_have_several_lengths) {
  const std::string five(1, '\x05');
  const std::string minus_two(16, '\xff');
  EXPECT_EQ(shown(decode(3, {3, Type::kDecimal128, {false, false, true}, false,
                             texts(17, {five, minus_two, ""}, scale(3))})),
            (Texts{"0.005", "-0.001", "NULL"}));
  EXPECT_EQ(shown(decode(2, {2, Type::kDecimal128, {false}, true, text(18, "09", scale(2))})),
            (Texts{"123.45", "123.45"}));
}

TEST(Types, decimals_as_text_are_read_as_text) {
  EXPECT_EQ(shown(decode(3, {3, Type::kDecimal128, {false, false, false}, false,
                             texts(17, {"7", "-12", "1234567890123456789012345678.9012345678"}, scale(10))})),
            (Texts{"7", "-12", "1234567890123456789012345678.9012345678"}));
  EXPECT_EQ(shown(decode(1, {1, Type::kDecimal128, {false}, true, text(18, "-0.50", scale(2))})), (Texts{"-0.50"}));
  EXPECT_THROW(decode(1, {1, Type::kDecimal128, {false}, true, text(18, "1." + std::string(40, '3'))}), DecodeError);
}

TEST(Types, a_scale_that_no_decimal_has_is_malformed) {
  for (const std::int32_t bad : {6177, -6177, 2'147'483'647, -2'147'483'647 - 1})
    EXPECT_THROW(decode(1, {1, Type::kDecimal128, {false}, false, texts(17, {"\x01"}, scale(bad))}), DecodeError);
  const auto batch =
      decode(1, {1, Type::kDecimal128, {false}, false, texts(17, {"\x01"}, scale(-3))});
  EXPECT_EQ(batch[0][0].to_string(), "1000");
}

TEST(Types, a_null_constant_may_have_a_value_of_any_kind_or_none) {
  for (const Write& data : {Write{}, int64(11, 7), text(15, "x")}) {
    for (const Type type : {Type::kLong, Type::kString, Type::kDecimal128, Type::kTimestampTz, Type::kBoolean}) {
      const auto batch = decode(2, {2, type, {true}, true, data});
      EXPECT_EQ(shown(batch), (Texts{"NULL", "NULL"}));
      EXPECT_EQ(batch.column(0).type(), type);
    }
  }
}

TEST(Types, a_null_column_needs_neither_null_set_nor_data) {
  const auto batch = decode(3, {3, Type::kNull, {}, false, {}});
  EXPECT_EQ(shown(batch), (Texts{"NULL", "NULL", "NULL"}));
  EXPECT_TRUE(batch.column(0).has_nulls());
  EXPECT_EQ(batch[0].get<std::int64_t>(0), std::nullopt);
}

TEST(Types, zones_stand_beside_each_value_and_count_for_timestamp_tz_only) {
  const Write data = int64s(16, {0, 0, 0}, zones({"+01:00", "", "Asia/Tokyo"}));
  const auto batch = decode(3, {3, Type::kTimestampTz, {false, false, false}, false, data});
  EXPECT_EQ(shown(batch), (Texts{"1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00+00:00", "1970-01-01T09:00:00+09:00"}));
  EXPECT_EQ(batch.column(0).zones()[2], "Asia/Tokyo");
  EXPECT_EQ(batch[2].value<Timestamp>(0).zone(), "Asia/Tokyo");
  EXPECT_EQ(shown(decode(3, {3, Type::kDatetime, {false, false, false}, false, data}))[0], "1970-01-01T00:00:00+00:00");
  EXPECT_THROW(decode(3, {3, Type::kTimestampTz, {false, false, false}, false, int64s(16, {0, 0, 0}, zones({"Z"}))}),
               DecodeError);
}

TEST(Types, a_constant_costs_the_same_however_many_rows_it_rules) {
  constexpr std::int32_t kMost = 2'147'483'647;
  const auto batch = decode(kMost, {kMost, Type::kString, {false}, true, text(15, "same")});
  EXPECT_EQ(batch.size(), static_cast<std::size_t>(kMost));
  EXPECT_EQ(batch[kMost - 1][0].to_string(), "same");
  EXPECT_EQ(batch.column(0).strings().size(), 1U);
  EXPECT_EQ(batch.column(0).slot(kMost - 1), 0U);
}

TEST(Types, a_vector_may_be_longer_than_its_chunk) {
  EXPECT_EQ(shown(decode(2, {5, Type::kLong, {false, true, false, false, false}, false, int64s(3, {1, 2, 3, 4, 5})})),
            (Texts{"1", "NULL"}));
}

TEST(Types, each_has_the_engines_name) {
  EXPECT_EQ(to_string(Type::kBinary), "BINARY");
  EXPECT_EQ(to_string(Type::kTimestampTz), "TIMESTAMP_TZ");
  EXPECT_EQ(to_string(static_cast<Type>(99)), "unknown");
}

}  // namespace
}  // namespace e6::client
