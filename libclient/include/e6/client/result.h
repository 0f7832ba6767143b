// Results, decoded: what an engine's metadata and batches say.
//
// A cursor hands these out (`Cursor::fetch`, `Cursor::rows`); the functions below are for those who got the
// bytes in another way, and need no connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "e6/client/column.h"
#include "e6/client/row.h"
#include "e6/client/types.h"

namespace e6::client {

/// The columns of a result. Copies share what they hold.
class ResultMetadata {
 public:
  /// No columns.
  ResultMetadata();
  ResultMetadata(std::int64_t row_count, std::vector<ResultColumn> columns);

  /// Rows of the whole result, as the engine counts them.
  [[nodiscard]] std::int64_t row_count() const noexcept;
  [[nodiscard]] const std::vector<ResultColumn>& columns() const& noexcept;
  [[nodiscard]] std::vector<ResultColumn> columns() const&& { return columns(); }
  /// The place of the first column of that name.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;

 private:
  struct Contents;
  std::shared_ptr<const Contents> contents_;  // never null
};

/// Goes through the rows of a batch.
class RowIterator {
 public:
  using iterator_concept = std::forward_iterator_tag;
  using iterator_category = std::input_iterator_tag;  // rows are made on the spot
  using value_type = Row;
  using difference_type = std::ptrdiff_t;
  using reference = Row;
  using pointer = void;

  RowIterator() noexcept = default;
  [[nodiscard]] Row operator*() const noexcept { return row_; }
  RowIterator& operator++() noexcept {
    ++row_.row_;
    return *this;
  }
  RowIterator operator++(int) noexcept {
    const RowIterator before = *this;
    ++row_.row_;
    return before;
  }
  bool operator==(const RowIterator& other) const noexcept {
    return row_.row_ == other.row_.row_ && row_.batch_ == other.row_.batch_;
  }

 private:
  friend class ResultBatch;
  explicit RowIterator(Row row) noexcept : row_(row) {}
  Row row_;
};

/// Some rows of a result: at least one. Copies share what they hold, so a batch is cheap to pass on
/// and to keep; its rows, cells, spans and string views are valid as long as one copy lives.
/// Reading from several threads is safe.
///
/// Notes: a batch that is a temporary gives out nothing that points into it: keep it in a variable
/// first.
class ResultBatch {
 public:
  /// Rows.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] const ResultMetadata& metadata() const& noexcept;
  /// What the engine sent.
  [[nodiscard]] std::string_view bytes() const& noexcept;

  [[nodiscard]] std::span<const Column> columns() const& noexcept;
  /// By place or name, as in Row. Throws UsageError when there is none.
  [[nodiscard]] const Column& column(std::size_t index) const&;
  [[nodiscard]] const Column& column(std::string_view name) const&;

  /// Throws UsageError beyond the last row.
  [[nodiscard]] Row operator[](std::size_t row) const&;
  [[nodiscard]] RowIterator begin() const& noexcept { return RowIterator(Row(contents_.get(), 0)); }
  [[nodiscard]] RowIterator end() const& noexcept {
    return RowIterator(Row(contents_.get(), size()));
  }

  const ResultMetadata& metadata() const&& = delete;
  std::string_view bytes() const&& = delete;
  std::span<const Column> columns() const&& = delete;
  const Column& column(std::size_t index) const&& = delete;
  const Column& column(std::string_view name) const&& = delete;
  Row operator[](std::size_t row) const&& = delete;
  RowIterator begin() const&& = delete;
  RowIterator end() const&& = delete;

 private:
  friend class BatchDecoder;
  explicit ResultBatch(std::shared_ptr<const BatchContents> contents) noexcept
      : contents_(std::move(contents)) {}
  std::shared_ptr<const BatchContents> contents_;  // never null
};

/// A batch, or nothing at the end of a result. An std::optional whose temporaries do not dangle:
/// `fetch()->column(0)` does not compile, and `*fetch()` is a batch of its own, so that
/// `for (const Row row : *cursor.fetch())` keeps what it goes through.
class OptionalBatch : public std::optional<ResultBatch> {
  using Base = std::optional<ResultBatch>;

 public:
  using Base::Base;
  OptionalBatch(Base batch) noexcept : Base(std::move(batch)) {}  // NOLINT: it is one

  [[nodiscard]] ResultBatch* operator->() & noexcept { return Base::operator->(); }
  [[nodiscard]] const ResultBatch* operator->() const& noexcept { return Base::operator->(); }
  const ResultBatch* operator->() const&& = delete;  // keep the batch in a variable first

  [[nodiscard]] ResultBatch& operator*() & noexcept { return Base::operator*(); }
  [[nodiscard]] const ResultBatch& operator*() const& noexcept { return Base::operator*(); }
  [[nodiscard]] ResultBatch operator*() && noexcept {
    return *std::move(static_cast<Base&>(*this));
  }

  [[nodiscard]] ResultBatch& value() & { return Base::value(); }
  [[nodiscard]] const ResultBatch& value() const& { return Base::value(); }
  [[nodiscard]] ResultBatch value() && { return std::move(static_cast<Base&>(*this)).value(); }
};

/// Decodes `resultMetaData` of getResultMetadata. Throws DecodeError when it is malformed.
[[nodiscard]] ResultMetadata decode_metadata(std::string_view bytes);

/// Decodes `resultBatch` of getNextResultBatch; nothing at the end of a result (no bytes, or a chunk of no
/// rows). The batch has the columns of `metadata`: vectors beyond them are ignored, too few are an error.
/// Throws DecodeError when the bytes are malformed, whatever they are: never more memory than a small
/// multiple of their size is taken, and never more time than they are long.
[[nodiscard]] OptionalBatch decode_batch(std::string bytes, const ResultMetadata& metadata);
/// The same with as many columns, without names, as the batch has vectors.
[[nodiscard]] OptionalBatch decode_batch(std::string bytes);

}  // namespace e6::client
