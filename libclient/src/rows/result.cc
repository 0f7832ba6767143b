#include "e6/client/result.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "e6/client/error.h"
#include "rows/batch_contents.h"

namespace e6::client {
namespace {

// Of a column that is not there.
[[noreturn]] void refuse(std::size_t index, std::size_t columns) {
  throw UsageError("there is no column " + std::to_string(index) + "; the result has " +
                   std::to_string(columns) + ", counted from 0");
}

[[noreturn]] void refuse(std::string_view name, const std::vector<ResultColumn>& columns) {
  constexpr std::size_t kNamed = 20;
  std::string sentence = "there is no column '" + std::string(name) + "'; the result has";
  for (std::size_t i = 0; i < columns.size() && i < kNamed; ++i)
    sentence += (i == 0 ? " '" : ", '") + columns[i].name + "'";
  if (columns.empty()) sentence += " no names";
  if (columns.size() > kNamed) sentence += " and " + std::to_string(columns.size() - kNamed) + " more";
  throw UsageError(sentence);
}

const Column& column_at(const BatchContents& batch, std::size_t index) {
  if (index >= batch.columns.size()) refuse(index, batch.columns.size());
  return batch.columns[index];
}

const Column& column_named(const BatchContents& batch, std::string_view name) {
  const auto index = batch.metadata.find(name);
  if (!index) refuse(name, batch.metadata.columns());
  return batch.columns[*index];
}

}  // namespace

struct ResultMetadata::Contents {
  std::int64_t row_count = 0;
  std::vector<ResultColumn> columns;
  std::unordered_map<std::string_view, std::size_t> places;  // keys are the columns' names
};

ResultMetadata::ResultMetadata() : ResultMetadata(0, {}) {}

ResultMetadata::ResultMetadata(std::int64_t row_count, std::vector<ResultColumn> columns) {
  auto contents = std::make_shared<Contents>();
  contents->row_count = row_count;
  contents->columns = std::move(columns);
  for (std::size_t i = 0; i < contents->columns.size(); ++i)
    contents->places.emplace(contents->columns[i].name, i);  // the first of a name stays
  contents_ = std::move(contents);
}

std::int64_t ResultMetadata::row_count() const noexcept {
  return contents_->row_count;
}

const std::vector<ResultColumn>& ResultMetadata::columns() const& noexcept {
  return contents_->columns;
}

std::optional<std::size_t> ResultMetadata::find(std::string_view name) const noexcept {
  const auto place = contents_->places.find(name);
  if (place == contents_->places.end()) return std::nullopt;
  return place->second;
}

std::size_t ResultBatch::size() const noexcept {
  return contents_->rows;
}

const ResultMetadata& ResultBatch::metadata() const& noexcept {
  return contents_->metadata;
}

std::string_view ResultBatch::bytes() const& noexcept {
  return contents_->bytes;
}

std::span<const Column> ResultBatch::columns() const& noexcept {
  return contents_->columns;
}

const Column& ResultBatch::column(std::size_t index) const& {
  return column_at(*contents_, index);
}

const Column& ResultBatch::column(std::string_view name) const& {
  return column_named(*contents_, name);
}

Row ResultBatch::operator[](std::size_t row) const& {
  if (row >= size()) {
    throw UsageError("there is no row " + std::to_string(row) + "; the batch has " + std::to_string(size()) +
                     ", counted from 0");
  }
  return {contents_.get(), row};
}

Row::Row(const BatchContents* batch, std::size_t row) noexcept
    : batch_(batch), columns_(batch->columns.data()), size_(batch->columns.size()), row_(row) {}

void Row::refuse(std::size_t column) const {
  client::refuse(column, size_);
}

Cell Row::operator[](std::string_view column) const {
  return {column_named(*batch_, column), row_};
}

}  // namespace e6::client
