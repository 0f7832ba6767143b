#include "cutting_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http2_frames.h"

namespace e6::client::test {
namespace {

constexpr std::size_t kMostWaiting = 1 << 20;  // bytes that one side may be behind the other

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    if (fd < 0) throw std::runtime_error("the cutting proxy has no socket");
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket& operator=(Socket&&) = delete;

  [[nodiscard]] int get() const { return fd_; }
  void close(bool reset = false) {
    if (fd_ < 0) return;
    const linger now{1, 0};
    if (reset) ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

sockaddr_in address_of(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(target.substr(colon + 1))));
  if (::inet_pton(AF_INET, target.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("the cutting proxy needs an IPv4 address, not " + target);
  return address;
}

const sockaddr* general(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

struct CuttingProxy::Inside {
  struct Link {
    Socket client;
    Socket engine;
    std::string to_client{}, to_engine{};
    FrameSplitter from_client{true}, from_engine{false};
    std::string resets{};  // frames for the client that wait for the end of the engine's frame
    bool swallows = false;
    bool over = false;
  };

  explicit Inside(const std::string& target)
      : engine(address_of(target)),
        listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
        wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    sockaddr_in here = address_of("127.0.0.1:0");
    socklen_t size = sizeof here;
    if (::bind(listener.get(), general(here), size) != 0 || ::listen(listener.get(), 64) != 0 ||
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&here), &size) != 0)
      throw std::runtime_error("the cutting proxy cannot listen on the loopback device");
    port = ntohs(here.sin_port);
    thread = std::thread([this] { serve(); });
  }
  ~Inside() {
    ending = true;
    rouse();
    thread.join();
  }

  void rouse() {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  }

  void serve() {
    std::vector<pollfd> waiting;
    while (!ending) {
      {
        const std::lock_guard guard(mutex);
        links.remove_if([](const Link& link) { return link.over; });
        waiting.assign({{wake.get(), POLLIN, 0}, {listener.get(), POLLIN, 0}});
        for (const Link& link : links) {
          waiting.push_back({link.client.get(), events(link.to_engine, link.to_client), 0});
          waiting.push_back({link.engine.get(), events(link.to_client, link.to_engine), 0});
        }
      }
      ::poll(waiting.data(), waiting.size(), -1);
      const std::lock_guard guard(mutex);
      std::uint64_t told = 0;
      (void)!::read(wake.get(), &told, sizeof told);
      std::size_t at = 2;
      for (Link& link : links) {
        if (at + 1 >= waiting.size()) break;
        if (!link.over && waiting[at].revents != 0) read(link, From::kClient);
        if (!link.over && waiting[at + 1].revents != 0) read(link, From::kEngine);
        if (!link.over) write(link.client, link.to_client);
        if (!link.over) write(link.engine, link.to_engine);
        at += 2;
      }
      if ((waiting[1].revents & POLLIN) != 0) accept();
    }
  }

  static short events(const std::string& arriving, const std::string& leaving) {
    const int in = arriving.size() < kMostWaiting ? POLLIN : 0;
    return static_cast<short>(in | (leaving.empty() ? 0 : POLLOUT));
  }

  void accept() {
    const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    Socket client(fd);
    if (blacked_out) return client.close(true);
    Socket there(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // The engine is on this machine: it answers at once, or is not there.
    if (::connect(there.get(), general(engine), sizeof engine) != 0) return client.close(true);
    const int on = 1;
    for (const int each : {client.get(), there.get()}) {
      ::setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::fcntl(each, F_SETFL, O_NONBLOCK);
    }
    links.push_back(Link{.client = std::move(client), .engine = std::move(there)});
  }

  void read(Link& link, From from) {
    std::array<char, 16384> buffer;
    const Socket& source = from == From::kClient ? link.client : link.engine;
    const ssize_t got = ::recv(source.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return end(link, got < 0);
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    std::size_t& counted = from == From::kClient ? from_client : from_engine;
    counted += bytes.size();
    if (from == From::kClient) recorded += bytes;
    if (link.swallows) return;
    reset_streams(link, from, bytes);
    std::string& out = from == From::kClient ? link.to_engine : link.to_client;
    if (!cut || cut->from != from || counted <= cut->bytes) {
      out += bytes;
      if (link.from_engine.at_boundary()) link.to_client += std::exchange(link.resets, {});
      return;
    }
    out += bytes.substr(0, bytes.size() - (counted - cut->bytes));
    const How how = cut->how;
    cut.reset();
    ++times_cut;
    if (how == How::kSwallow) {
      link.swallows = true;
      return;
    }
    write(link.client, link.to_client);
    write(link.engine, link.to_engine);
    end(link, how == How::kReset);
  }

  void reset_streams(Link& link, From from, std::string_view bytes) {
    if (from == From::kEngine) {
      (void)link.from_engine.feed(bytes);
      return;
    }
    for (const Frame& frame : link.from_client.feed(bytes)) {
      if (frame.type != Frame::kHeaders || resets_left == 0) continue;
      --resets_left;
      std::string code;
      for (int shift = 24; shift >= 0; shift -= 8)
        code += static_cast<char>(reset_code >> shift & 0xffU);
      link.resets += encode(Frame{Frame::kResetStream, 0, frame.stream, code});
    }
  }

  static void write(const Socket& to, std::string& bytes) {
    if (bytes.empty()) return;
    const ssize_t sent = ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) bytes.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) bytes.clear();  // its reader will notice
  }

  // The sockets are closed at once; the thread forgets the rest when nobody waits for them.
  static void end(Link& link, bool reset) {
    link.client.close(reset);
    link.engine.close(reset);
    link.over = true;
  }

  struct Cut {
    From from;
    std::size_t bytes;
    How how;
  };

  const sockaddr_in engine;
  Socket listener;
  Socket wake;
  int port = 0;
  std::atomic<bool> ending{false};

  mutable std::mutex mutex;  // everything below
  std::list<Link> links;
  std::optional<Cut> cut;
  bool blacked_out = false;
  std::size_t from_client = 0;
  std::size_t from_engine = 0;
  int times_cut = 0;
  int resets_left = 0;
  std::uint32_t reset_code = 0;
  std::string recorded;

  std::thread thread;
};

CuttingProxy::CuttingProxy(const std::string& engine) : inside_(std::make_unique<Inside>(engine)) {}
CuttingProxy::~CuttingProxy() = default;

std::string CuttingProxy::target() const {
  return "127.0.0.1:" + std::to_string(inside_->port);
}

void CuttingProxy::cut_after(From from, std::size_t bytes, How how) {
  const std::lock_guard guard(inside_->mutex);
  inside_->cut = Inside::Cut{from, bytes, how};
  inside_->from_client = inside_->from_engine = 0;
}

void CuttingProxy::reset_streams(int count, std::uint32_t error_code) {
  const std::lock_guard guard(inside_->mutex);
  inside_->resets_left = count;
  inside_->reset_code = error_code;
}

void CuttingProxy::black_out() {
  const std::lock_guard guard(inside_->mutex);
  inside_->blacked_out = true;
  for (Inside::Link& link : inside_->links) Inside::end(link, true);
  inside_->rouse();
}

void CuttingProxy::pass() {
  const std::lock_guard guard(inside_->mutex);
  inside_->blacked_out = false;
  inside_->cut.reset();
  inside_->resets_left = 0;
  for (Inside::Link& link : inside_->links) {
    if (link.swallows) Inside::end(link, true);
  }
  inside_->rouse();
}

std::size_t CuttingProxy::bytes(From from) const {
  const std::lock_guard guard(inside_->mutex);
  return from == From::kClient ? inside_->from_client : inside_->from_engine;
}

int CuttingProxy::cuts() const {
  const std::lock_guard guard(inside_->mutex);
  return inside_->times_cut;
}

std::string CuttingProxy::sent_by_clients() const {
  const std::lock_guard guard(inside_->mutex);
  return inside_->recorded;
}

}  // namespace e6::client::test
