// One `Vector` of a chunk, taken apart but not yet understood: its fields may come in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "rows/chunk_reader.h"

namespace e6::client {

/// The fields of the union `Data`.
enum class DataField : std::int16_t {
  kNone = 0,
  kBools = 1,
  kInt32s = 2,
  kInt64s = 3,
  kDates = 4,
  kFloats = 5,
  kDoubles = 6,
  kTexts = 7,
  kBool = 8,
  kDate = 9,
  kNull = 10,
  kInteger = 11,
  kReal = 12,
  kInterval = 13,
  kTime = 14,
  kText = 15,
  kTimes = 16,
  kDecimals = 17,
  kDecimal = 18,
};

/// Texts as they stand in the batch.
class TextArray {
 public:
  TextArray() = default;
  explicit TextArray(std::size_t count)
      : storage_(std::make_unique_for_overwrite<std::byte[]>(count * sizeof(std::string_view))), count_(count) {}
  [[nodiscard]] std::string_view* data() noexcept { return reinterpret_cast<std::string_view*>(storage_.get()); }
  [[nodiscard]] const std::string_view* data() const noexcept {
    return reinterpret_cast<const std::string_view*>(storage_.get());
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] std::unique_ptr<std::byte[]> release() noexcept { return std::move(storage_); }

 private:
  std::unique_ptr<std::byte[]> storage_;
  std::size_t count_ = 0;
};

struct RawVector {
  std::optional<std::int32_t> size;
  std::optional<std::int32_t> type;
  const std::uint8_t* nulls = nullptr;
  std::size_t null_count = 0;  // entries of nulls
  bool constant = false;

  DataField field = DataField::kNone;
  std::size_t count = 0;                 // entries of values, or of texts
  const std::uint8_t* values = nullptr;  // big-endian, of the field's width
  TextArray texts;                       // of text and decimal fields
  TextArray zones;                       // of time fields
  std::int32_t scale = 0;                // of decimal fields
};

/// Throws as ChunkReader does.
[[nodiscard]] RawVector read_vector(ChunkReader& in);

}  // namespace e6::client
