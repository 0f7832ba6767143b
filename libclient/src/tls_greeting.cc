// A plaintext channel to a listener that speaks TLS fails like one to a server that is shutting down. Whether it is the
// former, a greeting tells for certain.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "descriptor.h"
#include "tls_trouble.h"

namespace e6::client {
namespace {

// A ClientHello of TLS 1.2 with what every server of today can choose from; its random bytes are zero, for nothing is
// ever encrypted. Anything that speaks TLS answers it with a handshake record or an alert.
constexpr std::array<unsigned char, 82> kGreeting{
    0x16, 0x03, 0x01, 0x00, 77,                                         // handshake record, 77 bytes
    0x01, 0x00, 0x00, 73,   0x03, 0x03,                                 // ClientHello, 73 bytes, TLS 1.2
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0,   // 32 random bytes
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0,   //
    0,    0,    0,    0,    0,    0,    0,    0,                        //
    0x00,                                                               // no session
    0x00, 8,    0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x30, 0x00, 0x9c,         // four cipher suites
    0x01, 0x00,                                                         // no compression
    0x00, 24,                                                           // extensions:
    0x00, 0x0a, 0x00, 6,    0x00, 4,    0x00, 0x1d, 0x00, 0x17,         //   groups x25519, secp256r1
    0x00, 0x0d, 0x00, 10,   0x00, 8,    0x04, 0x03, 0x08, 0x04, 0x04, 0x01, 0x05, 0x03};  // signatures

// "ipv4:127.0.0.1:80" or "ipv6:%5B::1%5D:80", anywhere in `details`.
bool address_in(std::string_view details, sockaddr_storage& out, socklen_t& size) noexcept {
  const std::size_t at = std::min(details.find("ipv4:"), details.find("ipv6:"));
  if (at == std::string_view::npos) return false;
  const bool v6 = details[at + 3] == '6';
  std::string_view rest = details.substr(at + 5);
  std::string_view host;
  if (v6) {
    const bool encoded = rest.starts_with("%5B");
    if (!encoded && !rest.starts_with('[')) return false;
    rest.remove_prefix(encoded ? 3 : 1);
    const std::string_view end = encoded ? "%5D" : "]";
    const std::size_t close = rest.find(end);
    if (close == std::string_view::npos) return false;
    host = rest.substr(0, close);
    rest.remove_prefix(close + end.size());
  } else {
    host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(host.size());
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.size() >= text.size() || !rest.starts_with(':')) return false;
  std::memcpy(text.data(), host.data(), host.size());
  std::uint16_t port = 0;
  if (std::from_chars(rest.data() + 1, rest.data() + rest.size(), port).ec != std::errc{}) return false;
  out = {};
  if (v6) {
    auto& six = reinterpret_cast<sockaddr_in6&>(out);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    size = sizeof(six);
    return ::inet_pton(AF_INET6, text.data(), &six.sin6_addr) == 1;
  }
  auto& four = reinterpret_cast<sockaddr_in&>(out);
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  size = sizeof(four);
  return ::inet_pton(AF_INET, text.data(), &four.sin_addr) == 1;
}

}  // namespace

bool speaks_tls(std::string_view details, std::chrono::milliseconds patience) noexcept {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + patience;
  sockaddr_storage address{};
  socklen_t size = 0;
  if (!address_in(details, address, size)) return false;
  const Descriptor socket(
      ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return false;
  const auto ready = [&](short events) {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      pollfd one{socket.get(), events, 0};
      const int count = ::poll(&one, 1, static_cast<int>(left));
      if (count < 0 && errno == EINTR) continue;
      return count > 0;
    }
  };
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 &&
      (errno != EINPROGRESS || !ready(POLLOUT)))
    return false;
  if (::send(socket.get(), kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(kGreeting.size()) ||
      !ready(POLLIN))
    return false;
  std::array<unsigned char, 2> head{};
  const ssize_t got = ::recv(socket.get(), head.data(), head.size(), 0);
  return got == 2 && (head[0] == 0x16 || head[0] == 0x15) && head[1] == 0x03;  // a handshake record, or an alert
}

}  // namespace e6::client
