// A column of a batch, for those who want its values all at once and uncopied.
//
//   for (const Column& column : batch.columns()) ...
//   std::span<const std::int64_t> ids = batch.column("id").int64s();
//   for (std::size_t row = 0; row < batch.size(); ++row)
//     if (!column.is_null(row)) sum += ids[column.slot(row)];
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "e6/client/decimal.h"
#include "e6/client/types.h"

namespace e6::client {

/// Values stand in slots. Mostly there is one for each row; a column whose value is the same in all rows
/// (`is_constant`) has a single one, however many rows there are. `slot(row)` is right for both. A slot whose
/// row is null holds a value without meaning.
///
/// Everything that a column gives out points into its batch and is valid as long as a copy of the batch is.
/// Reading from several threads is safe.
class Column {
 public:
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;
  Column(Column&&) noexcept = default;
  Column& operator=(Column&&) noexcept = default;

  /// The name by the metadata; empty if the batch was decoded without.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] Type type() const noexcept { return type_; }
  /// Rows.
  [[nodiscard]] std::size_t size() const noexcept { return rows_; }

  [[nodiscard]] bool is_constant() const noexcept { return constant_; }
  [[nodiscard]] std::size_t slot(std::size_t row) const noexcept { return constant_ ? 0 : row; }
  /// `row` has to be less than `size()`; that is not checked.
  [[nodiscard]] bool is_null(std::size_t row) const noexcept { return nulls_[slot(row)] != 0; }
  /// Looks at all rows.
  [[nodiscard]] bool has_nulls() const noexcept;

  /// One byte for each slot: not 0 is null.
  [[nodiscard]] std::span<const std::uint8_t> nulls() const noexcept { return {nulls_, slots()}; }
  /// BOOLEAN: one byte for each slot, not 0 is true. This and the following throw ConversionError when the
  /// column is of another type. A NULL column has values of no type.
  [[nodiscard]] std::span<const std::uint8_t> booleans() const;
  /// INTEGER.
  [[nodiscard]] std::span<const std::int32_t> int32s() const;
  /// LONG.
  [[nodiscard]] std::span<const std::int64_t> int64s() const;
  /// DOUBLE and FLOAT.
  [[nodiscard]] std::span<const double> doubles() const;
  /// STRING, BINARY, ARRAY, MAP and STRUCT: the bytes as the engine sent them. STRING is meant to be UTF-8;
  /// that is not checked.
  [[nodiscard]] std::span<const std::string_view> strings() const;
  /// DATE, DATETIME, TIMESTAMP, TIMESTAMP_TZ and INT96: microseconds since 1970 UTC. A DATE need not be at
  /// midnight: it is the day in which the value lies.
  [[nodiscard]] std::span<const std::int64_t> micros() const;
  /// TIMESTAMP_TZ: the zones in which the values of `micros()` are to be shown. Empty when the engine sent
  /// none, and for other columns of time: UTC.
  [[nodiscard]] std::span<const std::string_view> zones() const;
  /// DECIMAL128.
  [[nodiscard]] std::span<const Decimal> decimals() const;

 private:
  friend class Cell;
  friend class ColumnBuilder;
  Column() = default;
  [[nodiscard]] std::size_t slots() const noexcept { return constant_ && rows_ > 0 ? 1 : rows_; }
  [[noreturn]] void refuse(std::string_view wanted) const;
  template <class T>
  [[nodiscard]] std::span<const T> values() const noexcept {
    return {static_cast<const T*>(values_), slots()};
  }

  std::string_view name_;
  Type type_ = Type::kNull;
  bool constant_ = false;
  std::size_t rows_ = 0;
  const std::uint8_t* nulls_ = nullptr;        // into the batch's bytes
  const void* values_ = nullptr;               // into the batch's bytes (BOOLEAN), or storage_
  const std::string_view* zones_ = nullptr;    // into zone_storage_; null for none
  std::unique_ptr<std::byte[]> storage_;       // an array of the column's C++ type
  std::unique_ptr<std::byte[]> zone_storage_;  // an array of std::string_view
};

}  // namespace e6::client
