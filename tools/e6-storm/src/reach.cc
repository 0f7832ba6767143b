#include "reach.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace e6::storm {
namespace {

// 0 or an errno.
int connect_to(const addrinfo& address, std::chrono::milliseconds patience) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int failure = ::connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (failure == EINPROGRESS) {
    pollfd wait{fd, POLLOUT, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(patience.count()));
    failure = ready == 0 ? ETIMEDOUT : ready < 0 ? errno : 0;
    socklen_t size = sizeof failure;
    if (ready > 0 && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) failure = errno;
  }
  ::close(fd);
  return failure;
}

}  // namespace

std::string try_to_reach(const std::string& host, int port, std::chrono::milliseconds patience) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string target = host + ":" + std::to_string(port);
  const int unknown = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (unknown != 0)
    return "cannot find the host of --target " + target + ": " + ::gai_strerror(unknown) + "; check its name";
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  int failure = 0;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int failed = connect_to(*each, patience);
    if (failed == 0) return {};
    failure = failed;
  }
  return "cannot reach an engine at --target " + target + ": " + std::strerror(failure) +
         "; is it running, and is this its address?";
}

}  // namespace e6::storm
