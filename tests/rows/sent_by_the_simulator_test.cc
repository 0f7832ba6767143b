// What e6-sim's own encoder sends, read back value by value: its types, constants and nulls.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "data/batch.h"
#include "data/cell.h"
#include "data/result_metadata.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

constexpr std::int64_t kRows = 50;
constexpr std::int64_t kFirst = 7;
constexpr std::int64_t kColumns = 18;

class SentTest : public ::testing::Test {
 protected:
  SentTest() {
    query_.id = "q1-7";
    query_.colour = sim::Colour::kGreen;
    query_.hints.rows = kRows;
    query_.hints.columns = kColumns;
    seed_ = sim::seed(query_.colour, query_.id);
  }
  ResultBatch decode() {
    return *decode_batch(sim::encode_batch(query_, kFirst, kRows), decode_metadata(sim::encode_metadata(query_)));
  }
  // What the value in a column is made of.
  std::uint64_t hash(std::int64_t row, std::int64_t column) const {
    return sim::cell(seed_, sim::column(column).constant ? 0 : kFirst + row, column);
  }

  sim::Query query_;
  std::uint64_t seed_ = 0;
};

TEST_F(SentTest, its_metadata_names_the_columns) {
  const ResultMetadata metadata = decode_metadata(sim::encode_metadata(query_));
  EXPECT_EQ(metadata.row_count(), kRows);
  ASSERT_EQ(metadata.columns().size(), static_cast<std::size_t>(kColumns));
  for (std::int64_t i = 0; i < kColumns; ++i) {
    const ResultColumn& column = metadata.columns()[static_cast<std::size_t>(i)];
    EXPECT_EQ(column.name, sim::column(i).name);
    EXPECT_EQ(column.type, sim::column(i).type_name);
  }
}

TEST_F(SentTest, its_columns_have_the_types_that_it_sends) {
  const ResultBatch batch = decode();
  ASSERT_EQ(batch.size(), static_cast<std::size_t>(kRows));
  for (std::int64_t i = 0; i < kColumns; ++i) {
    const Column& column = batch.column(static_cast<std::size_t>(i));
    EXPECT_EQ(static_cast<int>(column.type()), static_cast<int>(sim::column(i).type)) << column.name();
    EXPECT_EQ(column.is_constant(), sim::column(i).constant || column.type() == Type::kNull) << column.name();
  }
}

TEST_F(SentTest, every_value_is_the_one_that_it_sent) {
  std::int64_t row = 0;
  for (const Row at : decode()) {
    const std::string number = std::to_string(row + kFirst);
    const auto positive = [&](std::int64_t column) { return static_cast<std::int64_t>(hash(row, column) >> 1); };
    const auto thousands = [&](std::int64_t column) { return std::to_string(hash(row, column) % 1000); };
    EXPECT_EQ(at.value<std::string>("source"), "green/q1-7/" + number);
    EXPECT_EQ(at.value<std::int64_t>("row"), row + kFirst);
    EXPECT_EQ(at.value<std::int32_t>("c2_integer"), positive(2) & 0x7fffffff);
    EXPECT_EQ(at.value<double>("c3_double"), static_cast<double>(positive(3) % 1'000'000) / 8);
    EXPECT_EQ(at.value<bool>("c4_boolean"), (hash(row, 4) & 1) != 0);
    EXPECT_EQ(at.value<Date>("c5_date").days(), positive(5) % 40'000 - 10'000);
    EXPECT_EQ(at.value<Timestamp>("c6_datetime").micros(), positive(6) % 4'000'000'000'000'000 - 1'000'000'000'000'000);
    const auto zoned = at.value<Timestamp>("c7_timestamp_tz");
    EXPECT_EQ(zoned.micros(), positive(7) % 4'000'000'000'000'000 - 1'000'000'000'000'000);
    EXPECT_EQ(zoned.zone(), "+05:30");
    EXPECT_EQ(at.value<Decimal>("c8_decimal128"), Decimal(static_cast<std::int64_t>(hash(row, 8)), 2));
    EXPECT_EQ(at.value<float>("c9_float"), static_cast<float>(positive(9) % 65'536) / 4);
    EXPECT_EQ(at.value<std::string>("c10_binary").size(), 8U);
    const bool null = (row + kFirst) % 3 == 2;
    EXPECT_EQ(at.get<std::int64_t>("c11_nullable_long"), null ? std::optional<std::int64_t>() : positive(11));
    EXPECT_EQ(at.value<std::int64_t>("c12_constant_long"), positive(12));
    EXPECT_EQ(at.value<std::string>("c13_constant_string"), "green/q1-7/0");
    EXPECT_EQ(at.value<std::string>("c14_array"), "[" + thousands(14) + "," + number + "]");
    EXPECT_EQ(at.value<std::string>("c15_map"), "{\"k\":" + thousands(15) + "}");
    EXPECT_EQ(at.value<std::string>("c16_struct"), "{\"n\":" + thousands(16) + ",\"row\":" + number + "}");
    EXPECT_TRUE(at["c17_null"].is_null());
    ++row;
  }
  EXPECT_EQ(row, kRows);
}

}  // namespace
}  // namespace e6::client
