// What the columns of a result are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace e6::client {

/// The engine's types, by their number on the wire. A batch says the type of each of its columns itself; what
/// result metadata says is text, and may differ (a column of nulls travels as kNull).
enum class Type : std::int32_t {
  kBinary = 0,
  kBoolean = 1,
  kDouble = 2,
  kFloat = 3,
  kInt96 = 4,  ///< a point in time
  kInteger = 5,
  kLong = 6,
  kString = 7,
  kDate = 8,
  kDatetime = 9,
  kTimestamp = 10,
  kStruct = 11,  ///< text, as are kMap and kArray
  kMap = 12,
  kArray = 13,
  kNull = 14,  ///< all rows are null
  kTimestampTz = 15,
  kDecimal128 = 16,
};

/// The engine's word for it: "LONG".
[[nodiscard]] std::string_view to_string(Type type) noexcept;

/// A column as result metadata describes it, in the engine's words.
struct ResultColumn {
  std::string name;
  std::string type;    ///< "LONG", "DECIMAL128", "TIMESTAMP_TZ" ...
  std::string zone;    ///< mostly empty; the zone that counts stands beside each value
  std::string format;  ///< mostly empty

  friend bool operator==(const ResultColumn&, const ResultColumn&) = default;
};

}  // namespace e6::client
