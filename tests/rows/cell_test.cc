// Reading cells as C++ values, and what is refused.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "chunk_writer.h"
#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

namespace thrift = apache::thrift::protocol;

Write doubles(std::int16_t field, double value) {
  return [=](Protocol& out) {
    out.writeFieldBegin("", thrift::T_STRUCT, field);
    out.writeFieldBegin("data", thrift::T_LIST, 1);
    out.writeListBegin(thrift::T_DOUBLE, 1);
    out.writeDouble(value);
    out.writeFieldStop();
  };
}

Write boolean(bool value) {
  return [=](Protocol& out) {
    out.writeFieldBegin("", thrift::T_STRUCT, 8);
    out.writeFieldBegin("data", thrift::T_BOOL, 1);
    out.writeBool(value);
    out.writeFieldStop();
  };
}

// One row: a LONG, an INTEGER, a DECIMAL128, a DOUBLE, a FLOAT, a STRING, a DATE, a TIMESTAMP_TZ, a BOOLEAN, a null
// LONG, and a second column called "long".
class CellTest : public ::testing::Test {
 protected:
  static ResultBatch decode() {
    const std::vector<ResultColumn> columns{{"long", "", "", ""},    {"integer", "", "", ""}, {"decimal", "", "", ""},
                                            {"double", "", "", ""},  {"float", "", "", ""},   {"string", "", "", ""},
                                            {"date", "", "", ""},    {"time", "", "", ""},    {"boolean", "", "", ""},
                                            {"nothing", "", "", ""}, {"long", "", "", ""}};
    return *decode_batch(chunk(1, {{1, Type::kLong, {false}, false, int64s(3, {-3'000'000'000})},
                                   {1, Type::kInteger, {false}, true, int64(11, 300)},
                                   {1, Type::kDecimal128, {false}, false, texts(17, {"\x04\xd2"}, scale(2))},
                                   {1, Type::kDouble, {false}, false, doubles(6, 0.25)},
                                   {1, Type::kFloat, {false}, false, doubles(5, 0.10000000149011612)},
                                   {1, Type::kString, {false}, false, texts(7, {"caf\xc3\xa9"})},
                                   {1, Type::kDate, {false}, false, int64s(4, {-1})},
                                   {1, Type::kTimestampTz, {false}, false, int64s(16, {1'500'000}, zones({"+01:00"}))},
                                   {1, Type::kBoolean, {false}, true, boolean(true)},
                                   {1, Type::kLong, {true}, false, int64s(3, {99})},
                                   {1, Type::kLong, {false}, false, int64s(3, {2})}}),
                         ResultMetadata(1, columns));
  }
  // The words of the ConversionError that reading the cell gives.
  template <class T>
  std::string refusal(std::string_view column) const {
    try {
      static_cast<void>(row_.value<T>(column));
    } catch (const ConversionError& error) {
      return error.what();
    }
    return "not refused";
  }

  ResultBatch batch_ = decode();
  Row row_ = batch_[0];
};

TEST_F(CellTest, each_type_is_read_as_what_it_is) {
  EXPECT_EQ(row_.value<std::int64_t>("long"), -3'000'000'000);
  EXPECT_EQ(row_.value<int>("integer"), 300);
  EXPECT_EQ(row_.value<Decimal>("decimal"), Decimal(1234, 2));
  EXPECT_EQ(row_.value<double>("double"), 0.25);
  EXPECT_EQ(row_.value<float>("float"), 0.1F);
  EXPECT_EQ(row_.value<std::string>("string"), "caf\xc3\xa9");
  EXPECT_EQ(row_.value<std::string_view>("string"), "caf\xc3\xa9");
  EXPECT_EQ(row_.value<Date>("date").to_string(), "1969-12-31");
  EXPECT_EQ(row_.value<std::chrono::sys_days>("date").time_since_epoch(), std::chrono::days(-1));
  EXPECT_EQ(row_.value<Timestamp>("time").to_string(), "1970-01-01T01:00:01.500+01:00");
  EXPECT_EQ(row_.value<std::chrono::sys_time<std::chrono::microseconds>>("time").time_since_epoch(),
            std::chrono::milliseconds(1500));
  EXPECT_TRUE(row_.value<bool>("boolean"));
}

TEST_F(CellTest, numbers_are_read_as_wider_ones) {
  EXPECT_EQ(row_.value<double>("long"), -3e9);
  EXPECT_EQ(row_.value<double>("integer"), 300.0);
  EXPECT_EQ(row_.value<double>("decimal"), 12.34);
  EXPECT_EQ(row_.value<double>("float"), 0.10000000149011612);
  EXPECT_EQ(row_.value<std::int64_t>("integer"), 300);
  EXPECT_EQ(row_.value<Decimal>("long").to_string(), "-3000000000");
  EXPECT_EQ(row_.value<std::uint16_t>("integer"), 300);
}

TEST_F(CellTest, null_is_nothing_as_every_type_and_an_error_when_it_must_not_be) {
  EXPECT_EQ(row_.get<std::int64_t>("nothing"), std::nullopt);
  EXPECT_EQ(row_.get<std::string>("nothing"), std::nullopt);
  EXPECT_EQ(row_["nothing"].to_string(), "NULL");
  EXPECT_EQ(row_.get<std::int64_t>("long"), -3'000'000'000);
  EXPECT_EQ(refusal<std::int64_t>("nothing"),
            "row 0 of column 'nothing' (LONG) is null; use get to allow for that");
}

TEST_F(CellTest, a_refusal_names_the_column_its_type_and_what_was_wanted) {
  EXPECT_EQ(refusal<std::int64_t>("string"), "column 'string' is STRING; it cannot be read as an integer");
  EXPECT_EQ(refusal<bool>("long"), "column 'long' is LONG; it cannot be read as bool");
  EXPECT_EQ(refusal<float>("double"), "column 'double' is DOUBLE; it cannot be read as float");
  EXPECT_EQ(refusal<std::int64_t>("double"), "column 'double' is DOUBLE; it cannot be read as an integer");
  EXPECT_EQ(refusal<std::string>("date"), "column 'date' is DATE; it cannot be read as text; use to_string()");
  EXPECT_EQ(refusal<Date>("time"), "column 'time' is TIMESTAMP_TZ; it cannot be read as a date");
  EXPECT_EQ(refusal<Timestamp>("date"), "column 'date' is DATE; it cannot be read as a point in time");
  EXPECT_EQ(refusal<Decimal>("double"), "column 'double' is DOUBLE; it cannot be read as a decimal");
  EXPECT_EQ(refusal<double>("string"), "column 'string' is STRING; it cannot be read as double");
}

TEST_F(CellTest, a_number_that_does_not_fit_is_refused_with_its_value) {
  EXPECT_EQ(refusal<std::int32_t>("long"),
            "row 0 of column 'long' (LONG) is -3000000000, which does not fit into a signed integer of 32 bits");
  EXPECT_EQ(refusal<std::uint64_t>("long"),
            "row 0 of column 'long' (LONG) is -3000000000, which does not fit into an unsigned integer of 64 bits");
  EXPECT_EQ(refusal<std::int8_t>("integer"),
            "row 0 of column 'integer' (INTEGER) is 300, which does not fit into a signed integer of 8 bits");
  EXPECT_EQ(refusal<std::int64_t>("decimal"),
            "column 'decimal' is DECIMAL128; it cannot be read as an integer; its value 12.34 is not whole or not in range");
}

TEST_F(CellTest, people_see_dates_by_iso_8601_and_floats_as_they_were_written) {
  EXPECT_EQ(row_["float"].to_string(), "0.1");
  EXPECT_EQ(row_["double"].to_string(), "0.25");
  EXPECT_EQ(row_["boolean"].to_string(), "true");
  EXPECT_EQ(row_["decimal"].to_string(), "12.34");
  EXPECT_EQ(row_["time"].to_string(), "1970-01-01T01:00:01.500+01:00");
}

TEST_F(CellTest, a_column_that_is_not_there_is_refused_with_those_that_are) {
  try {
    static_cast<void>(row_["Long"]);
    ADD_FAILURE();
  } catch (const UsageError& error) {
    EXPECT_EQ(std::string(error.what()),
              "there is no column 'Long'; the result has 'long', 'integer', 'decimal', 'double', 'float', 'string', "
              "'date', 'time', 'boolean', 'nothing', 'long'");
  }
  EXPECT_THROW(static_cast<void>(row_[11]), UsageError);
  EXPECT_THROW(static_cast<void>(batch_[1]), UsageError);
  EXPECT_THROW(static_cast<void>(batch_.column(11)), UsageError);
  EXPECT_THROW(static_cast<void>(batch_.column("nowhere")), UsageError);
}

TEST_F(CellTest, of_two_columns_with_one_name_the_first_is_found) {
  EXPECT_EQ(batch_.metadata().find("long"), 0U);
  EXPECT_EQ(row_.value<int>(10), 2);
}

TEST_F(CellTest, without_metadata_columns_are_found_by_place_only) {
  const auto nameless = decode_batch(std::string(batch_.bytes()));
  EXPECT_EQ(nameless->columns().size(), 11U);
  EXPECT_EQ((*nameless)[0].value<std::int64_t>(0), -3'000'000'000);
  EXPECT_EQ(nameless->column(0).name(), "");
  EXPECT_THROW(static_cast<void>((*nameless)[0]["long"]), UsageError);
}

}  // namespace
}  // namespace e6::client
