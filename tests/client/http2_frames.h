// One direction of an HTTP/2 connection as frames (RFC 9113, 4.1). Only what tests look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace e6::client::test {

struct Frame {
  static constexpr std::uint8_t kHeaders = 1;
  static constexpr std::uint8_t kResetStream = 3;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

/// The bytes of a frame.
[[nodiscard]] std::string encode(const Frame& frame);

class FrameSplitter {
 public:
  /// A client's direction begins with the connection preface, which is no frame.
  explicit FrameSplitter(bool client) : skip_(client ? kPrefaceBytes : 0) {}
  /// The frames that end within `bytes`, which follow those of the call before.
  std::vector<Frame> feed(std::string_view bytes);
  /// True if nothing of an unfinished frame has been seen.
  [[nodiscard]] bool at_boundary() const noexcept { return skip_ == 0 && rest_.empty(); }

 private:
  static constexpr std::size_t kPrefaceBytes = 24;
  std::size_t skip_;
  std::string rest_;
};

/// Name and value of each field of a HEADERS frame, in the order of the wire. Names that stand in
/// HPACK's tables are "#" and their number. Throws for Huffman codes: gRPC C++ sends none.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fields_of(const Frame& headers);

}  // namespace e6::client::test
