// Reads Thrift's binary protocol in place: structure through Thrift's own TBinaryProtocol, bulk data as
// pointers into the bytes.
#pragma once

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace e6::client {

/// One of Thrift's TType, or any other byte: not TType itself, for which other values are undefined behaviour.
using ThriftType = int;

struct FieldHead {
  ThriftType type;  ///< T_STOP at the end of a struct; id is 0 then
  std::int16_t id;

  [[nodiscard]] bool is(ThriftType wanted, std::int16_t number) const noexcept {
    return type == wanted && id == number;
  }
};

struct ListHead {
  ThriftType element;
  std::size_t count;  ///< so many elements, at their smallest, fit into what is left
};

/// Throws Malformed, or one of Thrift's own exceptions, whatever the bytes are. Allocates nothing that depends
/// on them.
class ChunkReader {
 public:
  /// `bytes` has to outlive the reader and everything that it hands out.
  explicit ChunkReader(std::string_view bytes);

  FieldHead field();
  ListHead list();
  std::int32_t i32();
  std::string_view text();
  /// A boolean, as the byte that it is.
  const std::uint8_t* boolean() { return take(1); }
  /// The next `count` bytes.
  const std::uint8_t* take(std::size_t count);
  /// Passes over a value.
  void skip(ThriftType type) { skip(type, 0); }

  [[nodiscard]] std::size_t left() const;
  [[nodiscard]] std::size_t position() const { return size_ - left(); }

 private:
  using Buffer = apache::thrift::transport::TMemoryBuffer;
  void skip(ThriftType type, int depth);
  void skip_all(ThriftType type, std::size_t count, int depth);

  std::size_t size_;
  std::shared_ptr<Buffer> buffer_;
  apache::thrift::protocol::TBinaryProtocolT<Buffer> protocol_;
};

}  // namespace e6::client
