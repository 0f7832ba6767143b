#include "http2_frames.h"

#include <algorithm>
#include <stdexcept>

namespace e6::client::test {
namespace {

constexpr std::size_t kFrameHeader = 9;

unsigned byte_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) throw std::runtime_error("a header block ends too early");
  return static_cast<unsigned char>(text[at]);
}

// RFC 7541, 5.1: an integer whose first `bits` bits stand in the byte at `at`.
std::size_t take_number(std::string_view block, std::size_t& at, unsigned bits) {
  const unsigned most = (1U << bits) - 1;
  std::size_t value = byte_at(block, at++) & most;
  if (value < most) return value;
  for (unsigned shift = 0;; shift += 7) {
    const unsigned next = byte_at(block, at++);
    value += std::size_t{next & 0x7fU} << shift;
    if ((next & 0x80U) == 0) return value;
  }
}

std::string take_text(std::string_view block, std::size_t& at) {
  if ((byte_at(block, at) & 0x80U) != 0) throw std::runtime_error("a header is Huffman-coded");
  const std::size_t length = take_number(block, at, 7);
  if (length > block.size() - at) throw std::runtime_error("a header block ends too early");
  at += length;
  return std::string(block.substr(at - length, length));
}

}  // namespace

std::string encode(const Frame& frame) {
  std::string bytes;
  const auto number = [&](std::uint64_t value, int octets) {
    for (int i = octets - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i) & 0xffU);
  };
  number(frame.payload.size(), 3);
  number(frame.type, 1);
  number(frame.flags, 1);
  number(frame.stream, 4);
  return bytes + frame.payload;
}

std::vector<Frame> FrameSplitter::feed(std::string_view bytes) {
  const std::size_t skipped = std::min(skip_, bytes.size());
  skip_ -= skipped;
  rest_ += bytes.substr(skipped);
  std::vector<Frame> frames;
  while (rest_.size() >= kFrameHeader) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(byte_at(rest_, i)); };
    const std::size_t length = at(0) << 16 | at(1) << 8 | at(2);
    if (rest_.size() < kFrameHeader + length) break;
    Frame frame;
    frame.type = static_cast<std::uint8_t>(at(3));
    frame.flags = static_cast<std::uint8_t>(at(4));
    frame.stream = (at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8)) & 0x7fffffffU;
    frame.payload = rest_.substr(kFrameHeader, length);
    frames.push_back(std::move(frame));
    rest_.erase(0, kFrameHeader + length);
  }
  return frames;
}

std::vector<std::pair<std::string, std::string>> fields_of(const Frame& headers) {
  constexpr std::uint8_t kPadded = 0x08;
  constexpr std::uint8_t kPriority = 0x20;
  if ((headers.flags & (kPadded | kPriority)) != 0)
    throw std::runtime_error("a HEADERS frame is padded or has a priority");
  const std::string_view block = headers.payload;
  std::vector<std::pair<std::string, std::string>> fields;
  for (std::size_t at = 0; at < block.size();) {
    const unsigned first = byte_at(block, at);
    if ((first & 0x80U) != 0) {  // name and value by number
      fields.emplace_back("#" + std::to_string(take_number(block, at, 7)), "");
    } else if ((first & 0xe0U) == 0x20U) {  // a new size of the table
      (void)take_number(block, at, 5);
    } else {
      const std::size_t index = take_number(block, at, (first & 0x40U) != 0 ? 6 : 4);
      std::string name = index == 0 ? take_text(block, at) : "#" + std::to_string(index);
      std::string value = take_text(block, at);
      fields.emplace_back(std::move(name), std::move(value));
    }
  }
  return fields;
}

}  // namespace e6::client::test
