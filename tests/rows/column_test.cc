// Columns as spans.
#include "e6/client/column.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "chunk_writer.h"
#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

ResultBatch three_columns() {
  return *decode_batch(chunk(3, {{3, Type::kLong, {false, true, false}, false, int64s(3, {1, 2, 3})},
                                 {3, Type::kString, {false, false, false}, false, texts(7, {"one", "", "three"})},
                                 {3, Type::kLong, {false}, true, int64(11, 7)}}));
}

bool inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

TEST(Column, a_column_is_a_span_with_a_slot_for_each_row) {
  const ResultBatch batch = three_columns();
  const Column& numbers = batch.column(0);
  ASSERT_EQ(numbers.int64s().size(), 3U);
  EXPECT_EQ(numbers.int64s()[2], 3);
  EXPECT_EQ(numbers.size(), 3U);
  EXPECT_FALSE(numbers.is_constant());
  EXPECT_TRUE(numbers.has_nulls());
  EXPECT_EQ(std::string(numbers.nulls().begin(), numbers.nulls().end()), std::string("\0\1\0", 3));
  EXPECT_FALSE(batch.column(1).has_nulls());
}

TEST(Column, texts_and_null_sets_are_not_copied) {
  const ResultBatch batch = three_columns();
  for (const std::string_view text : batch.column(1).strings()) EXPECT_TRUE(inside(text, batch.bytes()));
  const auto nulls = batch.column(0).nulls();
  EXPECT_TRUE(inside({reinterpret_cast<const char*>(nulls.data()), nulls.size()}, batch.bytes()));
}

TEST(Column, views_survive_moves_and_live_as_long_as_one_copy_of_the_batch) {
  std::optional<ResultBatch> first = three_columns();
  const std::string_view text = first->column(1).strings()[0];
  const ResultBatch copy = *first;
  ResultBatch moved = std::move(*first);
  first.reset();
  EXPECT_EQ(text.data(), moved.column(1).strings()[0].data());
  moved = three_columns();
  EXPECT_EQ(text, "one");
  EXPECT_EQ(text.data(), copy.column(1).strings()[0].data());
}

TEST(Column, a_constant_has_one_slot_for_all_rows) {
  const ResultBatch batch = three_columns();
  const Column& seven = batch.column(2);
  EXPECT_TRUE(seven.is_constant());
  ASSERT_EQ(seven.int64s().size(), 1U);
  for (std::size_t row = 0; row < seven.size(); ++row) EXPECT_EQ(seven.int64s()[seven.slot(row)], 7);
}

TEST(Column, values_of_another_type_are_refused) {
  const ResultBatch batch = three_columns();
  EXPECT_THROW(static_cast<void>(batch.column(0).int32s()), ConversionError);
  EXPECT_THROW(static_cast<void>(batch.column(0).doubles()), ConversionError);
  EXPECT_THROW(static_cast<void>(batch.column(0).strings()), ConversionError);
  EXPECT_THROW(static_cast<void>(batch.column(0).booleans()), ConversionError);
  EXPECT_THROW(static_cast<void>(batch.column(0).micros()), ConversionError);
  EXPECT_THROW(static_cast<void>(batch.column(0).zones()), ConversionError);
  EXPECT_THROW(static_cast<void>(batch.column(0).decimals()), ConversionError);
  EXPECT_THROW(static_cast<void>(batch.column(1).int64s()), ConversionError);
}

TEST(Column, a_batch_is_a_forward_range_of_rows) {
  const ResultBatch batch = three_columns();
  static_assert(std::forward_iterator<RowIterator>);
  EXPECT_EQ(std::distance(batch.begin(), batch.end()), 3);
  std::size_t expected = 0;
  for (const Row row : batch) EXPECT_EQ(row.index(), expected++);
}

}  // namespace
}  // namespace e6::client
