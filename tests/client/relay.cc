#include "relay.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace e6::client::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The kernel throws away what arrives, before TCP sees it.
void drop_what_arrives(int fd) {
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    throw std::runtime_error("no socket filter");
}

}  // namespace

struct Relay::Inside {
  struct Pair {
    int client;
    int engine;
    bool held = false;
  };
  sockaddr_in engine{};
  int listener = -1;
  int wake = -1;
  std::mutex mutex;  // pairs
  std::vector<Pair> pairs;
  std::atomic<int> connections{0};
  std::atomic<bool> ending{false};
  std::thread thread;

  // False once one of the ends is closed.
  static bool carry(int from, int to) {
    char bytes[65536];
    const ssize_t got = ::recv(from, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got <= 0) return false;
    for (ssize_t sent = 0; sent < got;) {
      const ssize_t more =
          ::send(to, bytes + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
      if (more <= 0) return false;
      sent += more;
    }
    return true;
  }
  void accept_one() {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(to, reinterpret_cast<const sockaddr*>(&engine), sizeof engine) != 0) {
      ::close(client);
      ::close(to);
      return;
    }
    ++connections;
    pairs.push_back({client, to});
  }
  void run() {
    while (!ending) {
      std::vector<pollfd> ready{{wake, POLLIN, 0}, {listener, POLLIN, 0}};
      {
        const std::lock_guard guard(mutex);
        for (const Pair& pair : pairs) {
          ready.push_back({pair.held ? -1 : pair.client, POLLIN, 0});
          ready.push_back({pair.held ? -1 : pair.engine, POLLIN, 0});
        }
      }
      (void)::poll(ready.data(), ready.size(), -1);
      const std::lock_guard guard(mutex);
      std::uint64_t count = 0;
      if (ready[0].revents != 0) (void)!::read(wake, &count, sizeof count);
      for (std::size_t i = 0, at = 2; at + 1 < ready.size(); at += 2) {
        Pair& pair = pairs[i];
        const bool open =
            pair.held || ((ready[at].revents == 0 || carry(pair.client, pair.engine)) &&
                          (ready[at + 1].revents == 0 || carry(pair.engine, pair.client)));
        if (open) {
          ++i;
          continue;
        }
        ::close(pair.client);
        ::close(pair.engine);
        pairs.erase(pairs.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (ready[1].revents != 0) accept_one();
    }
  }
  void hold(bool swallow) {
    const std::lock_guard guard(mutex);
    for (Pair& pair : pairs) {
      pair.held = true;
      if (swallow) drop_what_arrives(pair.client);
    }
    wake_up();
  }
  void wake_up() const {
    const std::uint64_t one = 1;
    (void)!::write(wake, &one, sizeof one);
  }
};

Relay::Relay(const std::string& target) : inside_(std::make_unique<Inside>()) {
  inside_->engine = loopback(std::stoi(target.substr(target.rfind(':') + 1)));
  inside_->wake = ::eventfd(0, EFD_CLOEXEC);
  inside_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own = loopback(0);
  socklen_t size = sizeof own;
  if (::bind(inside_->listener, reinterpret_cast<const sockaddr*>(&own), size) != 0 ||
      ::listen(inside_->listener, 64) != 0 ||
      ::getsockname(inside_->listener, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    throw std::runtime_error("the relay cannot listen");
  target_ = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
  inside_->thread = std::thread([this] { inside_->run(); });
}

Relay::~Relay() {
  inside_->ending = true;
  inside_->wake_up();
  inside_->thread.join();
  for (const Inside::Pair& pair : inside_->pairs) {
    ::close(pair.client);
    ::close(pair.engine);
  }
  ::close(inside_->listener);
  ::close(inside_->wake);
}

void Relay::hold() {
  inside_->hold(false);
}

void Relay::swallow() {
  inside_->hold(true);
}

int Relay::connections() const {
  return inside_->connections;
}

}  // namespace e6::client::test
