// Addresses behind which nothing answers.
#pragma once

#include <string>

namespace e6::client::test {

/// A TCP port of the loopback device on which no connection is ever served.
class DeafListener {
 public:
  enum class Kind {
    kNoConnection,  ///< the first packet of a connection vanishes, as at an address that nobody has
    kSilent,        ///< connections come about, and nothing is ever read from them or written
  };
  explicit DeafListener(Kind kind);
  ~DeafListener();
  DeafListener(const DeafListener&) = delete;
  DeafListener& operator=(const DeafListener&) = delete;
  [[nodiscard]] std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_ = -1;
  int port_ = 0;
};

}  // namespace e6::client::test
