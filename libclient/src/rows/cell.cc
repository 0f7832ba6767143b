#include <charconv>
#include <string>

#include "e6/client/error.h"
#include "e6/client/row.h"

namespace e6::client {
namespace {

template <class T>
std::string shortest(T value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string hexadecimal(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

bool Cell::boolean() const {
  if (type() != Type::kBoolean) refuse("bool");
  return at<std::uint8_t>() != 0;
}

std::int64_t Cell::integer() const {
  switch (type()) {
    case Type::kLong:
      return at<std::int64_t>();
    case Type::kInteger:
      return at<std::int32_t>();
    case Type::kDecimal128:
      if (const auto whole = at<Decimal>().to_int64()) return *whole;
      refuse("an integer; its value " + at<Decimal>().to_string() + " is not whole or not in range");
    default:
      refuse("an integer");
  }
}

double Cell::real() const {
  switch (type()) {
    case Type::kDouble:
    case Type::kFloat:
      return at<double>();
    case Type::kInteger:
      return at<std::int32_t>();
    case Type::kLong:
      return static_cast<double>(at<std::int64_t>());
    case Type::kDecimal128:
      return at<Decimal>().to_double();
    default:
      refuse("double");
  }
}

float Cell::single() const {
  if (type() != Type::kFloat) refuse("float");
  return static_cast<float>(at<double>());
}

std::string_view Cell::text() const {
  switch (type()) {
    case Type::kString:
    case Type::kBinary:
    case Type::kArray:
    case Type::kMap:
    case Type::kStruct:
      return at<std::string_view>();
    default:
      refuse("text; use to_string()");
  }
}

Date Cell::date() const {
  if (type() != Type::kDate) refuse("a date");
  return Date::of_micros(at<std::int64_t>());
}

std::int64_t Cell::micros() const {
  switch (type()) {
    case Type::kDatetime:
    case Type::kTimestamp:
    case Type::kTimestampTz:
    case Type::kInt96:
      return at<std::int64_t>();
    default:
      refuse("a point in time");
  }
}

Timestamp Cell::timestamp() const {
  const std::int64_t time = micros();
  if (column_->zones_ == nullptr) return Timestamp(time);
  return Timestamp(time, std::string(column_->zones_[column_->slot(row_)]));
}

Decimal Cell::decimal() const {
  switch (type()) {
    case Type::kDecimal128:
      return at<Decimal>();
    case Type::kInteger:
      return Decimal(at<std::int32_t>(), 0);
    case Type::kLong:
      return Decimal(at<std::int64_t>(), 0);
    default:
      refuse("a decimal");
  }
}

std::string Cell::to_string() const {
  if (is_null()) return "NULL";
  switch (type()) {
    case Type::kBoolean:
      return boolean() ? "true" : "false";
    case Type::kInteger:
    case Type::kLong:
      return std::to_string(integer());
    case Type::kDouble:
      return shortest(real());
    case Type::kFloat:
      // It travels as a double: 0.1F would be 0.10000000149011612.
      return static_cast<double>(single()) == real() ? shortest(single()) : shortest(real());
    case Type::kBinary:
      return hexadecimal(text());
    case Type::kString:
    case Type::kArray:
    case Type::kMap:
    case Type::kStruct:
      return std::string(text());
    case Type::kDate:
      return date().to_string();
    case Type::kDatetime:
    case Type::kTimestamp:
    case Type::kTimestampTz:
    case Type::kInt96:
      return timestamp().to_string();
    case Type::kDecimal128:
      return decimal().to_string();
    case Type::kNull:
      break;
  }
  return "NULL";
}

void Cell::refuse(std::string_view wanted) const {
  throw ConversionError("column '" + std::string(column_->name()) + "' is " +
                        std::string(client::to_string(type())) + "; it cannot be read as " + std::string(wanted));
}

void Cell::refuse_null() const {
  throw ConversionError("row " + std::to_string(row_) + " of column '" + std::string(column_->name()) + "' (" +
                        std::string(client::to_string(type())) + ") is null; use get to allow for that");
}

void Cell::refuse_range(std::int64_t number, std::size_t bits, bool with_sign) const {
  throw ConversionError("row " + std::to_string(row_) + " of column '" + std::string(column_->name()) + "' (" +
                        std::string(client::to_string(type())) + ") is " + std::to_string(number) +
                        ", which does not fit into " + (with_sign ? "a signed" : "an unsigned") + " integer of " +
                        std::to_string(bits) + " bits");
}

}  // namespace e6::client
