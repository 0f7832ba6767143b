#include "rpc/peer_pid.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace e6::sim {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostPeers = 20'000;

int to_int(std::string_view text, int base = 10) {
  int value = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  static_cast<void>(rest);
  return failure == std::errc() ? value : 0;
}

// The port behind the last colon of ADDRESS:PORT in hexadecimal, as /proc/net/tcp writes it.
int hex_port(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  return colon == std::string::npos ? 0 : to_int(std::string_view(address).substr(colon + 1), 16);
}

// The inode of the client's end of a connection on this host; empty when there is none.
std::string socket_inode(const char* table, int client_port, int server_port) {
  std::ifstream lines(table);
  std::string line;
  std::getline(lines, line);  // the heading
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string number, local, remote, skipped, inode;
    fields >> number >> local >> remote;
    for (int i = 0; i < 6; ++i) fields >> skipped;
    fields >> inode;
    if (hex_port(local) == client_port && hex_port(remote) == server_port) return inode;
  }
  return {};
}

int owner_of(const std::string& inode) {
  const std::string wanted = "socket:[" + inode + "]";
  std::error_code failure;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", failure)) {
    const int pid = to_int(process.path().filename().string());
    if (pid == 0) continue;
    std::error_code closed;  // another user's process, or one that has just ended
    for (fs::directory_iterator fd(process.path() / "fd", closed), end; !closed && fd != end;
         fd.increment(closed)) {
      std::error_code unread;
      if (fs::read_symlink(fd->path(), unread).string() == wanted) return pid;
    }
  }
  return 0;
}

int look_up(const std::string& peer, int own_port) {
  const std::size_t colon = peer.rfind(':');
  if (colon == std::string::npos) return 0;
  const int port = to_int(std::string_view(peer).substr(colon + 1));
  if (port == 0) return 0;
  // Also an IPv4 peer may be in the IPv6 table: gRPC connects through sockets of both families.
  for (const char* table : {"/proc/net/tcp6", "/proc/net/tcp"}) {
    const std::string inode = socket_inode(table, port, own_port);
    if (!inode.empty() && inode != "0") return owner_of(inode);
  }
  return 0;
}

}  // namespace

int pid_in_user_agent(std::string_view user_agent) {
  constexpr std::string_view key = "pid=";
  const std::size_t at = user_agent.find(key);
  return at == std::string_view::npos ? 0 : to_int(user_agent.substr(at + key.size()));
}

int PeerPids::find(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  if (const auto agent = metadata.find("user-agent"); agent != metadata.end()) {
    const int pid = pid_in_user_agent({agent->second.data(), agent->second.size()});
    if (pid > 0) return pid;
  }
  const std::string peer = context.peer();
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(peer); found != known_.end()) return found->second;
  }
  // Outside the lock: it reads thousands of small files. Two calls of a new peer may both do it.
  const int pid = look_up(peer, own_port_);
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMostPeers) known_.clear();
  known_[peer] = pid;
  return pid;
}

}  // namespace e6::sim
