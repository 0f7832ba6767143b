#include "result_check.h"

#include <gtest/gtest.h>

#include <vector>

namespace e6::storm {
namespace {

// A batch of the engine with one column of strings, written by hand (Thrift binary protocol).
class BatchBytes {
 public:
  static std::string of(const std::vector<std::string>& values) {
    BatchBytes batch;
    batch.i32(8, 1, values.size());  // Chunk.size
    batch.list(2, 12, 1);            // Chunk.vectors
    batch.i32(8, 1, values.size());  // Vector.size
    batch.i32(8, 2, 7);              // Vector.vectorType: STRING
    batch.list(3, 2, values.size());
    batch.bytes_.append(values.size(), '\0');  // Vector.nullSet
    batch.field(12, 4);                        // Vector.data
    batch.field(12, 7);                        // Data.varchar
    batch.list(1, 11, values.size());
    for (const std::string& value : values) {
      batch.number(value.size());
      batch.bytes_ += value;
    }
    batch.bytes_.append(4, '\0');  // ends of varchar, data, vector and chunk
    return batch.bytes_;
  }

 private:
  void number(std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift & 0xff);
  }
  void field(char type, char id) { bytes_ += {type, '\0', id}; }
  void i32(char type, char id, std::size_t value) {
    field(type, id);
    number(value);
  }
  void list(char id, char element, std::size_t size) {
    field(15, id);
    bytes_ += element;
    number(size);
  }
  std::string bytes_;
};

TEST(ResultCheck, rows_of_the_own_query_and_colour_are_right) {
  const RowCheck check = check_rows(BatchBytes::of({"blue/q1/0", "blue/q1/1"}), Strategy::kBlue, "q1");
  EXPECT_EQ(check.checked, 2U);
  EXPECT_EQ(check.wrong, 0U);
  EXPECT_FALSE(check.malformed);
}

TEST(ResultCheck, rows_of_another_colour_or_query_are_wrong) {
  const RowCheck check = check_rows(BatchBytes::of({"green/q1/0", "blue/q2/0", "blue/q1/2"}), Strategy::kBlue, "q1");
  EXPECT_EQ(check.checked, 3U);
  EXPECT_EQ(check.wrong, 2U);
}

TEST(ResultCheck, values_of_engines_that_name_no_source_are_not_judged) {
  const RowCheck check = check_rows(BatchBytes::of({"Berlin", "blue/whale", ""}), Strategy::kBlue, "q1");
  EXPECT_EQ(check.checked, 0U);
  EXPECT_EQ(check.wrong, 0U);
  EXPECT_FALSE(check.malformed);
}

TEST(ResultCheck, a_batch_that_breaks_off_is_malformed_and_no_crash) {
  const std::string whole = BatchBytes::of({"blue/q1/0"});
  for (std::size_t size = 1; size + 4 < whole.size(); ++size)
    EXPECT_TRUE(check_rows(whole.substr(0, size), Strategy::kBlue, "q1").malformed) << size;
  EXPECT_TRUE(check_rows(std::string(64, '\x0f'), Strategy::kBlue, "q1").malformed);
}

}  // namespace
}  // namespace e6::storm
