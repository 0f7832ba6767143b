#include <gtest/gtest.h>

#include <string>

#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

const std::string kRows("\0\0\0\0\0\0\0\7", 8);

TEST(Metadata, a_number_of_fields_that_cannot_be_there_is_refused_before_room_is_made) {
  for (const std::string fields : {"\x7f\xff\xff\xff", "\xff\xff\xff\xff", "\x80\x00\x00\x01"})
    EXPECT_THROW(static_cast<void>(decode_metadata(kRows + fields + std::string(80, '\0'))), DecodeError);
}

TEST(Metadata, every_cut_of_it_is_refused) {
  const std::string whole = kRows + std::string("\0\0\0\1\0\1x\0\4LONG\0\0\0\0", 4 + 3 + 6 + 4);
  EXPECT_EQ(decode_metadata(whole).columns().at(0).type, "LONG");
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(static_cast<void>(decode_metadata(whole.substr(0, length))), DecodeError) << length;
}

TEST(Metadata, an_error_says_where_and_what) {
  try {
    static_cast<void>(decode_metadata("abc"));
    ADD_FAILURE();
  } catch (const DecodeError& error) {
    EXPECT_EQ(std::string(error.what()),
              "the result's metadata is malformed at byte 0: 8 bytes wanted where 3 are left");
  }
}

TEST(Metadata, columns_are_found_by_name) {
  const ResultMetadata metadata(3, {{"a", "LONG", "", ""}, {"b", "LONG", "", ""}, {"a", "STRING", "", ""}});
  const ResultMetadata copy = metadata;
  EXPECT_EQ(copy.find("a"), 0U);
  EXPECT_EQ(copy.find("b"), 1U);
  EXPECT_EQ(copy.find("A"), std::nullopt);
  EXPECT_EQ(ResultMetadata().columns().size(), 0U);
}

}  // namespace
}  // namespace e6::client
