// From a vector's bytes to a column.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "e6/client/column.h"
#include "rows/vector_reader.h"

namespace e6::client {

/// Checks a vector against its type and the chunk's rows, and converts it.
class ColumnBuilder {
 public:
  /// `name` and the bytes of `vector` have to outlive the column. Throws Malformed.
  [[nodiscard]] static Column build(RawVector vector, std::size_t rows, std::string_view name);

 private:
  ColumnBuilder(RawVector vector, std::size_t rows, std::string_view name);
  Column finish();
  void take_nulls();
  void take_values();
  void require_data(std::initializer_list<DataField> flat, std::initializer_list<DataField> constant) const;
  template <class T>
  T* room();
  template <class T>
  void numbers();
  void integers();
  void texts();
  void decimals();
  void times();
  void int96s();
  [[nodiscard]] std::size_t slots() const noexcept { return column_.constant_ ? 1 : column_.rows_; }
  [[nodiscard]] bool null_at(std::size_t slot) const noexcept { return column_.nulls_[slot] != 0; }

  RawVector vector_;
  Column column_;
};

}  // namespace e6::client
