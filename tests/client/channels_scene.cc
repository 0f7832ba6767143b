#include "channels_scene.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace e6::client::test {

namespace {

/// The inodes of this process's sockets, as /proc/net writes them. The table there is of the whole machine, and a client of another test may be trying a port that
/// was its engine's and is ours now.
std::set<std::string> own_sockets() {
  constexpr std::string_view kSocket = "socket:[";
  std::set<std::string> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string leads_to = std::filesystem::read_symlink(entry.path(), error).string();
    if (leads_to.starts_with(kSocket)) all.insert(leads_to.substr(kSocket.size(), leads_to.size() - kSocket.size() - 1));
  }
  return all;
}

}  // namespace

int ChannelsScene::connections() {
  const std::set<std::string> own = own_sockets();
  const std::string target = engine().target();
  std::ostringstream hex;
  hex << std::uppercase << std::hex << std::stoi(target.substr(target.rfind(':') + 1));
  const std::string port = ":" + std::string(4 - std::min<std::size_t>(4, hex.str().size()), '0') + hex.str();
  int count = 0;
  for (const char* name : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {  // gRPC prefers mapped addresses
    std::ifstream table(name);
    for (std::string line; std::getline(table, line);) {
      std::istringstream words(line);
      std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
      words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
      if (state == "01" && remote.ends_with(port) && own.contains(inode)) ++count;
    }
  }
  return count;
}

bool ChannelsScene::comes_to(int wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (connections() != wanted) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace e6::client::test
