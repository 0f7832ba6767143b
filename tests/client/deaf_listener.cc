#include "deaf_listener.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace e6::client::test {

DeafListener::DeafListener(Kind kind) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&own), size) != 0 || ::listen(fd_, 64) != 0 ||
      ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    throw std::runtime_error("cannot listen");
  port_ = ntohs(own.sin_port);
  if (kind != Kind::kNoConnection) return;
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  if (::setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw std::runtime_error("no socket filter");
}

DeafListener::~DeafListener() {
  ::close(fd_);
}

}  // namespace e6::client::test
