#include "channels_scene.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace e6::client::test {

int ChannelsScene::connections() {
  const std::string target = engine().target();
  std::ostringstream hex;
  hex << std::uppercase << std::hex << std::stoi(target.substr(target.rfind(':') + 1));
  const std::string port = ":" + std::string(4 - std::min<std::size_t>(4, hex.str().size()), '0') + hex.str();
  int count = 0;
  for (const char* name : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {  // gRPC prefers mapped addresses
    std::ifstream table(name);
    for (std::string line; std::getline(table, line);) {
      std::istringstream words(line);
      std::string slot, local, remote, state;
      words >> slot >> local >> remote >> state;
      if (state == "01" && remote.ends_with(port)) ++count;
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
