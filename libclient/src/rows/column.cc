#include "e6/client/column.h"

#include <algorithm>
#include <string>

#include "e6/client/error.h"

namespace e6::client {

bool Column::has_nulls() const noexcept {
  const auto bytes = nulls();
  return std::any_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte != 0; });
}

std::span<const std::uint8_t> Column::booleans() const {
  if (type_ != Type::kBoolean) refuse("booleans");
  return values<std::uint8_t>();
}

std::span<const std::int32_t> Column::int32s() const {
  if (type_ != Type::kInteger) refuse("int32s");
  return values<std::int32_t>();
}

std::span<const std::int64_t> Column::int64s() const {
  if (type_ != Type::kLong) refuse("int64s");
  return values<std::int64_t>();
}

std::span<const double> Column::doubles() const {
  if (type_ != Type::kDouble && type_ != Type::kFloat) refuse("doubles");
  return values<double>();
}

std::span<const std::string_view> Column::strings() const {
  switch (type_) {
    case Type::kString:
    case Type::kBinary:
    case Type::kArray:
    case Type::kMap:
    case Type::kStruct:
      return values<std::string_view>();
    default:
      refuse("strings");
  }
}

std::span<const std::int64_t> Column::micros() const {
  switch (type_) {
    case Type::kDate:
    case Type::kDatetime:
    case Type::kTimestamp:
    case Type::kTimestampTz:
    case Type::kInt96:
      return values<std::int64_t>();
    default:
      refuse("microseconds");
  }
}

std::span<const std::string_view> Column::zones() const {
  if (zones_ == nullptr) {
    static_cast<void>(micros());  // refuses what has no time
    return {};
  }
  return {zones_, slots()};
}

std::span<const Decimal> Column::decimals() const {
  if (type_ != Type::kDecimal128) refuse("decimals");
  return values<Decimal>();
}

void Column::refuse(std::string_view wanted) const {
  throw ConversionError("column '" + std::string(name_) + "' is " + std::string(to_string(type_)) +
                        "; it has no " + std::string(wanted));
}

}  // namespace e6::client
