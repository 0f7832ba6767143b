#include "result_check.h"

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include <algorithm>
#include <exception>
#include <memory>

namespace e6::storm {
namespace {

namespace thrift = apache::thrift::protocol;
using apache::thrift::transport::TMemoryBuffer;

// Numbers of the wire: the fields on the way from a chunk to the strings of its first vector.
constexpr std::int16_t kVectors = 2;
constexpr std::int16_t kData = 4;
constexpr std::int16_t kVarchars = 7;
constexpr std::int16_t kValues = 1;

class SourceReader {
 public:
  SourceReader(const std::string& batch, Strategy strategy, std::string_view query_id)
      : own_(std::string(to_string(strategy)) + "/" + std::string(query_id) + "/"),
        // The protocol only reads; TMemoryBuffer has no const constructor.
        buffer_(std::make_shared<TMemoryBuffer>(
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(batch.data())),
            static_cast<std::uint32_t>(batch.size()))),
        in_(buffer_) {}

  RowCheck read() {
    if (!go_to(kVectors, thrift::T_LIST)) return check_;
    thrift::TType type{};
    std::uint32_t vectors = 0;
    in_.readListBegin(type, vectors);
    if (type != thrift::T_STRUCT || vectors == 0) return check_;
    if (!go_to(kData, thrift::T_STRUCT) || !go_to(kVarchars, thrift::T_STRUCT) || !go_to(kValues, thrift::T_LIST))
      return check_;
    std::uint32_t rows = 0;
    in_.readListBegin(type, rows);
    if (type != thrift::T_STRING) return check_;
    std::string value;
    for (std::uint32_t row = 0; row < rows; ++row) {
      in_.readBinary(value);
      judge(value);
    }
    return check_;
  }

 private:
  // Skips the fields of a struct up to this one.
  bool go_to(std::int16_t wanted, thrift::TType wanted_type) {
    std::string name;
    for (;;) {
      thrift::TType type{};
      std::int16_t id = 0;
      in_.readFieldBegin(name, type, id);
      if (type == thrift::T_STOP) return false;
      if (id == wanted && type == wanted_type) return true;
      in_.skip(type);
    }
  }

  void judge(std::string_view value) {
    const bool names_source = (value.starts_with("blue/") || value.starts_with("green/")) &&
                              std::count(value.begin(), value.end(), '/') == 2;
    if (!names_source) return;
    ++check_.checked;
    if (!value.starts_with(own_)) ++check_.wrong;
  }

  std::string own_;
  std::shared_ptr<TMemoryBuffer> buffer_;
  thrift::TBinaryProtocol in_;
  RowCheck check_;
};

}  // namespace

RowCheck check_rows(const std::string& batch, Strategy strategy, std::string_view query_id) {
  try {
    return SourceReader(batch, strategy, query_id).read();
  } catch (const std::exception&) {
    RowCheck unreadable;
    unreadable.malformed = true;
    return unreadable;
  }
}

}  // namespace e6::storm
