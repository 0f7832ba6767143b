#include "rows/column_builder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "rows/civil.h"
#include "rows/decimal_bytes.h"
#include "rows/malformed.h"

namespace e6::client {
namespace {

constexpr std::uint8_t kNullByte = 1;

// Numbers of the wire, which are big-endian and not aligned.
template <class T>
T from_wire(const std::uint8_t* bytes) noexcept {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  Bits bits = 0;
  std::memcpy(&bits, bytes, sizeof bits);
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof(T) == 4) {
      bits = __builtin_bswap32(bits);
    } else {
      bits = __builtin_bswap64(bits);
    }
  }
  return std::bit_cast<T>(bits);
}

// Parquet's INT96: nanoseconds of the day and the Julian day, both little-endian.
std::int64_t micros_of_int96(std::string_view bytes) {
  if (bytes.size() != 12) throw Malformed("an INT96 of " + std::to_string(bytes.size()) + " bytes");
  std::uint64_t nanos = 0;
  std::uint32_t day = 0;
  for (std::size_t i = 8; i-- > 0;) nanos = nanos << 8 | static_cast<unsigned char>(bytes[i]);
  for (std::size_t i = 12; i-- > 8;) day = day << 8 | static_cast<unsigned char>(bytes[i]);
  constexpr std::int64_t kJulianDayOf1970 = 2'440'588;
  const std::int64_t days = static_cast<std::int32_t>(day) - kJulianDayOf1970;
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(days, civil::kMicrosOfDay, &micros) ||
      __builtin_add_overflow(micros, civil::floor_div(static_cast<std::int64_t>(nanos), 1000), &micros)) {
    throw Malformed("an INT96 beyond the year 294247");
  }
  return micros;
}

}  // namespace

Column ColumnBuilder::build(RawVector vector, std::size_t rows, std::string_view name) {
  return ColumnBuilder(std::move(vector), rows, name).finish();
}

ColumnBuilder::ColumnBuilder(RawVector vector, std::size_t rows, std::string_view name)
    : vector_(std::move(vector)) {
  column_.name_ = name;
  column_.rows_ = rows;
}

Column ColumnBuilder::finish() {
  if (vector_.size.value_or(0) < 0 || static_cast<std::size_t>(*vector_.size) < column_.rows_) {
    throw Malformed("a vector of " + std::to_string(*vector_.size) + " rows in a chunk of " +
                    std::to_string(column_.rows_));
  }
  column_.type_ = static_cast<Type>(*vector_.type);
  column_.constant_ = vector_.constant;
  take_nulls();
  take_values();
  return std::move(column_);
}

void ColumnBuilder::take_nulls() {
  if (column_.type_ == Type::kNull) {
    // Whatever its null set says, or if it has none.
    column_.constant_ = true;
    column_.nulls_ = &kNullByte;
    return;
  }
  if (vector_.null_count < slots()) {
    throw Malformed("a null set of " + std::to_string(vector_.null_count) + " entries for " +
                    std::to_string(slots()));
  }
  column_.nulls_ = vector_.nulls;
}

void ColumnBuilder::take_values() {
  using F = DataField;
  if (column_.constant_ && null_at(0)) {
    // The value means nothing and may be of any kind.
    constexpr std::size_t kLargest = sizeof(Decimal);
    column_.storage_ = std::make_unique<std::byte[]>(kLargest);  // zero is an empty value of each type
    column_.values_ = column_.storage_.get();
    return;
  }
  switch (column_.type_) {
    case Type::kBoolean:
      require_data({F::kBools}, {F::kBool});
      column_.values_ = vector_.values;
      return;
    case Type::kInteger:
      require_data({F::kInt32s}, {F::kInteger});
      integers();
      return;
    case Type::kLong:
      require_data({F::kInt64s}, {F::kInteger});
      numbers<std::int64_t>();
      return;
    case Type::kDouble:
      require_data({F::kDoubles}, {F::kReal});
      numbers<double>();
      return;
    case Type::kFloat:
      require_data({F::kFloats}, {F::kReal});
      numbers<double>();
      return;
    case Type::kString:
    case Type::kBinary:
    case Type::kArray:
    case Type::kMap:
    case Type::kStruct:
      require_data({F::kTexts}, {F::kText});
      texts();
      return;
    case Type::kDate:
      require_data({F::kDates}, {F::kDate});
      numbers<std::int64_t>();
      return;
    case Type::kDatetime:
    case Type::kTimestampTz:
      require_data({F::kTimes}, {F::kTime});
      times();
      return;
    case Type::kTimestamp:
      require_data({F::kTimes, F::kInt64s}, {F::kTime, F::kInteger});
      times();
      return;
    case Type::kInt96:
      require_data({F::kTimes, F::kInt64s, F::kTexts}, {F::kTime, F::kInteger, F::kText});
      if (vector_.field == F::kTexts || vector_.field == F::kText) {
        int96s();
      } else {
        times();
      }
      return;
    case Type::kDecimal128:
      require_data({F::kDecimals}, {F::kDecimal});
      decimals();
      return;
    case Type::kNull:
      return;
  }
  throw Malformed("a vector of the unknown type " + std::to_string(*vector_.type));
}

void ColumnBuilder::require_data(std::initializer_list<DataField> flat,
                                 std::initializer_list<DataField> constant) const {
  const auto& allowed = column_.constant_ ? constant : flat;
  if (std::find(allowed.begin(), allowed.end(), vector_.field) == allowed.end()) {
    throw Malformed("a " + std::string(column_.constant_ ? "constant " : "") + std::string(to_string(column_.type_)) +
                    " vector with data of kind " + std::to_string(static_cast<int>(vector_.field)));
  }
  if (vector_.count < slots())
    throw Malformed(std::to_string(vector_.count) + " values for " + std::to_string(slots()) + " rows");
}

template <class T>
T* ColumnBuilder::room() {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  column_.storage_ = std::make_unique_for_overwrite<std::byte[]>(slots() * sizeof(T));
  column_.values_ = column_.storage_.get();
  return reinterpret_cast<T*>(column_.storage_.get());
}

template <class T>
void ColumnBuilder::numbers() {
  T* out = room<T>();
  const std::uint8_t* in = vector_.values;
  const std::size_t count = slots();
  for (std::size_t i = 0; i < count; ++i) out[i] = from_wire<T>(in + i * sizeof(T));
}

void ColumnBuilder::integers() {
  if (!column_.constant_) {
    numbers<std::int32_t>();
    return;
  }
  const auto value = from_wire<std::int64_t>(vector_.values);
  if (!std::in_range<std::int32_t>(value)) throw Malformed("an INTEGER of " + std::to_string(value));
  *room<std::int32_t>() = static_cast<std::int32_t>(value);
}

void ColumnBuilder::texts() {
  column_.values_ = vector_.texts.data();
  column_.storage_ = vector_.texts.release();
}

void ColumnBuilder::decimals() {
  if (vector_.scale < Decimal::kMinScale || vector_.scale > Decimal::kMaxScale)
    throw Malformed("a decimal's scale of " + std::to_string(vector_.scale));
  Decimal* out = room<Decimal>();
  const std::string_view* in = vector_.texts.data();
  const bool text = decimals_are_text(in, column_.nulls_, slots(), vector_.scale);
  for (std::size_t i = 0; i < slots(); ++i) {
    if (null_at(i)) {
      out[i] = Decimal();
    } else if (!text) {
      out[i] = Decimal(unscaled_of(in[i]), vector_.scale);
    } else if (const std::optional<Decimal> number = Decimal::parse(in[i])) {
      out[i] = *number;
    } else {
      throw Malformed("a decimal text beyond 38 digits");
    }
  }
}

void ColumnBuilder::times() {
  numbers<std::int64_t>();
  if (column_.type_ != Type::kTimestampTz || vector_.zones.size() == 0) return;
  if (vector_.zones.size() < slots()) {
    throw Malformed(std::to_string(vector_.zones.size()) + " time zones for " + std::to_string(slots()) + " rows");
  }
  column_.zones_ = vector_.zones.data();
  column_.zone_storage_ = vector_.zones.release();
}

void ColumnBuilder::int96s() {
  auto* out = room<std::int64_t>();
  const std::string_view* in = vector_.texts.data();
  for (std::size_t i = 0; i < slots(); ++i) out[i] = null_at(i) ? 0 : micros_of_int96(in[i]);
}

}  // namespace e6::client
