// Writes batches for tests, well-formed or not, through Thrift's own protocol.
#pragma once

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "e6/client/types.h"

namespace e6::client {

using Protocol = apache::thrift::protocol::TBinaryProtocol;
using Write = std::function<void(Protocol&)>;

/// One vector of a chunk. What is left out is not written.
struct VectorParts {
  std::int32_t size = 0;
  Type type = Type::kLong;
  std::vector<bool> nulls;
  bool constant = false;
  Write data;  // writes one member of the union with its head; the union's end is written for it
};

/// A struct's bytes: what `write` wrote, and a stop.
std::string bytes_of(const Write& write);
std::string chunk(std::int32_t rows, const std::vector<VectorParts>& vectors);

/// Members of the union: a list or a single value in field 1, and perhaps something in field 2.
Write int64s(std::int16_t field, std::vector<std::int64_t> values, const Write& second = {});
Write int64(std::int16_t field, std::int64_t value, const Write& second = {});
Write texts(std::int16_t field, std::vector<std::string> values, const Write& second = {});
Write text(std::int16_t field, const std::string& value, const Write& second = {});
/// For `second`.
Write scale(std::int32_t value);
Write zones(std::vector<std::string> values);

}  // namespace e6::client
