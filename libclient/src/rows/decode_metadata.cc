// Big-endian: i64 rows, i32 fields; of each the texts name, type, zone and format, a text being a u16 length and its
// bytes. What follows is ignored.
#include <string>
#include <utility>
#include <vector>

#include "e6/client/error.h"
#include "e6/client/result.h"

namespace e6::client {
namespace {

class MetadataReader {
 public:
  explicit MetadataReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (const char c : take(width)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string text() { return std::string(take(number(2))); }

  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }
  [[noreturn]] void refuse(const std::string& what) const {
    throw DecodeError("the result's metadata is malformed at byte " + std::to_string(at_) + ": " + what);
  }

 private:
  std::string_view take(std::size_t count) {
    if (count > left())
      refuse(std::to_string(count) + " bytes wanted where " + std::to_string(left()) + " are left");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace

ResultMetadata decode_metadata(std::string_view bytes) {
  constexpr std::size_t kSmallestField = 8;  // four lengths
  MetadataReader in(bytes);
  const auto rows = static_cast<std::int64_t>(in.number(8));
  const auto fields = static_cast<std::int32_t>(in.number(4));
  if (fields < 0 || static_cast<std::size_t>(fields) > in.left() / kSmallestField)
    in.refuse(std::to_string(fields) + " fields in " + std::to_string(in.left()) + " bytes");
  std::vector<ResultColumn> columns(static_cast<std::size_t>(fields));
  for (ResultColumn& column : columns) {
    column.name = in.text();
    column.type = in.text();
    column.zone = in.text();
    column.format = in.text();
  }
  return ResultMetadata(rows, std::move(columns));
}

}  // namespace e6::client
