// All rows of a query, fetched as they are needed.
//
//   for (const Row row : cursor.rows()) total += row.value<std::int64_t>("amount");
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>

#include "e6/client/result.h"

namespace e6::client {

class Cursor;

/// The rows that a cursor has not handed out yet; to be gone through once. Made by `Cursor::rows`, which has to
/// stay where it is meanwhile.
///
/// A row, and every cell and view it gives out, is valid until the loop's next round: the batch that it points
/// into makes room for the next one then. What is to be kept longer has to be copied (std::string instead of
/// std::string_view), or fetched by `Cursor::fetch`, whose batches can be kept.
///
/// Notes: leaving the loop early loses the rows left in the current batch.
class Rows {
 public:
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = Row;
    using difference_type = std::ptrdiff_t;
    using reference = Row;
    using pointer = void;

    [[nodiscard]] Row operator*() const noexcept { return *row_; }
    /// Throws what `Cursor::fetch` throws.
    Iterator& operator++() {
      if (++row_ == end_) rows_->next(*this);
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) noexcept { return at.row_ == at.end_; }

   private:
    friend class Rows;
    explicit Iterator(Rows* rows) noexcept : rows_(rows) {}
    Rows* rows_;
    RowIterator row_;
    RowIterator end_;
  };

  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// Fetches. Throws what `Cursor::fetch` throws.
  [[nodiscard]] Iterator begin();
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend class Cursor;
  explicit Rows(Cursor* cursor) noexcept : cursor_(cursor) {}
  void next(Iterator& at);

  Cursor* cursor_;
  std::optional<ResultBatch> batch_;
};

}  // namespace e6::client
