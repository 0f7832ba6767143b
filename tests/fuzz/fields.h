// The fields of a segment by name, so that an input can hit the one it means instead of one byte of a million.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace e6::fuzz {

/// A field of the layout; `count` of them `stride` bytes apart, and inside each `inner_count` of them `inner_stride` bytes apart.
struct Field {
  std::string_view name;
  std::size_t offset;
  std::size_t width;  // 1, 4 or 8 bytes
  std::size_t count = 1;
  std::size_t stride = 0;
  std::size_t inner_count = 1;
  std::size_t inner_stride = 0;

  /// Where element `index` is; any index will do.
  [[nodiscard]] constexpr std::size_t at(std::size_t index) const noexcept {
    return offset + index % count * stride + index / count % inner_count * inner_stride;
  }
};

[[nodiscard]] std::size_t field_count() noexcept;
[[nodiscard]] const Field& field(std::size_t index) noexcept;  ///< any index will do

}  // namespace e6::fuzz
