#include "data/batch.h"

#include <gtest/gtest.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include "data/cell.h"
#include "data/result_metadata.h"

namespace e6::sim {
namespace {

using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::protocol::TType;
using apache::thrift::transport::TMemoryBuffer;
namespace thrift = apache::thrift::protocol;

Query query(const std::string& sql) {
  Query made;
  made.id = "q1-7";
  made.colour = Colour::kGreen;
  made.hints = std::get<QueryHints>(parse_hints(sql));
  return made;
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(Batch, one_string_is_encoded_byte_by_byte_as_the_wire_wants_it) {
  const std::string value = "green/q1-7/0";
  const std::string expected = bytes({8, 0, 1, 0, 0, 0, 1, 15, 0, 2, 12, 0, 0, 0, 1})  // Chunk
                               + bytes({8, 0, 1, 0, 0, 0, 1, 8, 0, 2, 0, 0, 0, 7})     // Vector
                               + bytes({15, 0, 3, 2, 0, 0, 0, 1, 0})                   // nullSet
                               + bytes({12, 0, 4, 12, 0, 7, 15, 0, 1, 11, 0, 0, 0, 1, 0, 0, 0, 12}) +
                               value  // Data
                               + bytes({0, 0, 2, 0, 5, 0, 0, 0});
  EXPECT_EQ(encode_batch(query("SELECT 1"), 0, 1), expected);
}

TEST(Batch, every_type_is_a_well_formed_struct_that_ends_where_the_bytes_end) {
  const std::string encoded = encode_batch(query("SELECT 1 /* rows=10 cols=20 */"), 0, 10);
  auto buffer = std::make_shared<TMemoryBuffer>();
  buffer->write(reinterpret_cast<const std::uint8_t*>(encoded.data()),
                static_cast<std::uint32_t>(encoded.size()));
  TBinaryProtocol in(buffer);
  EXPECT_EQ(in.skip(thrift::T_STRUCT), encoded.size());
}

TEST(Batch, values_depend_on_query_colour_row_and_column_only) {
  const Query green = query("SELECT 1 /* rows=10 cols=20 batches=2 */");
  Query blue = green;
  blue.colour = Colour::kBlue;
  EXPECT_EQ(encode_batch(green, 5, 5), encode_batch(green, 5, 5));
  EXPECT_NE(encode_batch(green, 5, 5), encode_batch(green, 0, 5));
  EXPECT_NE(encode_batch(green, 5, 5), encode_batch(blue, 5, 5));
  EXPECT_NE(cell(1, 2, 3), cell(1, 3, 2));
  EXPECT_NE(seed(Colour::kBlue, "q"), seed(Colour::kGreen, "q"));
}

TEST(Batch, the_end_is_empty_or_a_chunk_of_no_rows) {
  EXPECT_EQ(encode_end(query("SELECT 1")), "");
  EXPECT_EQ(encode_end(query("SELECT 1 /* end=chunk */")).substr(0, 7), bytes({8, 0, 1, 0, 0, 0, 0}));
}

TEST(ResultMetadata, names_rows_and_columns_in_big_endian) {
  const std::string expected = bytes({0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 2}) + bytes({0, 6}) + "source" +
                               bytes({0, 6}) + "STRING" + bytes({0, 0, 0, 0}) + bytes({0, 3}) + "row" +
                               bytes({0, 4}) + "LONG" + bytes({0, 0, 0, 0});
  EXPECT_EQ(encode_metadata(query("SELECT 1 /* rows=5 cols=2 */")), expected);
}

}  // namespace
}  // namespace e6::sim
