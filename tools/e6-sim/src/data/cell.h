// The values of a result: each is a function of the query, its colour, the row and the column, so that
// whoever receives it can tell whether it belongs there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "e6/sim/colour.h"

namespace e6::sim {

// Numbers of the wire's vectorType.
enum class VectorType : std::int32_t {
  kBinary = 0,
  kBoolean = 1,
  kDouble = 2,
  kFloat = 3,
  kInteger = 5,
  kLong = 6,
  kString = 7,
  kDate = 8,
  kDatetime = 9,
  kStruct = 11,
  kMap = 12,
  kArray = 13,
  kNull = 14,
  kTimestampTz = 15,
  kDecimal128 = 16,
};

// What a column is; the same for every query.
struct Column {
  std::string name;
  std::string_view type_name;  // as result metadata says it
  VectorType type = VectorType::kString;
  bool constant = false;  // sent as a constant vector
  bool nullable = false;  // every third row, counted from row 2, is null
};

// Column 0 is `source` (STRING), column 1 is `row` (LONG), the further ones cycle through the other types.
Column column(std::int64_t index);

// The seed of all of a query's values: FNV-1a of "colour/query id".
std::uint64_t seed(Colour colour, std::string_view query_id);
// The number that a cell's value is made of. A constant column uses row 0 for all rows.
std::uint64_t cell(std::uint64_t seed, std::int64_t row, std::int64_t column);

}  // namespace e6::sim
