// Batches that no engine should send.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "chunk_writer.h"
#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

namespace thrift = apache::thrift::protocol;

// The words of the DecodeError.
std::string refusal(const std::string& bytes) {
  try {
    static_cast<void>(decode_batch(bytes));
  } catch (const DecodeError& error) {
    return error.what();
  }
  return "not refused";
}

bool refused(const std::string& bytes, const std::string& because) {
  const std::string words = refusal(bytes);
  if (words.find(because) != std::string::npos) return true;
  ADD_FAILURE() << words;
  return false;
}

VectorParts longs(std::vector<std::int64_t> values) {
  return {static_cast<std::int32_t>(values.size()), Type::kLong, std::vector<bool>(values.size()), false,
          int64s(3, values)};
}

TEST(Malformed, an_error_says_where_what_and_in_which_column) {
  EXPECT_EQ(refusal(chunk(2, {longs({1, 2}), {2, Type::kLong, {false}, false, int64s(3, {1, 2})}})),
            "the result batch of 129 bytes is malformed at byte 129: a null set of 1 entries for 2 (column 1)");
}

TEST(Malformed, every_cut_of_a_batch_is_refused) {
  const std::string whole = chunk(2, {longs({1, 2}),
                                      {2, Type::kTimestampTz, {false, true}, false, int64s(16, {1, 2}, zones({"Z", "+01:00"}))},
                                      {2, Type::kDecimal128, {false}, true, text(18, "1.5", scale(1))}});
  EXPECT_TRUE(decode_batch(whole));
  for (std::size_t length = 1; length < whole.size(); ++length)
    EXPECT_NE(refusal(whole.substr(0, length)), "not refused") << length;
}

TEST(Malformed, a_list_longer_than_its_bytes_is_refused_before_room_is_made) {
  // Each claims 2^31 - 1 elements; a decoder that believes it asks for up to 32 GiB.
  for (const auto element : {thrift::T_I64, thrift::T_STRING, thrift::T_BOOL, thrift::T_STRUCT}) {
    for (const std::int16_t field : std::vector<std::int16_t>{3, 7, 1, 17}) {
      VectorParts vector = longs({1});
      vector.data = [=](Protocol& out) {
        out.writeFieldBegin("", thrift::T_STRUCT, field);
        out.writeFieldBegin("data", thrift::T_LIST, 1);
        out.writeListBegin(element, 2'147'483'647);
        out.writeFieldStop();
      };
      EXPECT_TRUE(refused(chunk(1, {vector}), "a list of 2147483647 elements in "));
    }
  }
  EXPECT_TRUE(refused(bytes_of([](Protocol& out) {
                        out.writeFieldBegin("size", thrift::T_I32, 1);
                        out.writeI32(1);
                        out.writeFieldBegin("vectors", thrift::T_LIST, 2);
                        out.writeListBegin(thrift::T_STRUCT, 2'147'483'647);
                      }),
                      "a list of 2147483647 elements in "));
}

TEST(Malformed, a_text_longer_than_its_bytes_is_refused_known_and_unknown) {
  for (const std::int16_t field : std::vector<std::int16_t>{6, 99}) {  // zoneOffset, and a field that nobody knows
    VectorParts vector = longs({1});
    const Write data = vector.data;
    vector.data = [=](Protocol& out) {
      data(out);
      out.writeFieldStop();
      out.writeFieldBegin("", thrift::T_STRING, field);
      out.writeI32(2'147'483'647);
      out.writeI32(0);
    };
    EXPECT_TRUE(refused(chunk(1, {vector}), "2147483647 bytes wanted where "));
  }
}

TEST(Malformed, negative_sizes_are_refused) {
  VectorParts negative_list = longs({1});
  negative_list.data = [](Protocol& out) {
    out.writeFieldBegin("", thrift::T_STRUCT, 3);
    out.writeFieldBegin("data", thrift::T_LIST, 1);
    out.writeListBegin(thrift::T_I64, 0xffffffff);
  };
  EXPECT_TRUE(refused(chunk(1, {negative_list}), "a list of -1 elements"));
  VectorParts negative_text = longs({1});
  negative_text.data = [](Protocol& out) {
    out.writeFieldBegin("", thrift::T_STRUCT, 15);
    out.writeFieldBegin("data", thrift::T_STRING, 1);
    out.writeI32(-5);
  };
  EXPECT_TRUE(refused(chunk(1, {negative_text}), "a text of -5 bytes"));
  VectorParts negative_vector = longs({1});
  negative_vector.size = -1;
  EXPECT_TRUE(refused(chunk(1, {negative_vector}), "a vector of -1 rows in a chunk of 1"));
}

TEST(Malformed, nesting_without_end_is_refused) {
  const auto nested = [](int depth) {
    return bytes_of([=](Protocol& out) {
      for (int i = 0; i < depth; ++i) out.writeFieldBegin("", thrift::T_STRUCT, 99);
      for (int i = 0; i < depth; ++i) out.writeFieldStop();
      out.writeFieldBegin("size", thrift::T_I32, 1);
      out.writeI32(0);
    });
  };
  EXPECT_FALSE(decode_batch(nested(60)));
  EXPECT_TRUE(refused(nested(1'000'000), "nested deeper than 64"));
}

TEST(Malformed, unknown_fields_of_every_type_are_passed_over) {
  const std::string known = chunk(1, {longs({5})});
  const std::string unknown = bytes_of([](Protocol& out) {
    out.writeFieldBegin("", thrift::T_BYTE, 40);
    out.writeByte(1);
    out.writeFieldBegin("", thrift::T_I16, 41);
    out.writeI16(1);
    out.writeFieldBegin("", thrift::T_DOUBLE, 42);
    out.writeDouble(1);
    out.writeFieldBegin("", thrift::T_SET, 43);
    out.writeSetBegin(thrift::T_STRING, 2);
    out.writeString(std::string("a"));
    out.writeString(std::string("b"));
    out.writeFieldBegin("", thrift::T_MAP, 44);
    out.writeMapBegin(thrift::T_I32, thrift::T_LIST, 1);
    out.writeI32(1);
    out.writeListBegin(thrift::T_I64, 2);
    out.writeI64(1);
    out.writeI64(2);
    out.writeFieldBegin("", thrift::T_STRUCT, 45);
    out.writeFieldStop();
    out.writeFieldBegin("", thrift::T_I64, 1);  // a known number of another type
    out.writeI64(77);
  });
  const auto batch = decode_batch(unknown.substr(0, unknown.size() - 1) + known);
  EXPECT_EQ((*batch)[0].value<int>(0), 5);
}

TEST(Malformed, a_map_of_countless_pairs_ends_with_the_bytes) {
  EXPECT_NE(refusal(bytes_of([](Protocol& out) {
              out.writeFieldBegin("", thrift::T_MAP, 44);
              out.writeMapBegin(thrift::T_BYTE, thrift::T_BYTE, 2'147'483'647);
            })),
            "not refused");
}

TEST(Malformed, types_that_thrift_has_not_are_refused) {
  for (const int type : {1, 5, 7, 9, 16, 17, 127, 200}) {
    const std::string bytes = std::string(1, static_cast<char>(type)) + std::string("\0\x63", 2) + std::string(64, '\0');
    EXPECT_TRUE(refused(bytes, "which Thrift has not")) << type;
  }
}

TEST(Malformed, vectors_that_do_not_agree_with_themselves_are_refused) {
  EXPECT_TRUE(refused(chunk(1, {{1, Type::kLong, {false}, false, texts(7, {"x"})}}), "a LONG vector with data of kind 7"));
  EXPECT_TRUE(refused(chunk(1, {{1, Type::kString, {false}, true, texts(7, {"x"})}}),
                      "a constant STRING vector with data of kind 7"));
  EXPECT_TRUE(refused(chunk(1, {{1, Type::kLong, {false}, false, {}}}), "a LONG vector with data of kind 0"));
  EXPECT_TRUE(refused(chunk(1, {{1, static_cast<Type>(17), {false}, false, int64s(3, {1})}}), "the unknown type 17"));
  EXPECT_TRUE(refused(chunk(1, {{1, Type::kInteger, {false}, true, int64(11, 2'147'483'648)}}), "an INTEGER of 2147483648"));
  EXPECT_TRUE(refused(chunk(1, {{1, Type::kDecimal128, {false}, false, texts(17, {""})}}), "a decimal of no bytes"));
  EXPECT_TRUE(refused(chunk(1, {{1, Type::kLong, {}, true, int64(11, 1)}}), "a null set of 0 entries for 1"));
  VectorParts twice = longs({1});
  const Write data = twice.data;
  twice.data = [=](Protocol& out) {
    data(out);
    data(out);
  };
  EXPECT_TRUE(refused(chunk(1, {twice}), "a vector with two kinds of data"));
  VectorParts mistyped = longs({1});
  mistyped.data = int64s(7, {1});
  EXPECT_TRUE(refused(chunk(1, {mistyped}), "a list of Thrift's type 10 in place of 11"));
}

TEST(Malformed, fewer_vectors_than_columns_are_refused) {
  const ResultMetadata two(1, std::vector<ResultColumn>(2));
  EXPECT_THROW(static_cast<void>(decode_batch(chunk(1, {longs({1})}), two)), DecodeError);
  const auto batch = decode_batch(chunk(1, {longs({1}), longs({2}), longs({3})}), two);
  EXPECT_EQ(batch->columns().size(), 2U);
}

TEST(Malformed, a_chunk_has_to_say_how_many_rows_it_has) {
  EXPECT_TRUE(refused(std::string(1, '\0'), "does not say how many rows"));
}

TEST(Malformed, countless_empty_vectors_are_refused_at_the_first) {
  const std::string bytes = bytes_of([](Protocol& out) {
    out.writeFieldBegin("size", thrift::T_I32, 1);
    out.writeI32(1);
    out.writeFieldBegin("vectors", thrift::T_LIST, 2);
    out.writeListBegin(thrift::T_STRUCT, 1'000'000);
    for (int i = 0; i < 1'000'000; ++i) out.writeFieldStop();
  });
  EXPECT_TRUE(refused(bytes, "malformed at byte 16: a vector without size or type"));
}

TEST(Malformed, fields_may_come_in_any_order) {
  const std::string whole = chunk(1, {longs({5})});
  // The chunk's size is its first 7 bytes; the list that follows ends before the last byte.
  const auto batch = decode_batch(whole.substr(7, whole.size() - 8) + whole.substr(0, 7) + std::string(1, '\0'));
  EXPECT_EQ((*batch)[0].value<int>(0), 5);
}

}  // namespace
}  // namespace e6::client
