#include "e6/client/types.h"

namespace e6::client {

std::string_view to_string(Type type) noexcept {
  switch (type) {
    case Type::kBinary:
      return "BINARY";
    case Type::kBoolean:
      return "BOOLEAN";
    case Type::kDouble:
      return "DOUBLE";
    case Type::kFloat:
      return "FLOAT";
    case Type::kInt96:
      return "INT96";
    case Type::kInteger:
      return "INTEGER";
    case Type::kLong:
      return "LONG";
    case Type::kString:
      return "STRING";
    case Type::kDate:
      return "DATE";
    case Type::kDatetime:
      return "DATETIME";
    case Type::kTimestamp:
      return "TIMESTAMP";
    case Type::kStruct:
      return "STRUCT";
    case Type::kMap:
      return "MAP";
    case Type::kArray:
      return "ARRAY";
    case Type::kNull:
      return "NULL";
    case Type::kTimestampTz:
      return "TIMESTAMP_TZ";
    case Type::kDecimal128:
      return "DECIMAL128";
  }
  return "unknown";
}

}  // namespace e6::client
