// Rows in columns that line up.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "text/screen.h"

namespace e6::tool {

/// A table for people. Cells are already escaped and may be painted; on a narrow terminal the columns that
/// are marked so are cut.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
    bool may_be_cut = false;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// Missing cells are empty, surplus ones are dropped.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] std::string render(const Screen& screen) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(std::size_t limit) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace e6::tool
