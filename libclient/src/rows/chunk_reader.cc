#include "rows/chunk_reader.h"

#include <limits>
#include <string>

#include "rows/malformed.h"

namespace e6::client {
namespace {

namespace thrift = apache::thrift::protocol;
constexpr int kDeepest = 64;

// What a value takes on the wire: exactly, or at least when it has no fixed size.
struct Size {
  std::size_t bytes;
  bool fixed;
};

Size size_of(ThriftType type) {
  switch (type) {
    case thrift::T_BOOL:
    case thrift::T_BYTE:
      return {1, true};
    case thrift::T_I16:
      return {2, true};
    case thrift::T_I32:
      return {4, true};
    case thrift::T_I64:
    case thrift::T_DOUBLE:
      return {8, true};
    case thrift::T_STRING:
      return {4, false};
    case thrift::T_STRUCT:
      return {1, false};  // its end
    case thrift::T_SET:
    case thrift::T_LIST:
      return {5, false};
    case thrift::T_MAP:
      return {6, false};
    default:
      throw Malformed("a value of type " + std::to_string(type) + ", which Thrift has not");
  }
}

// The buffer is only read from, though Thrift wants it writable.
std::uint8_t* writable(std::string_view bytes) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
}

std::uint32_t checked_size(std::string_view bytes) {
  // Thrift counts in int.
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Malformed("a batch of more than 2 GiB");
  return static_cast<std::uint32_t>(bytes.size());
}

}  // namespace

ChunkReader::ChunkReader(std::string_view bytes)
    : size_(bytes.size()),
      buffer_(std::make_shared<Buffer>(
          writable(bytes), checked_size(bytes), Buffer::OBSERVE,
          std::make_shared<apache::thrift::TConfiguration>(std::numeric_limits<int>::max()))),
      protocol_(buffer_) {}

FieldHead ChunkReader::field() {
  FieldHead head{*take(1), 0};  // not readFieldBegin, which makes a TType of any byte
  if (head.type != thrift::T_STOP) protocol_.readI16(head.id);
  return head;
}

ListHead ChunkReader::list() {
  // Not readListBegin, which makes a TType of any byte, and whose check of the size overflows at 32 bits.
  ListHead head{};
  head.element = *take(1);
  const std::int32_t count = i32();
  if (count < 0) throw Malformed("a list of " + std::to_string(count) + " elements");
  head.count = static_cast<std::size_t>(count);
  if (head.count > 0 && head.count > left() / size_of(head.element).bytes)
    throw Malformed("a list of " + std::to_string(count) + " elements in " + std::to_string(left()) + " bytes");
  return head;
}

std::int32_t ChunkReader::i32() {
  std::int32_t value = 0;
  protocol_.readI32(value);
  return value;
}

std::string_view ChunkReader::text() {
  const std::int32_t length = i32();
  if (length < 0) throw Malformed("a text of " + std::to_string(length) + " bytes");
  return {reinterpret_cast<const char*>(take(static_cast<std::size_t>(length))),
          static_cast<std::size_t>(length)};
}

const std::uint8_t* ChunkReader::take(std::size_t count) {
  if (count > left())
    throw Malformed(std::to_string(count) + " bytes wanted where " + std::to_string(left()) + " are left");
  const auto length = static_cast<std::uint32_t>(count);
  std::uint32_t available = length;
  const std::uint8_t* bytes = buffer_->borrow(nullptr, &available);
  buffer_->consume(length);
  return bytes;
}

std::size_t ChunkReader::left() const {
  return buffer_->available_read();
}

// Not Thrift's skip, which copies every text that it passes over, after making room for the length it claims.
void ChunkReader::skip(ThriftType type, int depth) {
  if (depth > kDeepest) throw Malformed("values nested deeper than " + std::to_string(kDeepest));
  switch (type) {
    case thrift::T_STRING:
      text();
      return;
    case thrift::T_STRUCT:
      for (FieldHead head = field(); head.type != thrift::T_STOP; head = field()) skip(head.type, depth + 1);
      return;
    case thrift::T_SET:
    case thrift::T_LIST: {
      const ListHead head = list();
      skip_all(head.element, head.count, depth + 1);
      return;
    }
    case thrift::T_MAP: {
      const ThriftType key = *take(1);
      const ThriftType value = *take(1);
      const std::int32_t count = i32();
      if (count < 0) throw Malformed("a map of " + std::to_string(count) + " elements");
      for (std::int32_t i = 0; i < count; ++i) {
        skip(key, depth + 1);
        skip(value, depth + 1);
      }
      return;
    }
    default:
      take(size_of(type).bytes);
  }
}

void ChunkReader::skip_all(ThriftType type, std::size_t count, int depth) {
  if (count == 0) return;
  if (const Size size = size_of(type); size.fixed) {
    take(count * size.bytes);  // list() has checked the product
    return;
  }
  for (std::size_t i = 0; i < count; ++i) skip(type, depth);
}

}  // namespace e6::client
