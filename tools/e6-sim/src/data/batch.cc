#include "data/batch.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <memory>

#include "data/cell.h"

namespace e6::sim {
namespace {

using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::protocol::TType;
using apache::thrift::transport::TMemoryBuffer;
namespace thrift = apache::thrift::protocol;

constexpr std::int64_t kMicrosecondsOfDay = 86'400'000'000;
constexpr std::int32_t kDecimalScale = 2;

// The union's field for a type: flat vectors and constant ones have fields of their own.
std::int16_t data_field(VectorType type, bool constant) {
  switch (type) {
    case VectorType::kBoolean:
      return constant ? 8 : 1;
    case VectorType::kInteger:
      return constant ? 11 : 2;
    case VectorType::kLong:
      return constant ? 11 : 3;
    case VectorType::kDate:
      return constant ? 9 : 4;
    case VectorType::kFloat:
      return constant ? 12 : 5;
    case VectorType::kDouble:
      return constant ? 12 : 6;
    case VectorType::kDatetime:
    case VectorType::kTimestampTz:
      return constant ? 14 : 16;
    case VectorType::kDecimal128:
      return constant ? 18 : 17;
    case VectorType::kNull:
      return 10;
    default:
      return constant ? 15 : 7;
  }
}

TType thrift_type(VectorType type) {
  switch (type) {
    case VectorType::kBoolean:
      return thrift::T_BOOL;
    case VectorType::kInteger:
      return thrift::T_I32;
    case VectorType::kLong:
    case VectorType::kDate:
    case VectorType::kDatetime:
    case VectorType::kTimestampTz:
      return thrift::T_I64;
    case VectorType::kFloat:
    case VectorType::kDouble:
      return thrift::T_DOUBLE;
    case VectorType::kNull:
      return thrift::T_BYTE;
    default:
      return thrift::T_STRING;
  }
}

// Big-endian two's complement of 16 bytes.
std::string decimal_bytes(std::int64_t unscaled) {
  std::string bytes(16, unscaled < 0 ? '\xff' : '\0');
  const auto bits = static_cast<std::uint64_t>(unscaled);
  for (std::size_t i = 0; i < 8; ++i) bytes[15 - i] = static_cast<char>((bits >> (8 * i)) & 0xff);
  return bytes;
}

// Writes the vectors of one batch of one query.
class BatchWriter {
 public:
  explicit BatchWriter(const Query& query)
      : query_(query),
        seed_(seed(query.colour, query.id)),
        prefix_(std::string(name(query.colour)) + "/" + query.id + "/") {}

  std::string write(std::int64_t first, std::int64_t rows) {
    out_.writeFieldBegin("size", thrift::T_I32, 1);
    out_.writeI32(static_cast<std::int32_t>(rows));
    out_.writeFieldBegin("vectors", thrift::T_LIST, 2);
    out_.writeListBegin(thrift::T_STRUCT, static_cast<std::uint32_t>(query_.hints.columns));
    for (std::int64_t i = 0; i < query_.hints.columns; ++i) write_vector(i, first, rows);
    out_.writeFieldStop();
    return buffer_->getBufferAsString();
  }

 private:
  void write_vector(std::int64_t index, std::int64_t first, std::int64_t rows) {
    const Column what = column(index);
    const std::int64_t entries = what.constant ? 1 : rows;
    out_.writeFieldBegin("size", thrift::T_I32, 1);
    out_.writeI32(static_cast<std::int32_t>(rows));
    out_.writeFieldBegin("vectorType", thrift::T_I32, 2);
    out_.writeI32(static_cast<std::int32_t>(what.type));
    out_.writeFieldBegin("nullSet", thrift::T_LIST, 3);
    out_.writeListBegin(thrift::T_BOOL, static_cast<std::uint32_t>(entries));
    for (std::int64_t i = 0; i < entries; ++i) {
      out_.writeBool(what.type == VectorType::kNull || (what.nullable && (first + i) % 3 == 2));
    }
    out_.writeFieldBegin("data", thrift::T_STRUCT, 4);
    write_data(what, index, what.constant ? 0 : first, entries);
    out_.writeFieldBegin("isConstantVector", thrift::T_BOOL, 5);
    out_.writeBool(what.constant);
    out_.writeFieldStop();
  }

  void write_data(const Column& what, std::int64_t index, std::int64_t first, std::int64_t entries) {
    const TType type = thrift_type(what.type);
    const bool flat = !what.constant && what.type != VectorType::kNull;
    out_.writeFieldBegin("", thrift::T_STRUCT, data_field(what.type, what.constant));
    out_.writeFieldBegin("data", flat ? thrift::T_LIST : type, 1);
    if (flat) out_.writeListBegin(type, static_cast<std::uint32_t>(entries));
    for (std::int64_t i = 0; i < (flat ? entries : 1); ++i) write_value(what, index, first + i);
    if (what.type == VectorType::kTimestampTz) {
      out_.writeFieldBegin("zoneData", thrift::T_LIST, 2);
      out_.writeListBegin(thrift::T_STRING, static_cast<std::uint32_t>(entries));
      for (std::int64_t i = 0; i < entries; ++i) out_.writeString(std::string("+05:30"));
    } else if (what.type == VectorType::kDecimal128) {
      out_.writeFieldBegin("scale", thrift::T_I32, 2);
      out_.writeI32(kDecimalScale);
    }
    out_.writeFieldStop();
    out_.writeFieldStop();
  }

  void write_value(const Column& what, std::int64_t index, std::int64_t row) {
    const std::uint64_t hash = cell(seed_, row, index);
    const auto positive = static_cast<std::int64_t>(hash >> 1);
    switch (what.type) {
      case VectorType::kBoolean:
        out_.writeBool((hash & 1) != 0);
        break;
      case VectorType::kInteger:
        out_.writeI32(static_cast<std::int32_t>(positive & 0x7fffffff));
        break;
      case VectorType::kLong:
        out_.writeI64(index == 1 ? row : positive);
        break;
      case VectorType::kDouble:
        out_.writeDouble(static_cast<double>(positive % 1'000'000) / 8);
        break;
      case VectorType::kFloat:
        out_.writeDouble(static_cast<double>(positive % 65'536) / 4);
        break;
      case VectorType::kDate:
        out_.writeI64((positive % 40'000 - 10'000) * kMicrosecondsOfDay);
        break;
      case VectorType::kDatetime:
      case VectorType::kTimestampTz:
        out_.writeI64(positive % 4'000'000'000'000'000 - 1'000'000'000'000'000);
        break;
      case VectorType::kDecimal128:
        out_.writeBinary(decimal_bytes(static_cast<std::int64_t>(hash)));
        break;
      case VectorType::kNull:
        out_.writeByte(0);
        break;
      default:
        out_.writeBinary(text(what.type, row, hash));
    }
  }

  std::string text(VectorType type, std::int64_t row, std::uint64_t hash) const {
    const std::string number = std::to_string(hash % 1000);
    switch (type) {
      case VectorType::kArray:
        return "[" + number + "," + std::to_string(row) + "]";
      case VectorType::kMap:
        return "{\"k\":" + number + "}";
      case VectorType::kStruct:
        return "{\"n\":" + number + ",\"row\":" + std::to_string(row) + "}";
      case VectorType::kBinary:
        return decimal_bytes(static_cast<std::int64_t>(hash)).substr(8);
      default:
        return prefix_ + std::to_string(row);
    }
  }

  const Query& query_;
  const std::uint64_t seed_;
  const std::string prefix_;
  std::shared_ptr<TMemoryBuffer> buffer_ = std::make_shared<TMemoryBuffer>();
  TBinaryProtocol out_{buffer_};
};

}  // namespace

std::string encode_batch(const Query& query, std::int64_t first, std::int64_t rows) {
  return BatchWriter(query).write(first, rows);
}

std::string encode_end(const Query& query) {
  return query.hints.end_as_chunk ? BatchWriter(query).write(0, 0) : std::string();
}

}  // namespace e6::sim
