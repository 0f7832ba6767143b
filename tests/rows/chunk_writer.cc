#include "chunk_writer.h"

#include <utility>

namespace e6::client {
namespace {

namespace thrift = apache::thrift::protocol;

// A member with field 1 of `type`, written by `value`.
Write member(std::int16_t field, thrift::TType type, Write value, Write second) {
  return [=](Protocol& out) {
    out.writeFieldBegin("", thrift::T_STRUCT, field);
    out.writeFieldBegin("data", type, 1);
    value(out);
    if (second) second(out);
    out.writeFieldStop();
  };
}

void write_vector(Protocol& out, const VectorParts& vector) {
  out.writeFieldBegin("size", thrift::T_I32, 1);
  out.writeI32(vector.size);
  out.writeFieldBegin("vectorType", thrift::T_I32, 2);
  out.writeI32(static_cast<std::int32_t>(vector.type));
  out.writeFieldBegin("nullSet", thrift::T_LIST, 3);
  out.writeListBegin(thrift::T_BOOL, static_cast<std::uint32_t>(vector.nulls.size()));
  for (const bool null : vector.nulls) out.writeBool(null);
  if (vector.data) {
    out.writeFieldBegin("data", thrift::T_STRUCT, 4);
    vector.data(out);
    out.writeFieldStop();
  }
  if (vector.constant) {
    out.writeFieldBegin("isConstantVector", thrift::T_BOOL, 5);
    out.writeBool(true);
  }
  out.writeFieldStop();
}

}  // namespace

std::string bytes_of(const Write& write) {
  auto buffer = std::make_shared<apache::thrift::transport::TMemoryBuffer>();
  Protocol out(buffer);
  write(out);
  out.writeFieldStop();
  return buffer->getBufferAsString();
}

std::string chunk(std::int32_t rows, const std::vector<VectorParts>& vectors) {
  return bytes_of([&](Protocol& out) {
    out.writeFieldBegin("size", thrift::T_I32, 1);
    out.writeI32(rows);
    out.writeFieldBegin("vectors", thrift::T_LIST, 2);
    out.writeListBegin(thrift::T_STRUCT, static_cast<std::uint32_t>(vectors.size()));
    for (const VectorParts& vector : vectors) write_vector(out, vector);
  });
}

Write int64s(std::int16_t field, std::vector<std::int64_t> values, const Write& second) {
  return member(
      field, thrift::T_LIST,
      [values = std::move(values)](Protocol& out) {
        out.writeListBegin(thrift::T_I64, static_cast<std::uint32_t>(values.size()));
        for (const std::int64_t value : values) out.writeI64(value);
      },
      second);
}

Write int64(std::int16_t field, std::int64_t value, const Write& second) {
  return member(field, thrift::T_I64, [value](Protocol& out) { out.writeI64(value); }, second);
}

Write texts(std::int16_t field, std::vector<std::string> values, const Write& second) {
  return member(
      field, thrift::T_LIST,
      [values = std::move(values)](Protocol& out) {
        out.writeListBegin(thrift::T_STRING, static_cast<std::uint32_t>(values.size()));
        for (const std::string& value : values) out.writeBinary(value);
      },
      second);
}

Write text(std::int16_t field, const std::string& value, const Write& second) {
  return member(field, thrift::T_STRING, [value](Protocol& out) { out.writeBinary(value); }, second);
}

Write scale(std::int32_t value) {
  return [value](Protocol& out) {
    out.writeFieldBegin("scale", thrift::T_I32, 2);
    out.writeI32(value);
  };
}

Write zones(std::vector<std::string> values) {
  return [values = std::move(values)](Protocol& out) {
    out.writeFieldBegin("zoneData", thrift::T_LIST, 2);
    out.writeListBegin(thrift::T_STRING, static_cast<std::uint32_t>(values.size()));
    for (const std::string& value : values) out.writeBinary(value);
  };
}

}  // namespace e6::client
