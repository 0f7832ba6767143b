// A row of a batch and the cells in it.
//
//   std::optional<std::int64_t> id = row.get<std::int64_t>("id");   // nothing: null
//   std::string name = row.value<std::string>(1);                   // null throws
//   std::cout << row["amount"].to_string();
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "e6/client/column.h"
#include "e6/client/date.h"
#include "e6/client/decimal.h"

namespace e6::client {

class ResultBatch;
struct BatchContents;

/// What a cell can be read as by `get` and `value`, and from which columns:
///
///   any integer type but characters   INTEGER, LONG, DECIMAL128 (when it is whole and in range)
///   double                            DOUBLE, FLOAT; the nearest one of INTEGER, LONG, DECIMAL128
///   float                             FLOAT
///   bool                              BOOLEAN
///   std::string, std::string_view     STRING, BINARY, ARRAY, MAP, STRUCT
///   Date, std::chrono::sys_days       DATE
///   Timestamp, std::chrono::sys_time<std::chrono::microseconds>
///                                     DATETIME, TIMESTAMP, TIMESTAMP_TZ, INT96
///   Decimal                           DECIMAL128, INTEGER, LONG
///
/// Anything else is a ConversionError that names the column, its type and what was wanted. A null cell can be
/// read as everything: it is nothing.
template <class T>
concept CellValue =
    (std::integral<T> && !std::same_as<T, char> && !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
     !std::same_as<T, char16_t> && !std::same_as<T, char32_t>) ||
    std::same_as<T, double> || std::same_as<T, float> || std::same_as<T, std::string> ||
    std::same_as<T, std::string_view> || std::same_as<T, Date> || std::same_as<T, std::chrono::sys_days> ||
    std::same_as<T, Timestamp> || std::same_as<T, std::chrono::sys_time<std::chrono::microseconds>> ||
    std::same_as<T, Decimal>;

/// One value. Points into its batch; cheap to copy.
class Cell {
 public:
  Cell(const Column& column, std::size_t row) noexcept : column_(&column), row_(row) {}

  [[nodiscard]] bool is_null() const noexcept { return column_->is_null(row_); }
  [[nodiscard]] Type type() const noexcept { return column_->type(); }
  [[nodiscard]] const Column& column() const noexcept { return *column_; }

  /// Nothing for null. Throws ConversionError. A std::string_view points into the batch.
  template <CellValue T>
  [[nodiscard]] std::optional<T> get() const {
    if (is_null()) return std::nullopt;
    return read<T>();
  }
  /// As get, but null is a ConversionError.
  template <CellValue T>
  [[nodiscard]] T value() const {
    if (is_null()) refuse_null();
    return read<T>();
  }

  /// For people: any type, and "NULL". Numbers as C++ and Decimal write them, dates and times by ISO 8601,
  /// text as it is, BINARY as hexadecimal digits ("0x00ff").
  [[nodiscard]] std::string to_string() const;

 private:
  template <class T>
  [[nodiscard]] T read() const {
    if constexpr (std::same_as<T, bool>) {
      return boolean();
    } else if constexpr (std::integral<T>) {
      const std::int64_t number = type() == Type::kLong ? at<std::int64_t>() : integer();
      if (!std::in_range<T>(number)) refuse_range(number, sizeof(T) * 8, std::signed_integral<T>);
      return static_cast<T>(number);
    } else if constexpr (std::same_as<T, double>) {
      return type() == Type::kDouble ? at<double>() : real();
    } else if constexpr (std::same_as<T, float>) {
      return single();
    } else if constexpr (std::same_as<T, std::string> || std::same_as<T, std::string_view>) {
      return T(type() == Type::kString ? at<std::string_view>() : text());
    } else if constexpr (std::same_as<T, Date>) {
      return date();
    } else if constexpr (std::same_as<T, std::chrono::sys_days>) {
      return date().sys_days();
    } else if constexpr (std::same_as<T, Timestamp>) {
      return timestamp();
    } else if constexpr (std::same_as<T, Decimal>) {
      return decimal();
    } else {
      return T(std::chrono::microseconds(micros()));
    }
  }

  // The value, as the column has it: the caller knows its type.
  template <class T>
  [[nodiscard]] const T& at() const noexcept {
    return static_cast<const T*>(column_->values_)[column_->slot(row_)];
  }

  [[nodiscard]] bool boolean() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] double real() const;
  [[nodiscard]] float single() const;
  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] Date date() const;
  [[nodiscard]] std::int64_t micros() const;
  [[nodiscard]] Timestamp timestamp() const;
  [[nodiscard]] Decimal decimal() const;
  [[noreturn]] void refuse(std::string_view wanted) const;
  [[noreturn]] void refuse_null() const;
  [[noreturn]] void refuse_range(std::int64_t number, std::size_t bits, bool with_sign) const;

  const Column* column_;
  std::size_t row_;
};

/// Points into its batch; cheap to copy, valid as long as a copy of the batch is.
class Row {
 public:
  /// Columns.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The row's place in its batch, counted from 0.
  [[nodiscard]] std::size_t index() const noexcept { return row_; }

  /// By place, counted from 0, or by name (the first one of that name, letters' case counts). Throws
  /// UsageError when there is none.
  [[nodiscard]] Cell operator[](std::size_t column) const {
    if (column >= size_) refuse(column);
    return {columns_[column], row_};
  }
  [[nodiscard]] Cell operator[](std::string_view column) const;

  template <CellValue T>
  [[nodiscard]] std::optional<T> get(std::size_t column) const {
    return (*this)[column].get<T>();
  }
  template <CellValue T>
  [[nodiscard]] std::optional<T> get(std::string_view column) const {
    return (*this)[column].get<T>();
  }
  template <CellValue T>
  [[nodiscard]] T value(std::size_t column) const {
    return (*this)[column].value<T>();
  }
  template <CellValue T>
  [[nodiscard]] T value(std::string_view column) const {
    return (*this)[column].value<T>();
  }

 private:
  friend class ResultBatch;
  friend class RowIterator;
  Row() noexcept = default;
  Row(const BatchContents* batch, std::size_t row) noexcept;
  [[noreturn]] void refuse(std::size_t column) const;

  const BatchContents* batch_ = nullptr;
  const Column* columns_ = nullptr;
  std::size_t size_ = 0;
  std::size_t row_ = 0;
};

}  // namespace e6::client
