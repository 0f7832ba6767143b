// An engine that answers every call at once with bytes made beforehand, in a process of its own.
#pragma once

#include <sys/types.h>

namespace e6::bench {

class RawServer {
 public:
  /// Forks; call it before this process uses gRPC. Ends the process with a message if that fails.
  RawServer();
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace e6::bench
