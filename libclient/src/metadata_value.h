// The one rule for bytes that become gRPC metadata, wherever they come from. gRPC aborts the
// process on a value that HTTP cannot carry, so that each is looked at before: options when they
// are validated (options.cc), an engine's address when prepare has answered and when a query is
// adopted (run.cc).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace e6::client {

/// The place of the first byte that metadata cannot carry; npos if there is none. It carries
/// printable ASCII and spaces (gRPC's "ASCII-Value", grpc/doc/PROTOCOL-HTTP2.md).
[[nodiscard]] constexpr std::size_t first_not_metadata(std::string_view value) noexcept {
  for (std::size_t at = 0; at < value.size(); ++at)
    if (value[at] < 0x20 || value[at] > 0x7e) return at;
  return std::string_view::npos;
}

/// "byte 3 (counted from 0) is 0x0a", for an error. Shows nothing else of the text.
[[nodiscard]] inline std::string byte_at(std::string_view text, std::size_t at) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(text[at]);
  return "byte " + std::to_string(at) + " (counted from 0) is 0x" + kDigits[byte >> 4U] +
         kDigits[byte & 0xfU];
}

}  // namespace e6::client
