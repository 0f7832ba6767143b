// A server that knows no .proto: it records what arrives, and answers with bytes that a test wrote by hand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace grpc {
class ServerCredentials;
}  // namespace grpc

namespace e6::client::test {

/// Protobuf's wire format, written by hand.
class Wire {
 public:
  Wire& text(int field, std::string_view value);
  Wire& number(int field, std::uint64_t value);
  Wire& zigzag(int field, std::int64_t value) {
    return number(field, static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63));
  }
  Wire& message(int field, const Wire& value) { return text(field, value.bytes_); }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  operator std::string() const { return bytes_; }  // NOLINT: a message is its bytes

 private:
  void varint(std::uint64_t value);
  std::string bytes_;
};

struct RawCall {
  std::string path;  ///< "/QueryEngineService/authenticate"
  std::multimap<std::string, std::string> metadata;
  std::string request;

  /// The one value under `key`, empty if there is none.
  [[nodiscard]] std::string header(const std::string& key) const;
  /// What protoc says that the request's bytes are, without any .proto.
  [[nodiscard]] std::string decoded() const;
};

class RawEngine {
 public:
  struct Answer {
    int code = 0;
    std::string details;
    std::string response;
  };
  /// Called for each call, from any thread.
  /// `address` is one of the loopback device. Throws std::runtime_error if it cannot be listened
  /// on.
  explicit RawEngine(std::function<Answer(const RawCall& call)> answer,
                     std::shared_ptr<grpc::ServerCredentials> credentials = nullptr,
                     const std::string& address = "127.0.0.1");
  ~RawEngine();
  RawEngine(const RawEngine&) = delete;
  RawEngine& operator=(const RawEngine&) = delete;

  [[nodiscard]] std::string target() const;
  /// What has arrived since the last time, in order.
  [[nodiscard]] std::vector<RawCall> take();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace e6::client::test
