// Which process a call comes from.
#pragma once

#include <grpcpp/server_context.h>

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace e6::sim {

// `pid=123` anywhere in a user-agent; 0 when there is none.
int pid_in_user_agent(std::string_view user_agent);

// Thread-safe.
class PeerPids {
 public:
  explicit PeerPids(int own_port) : own_port_(own_port) {}

  // From the user-agent, else looked up once per peer in /proc (which only shows processes of this host that
  // this one may look into), else 0.
  int find(const grpc::CallbackServerContext& context);
  void set_own_port(int port) { own_port_ = port; }

 private:
  int own_port_;
  std::mutex mutex_;
  std::unordered_map<std::string, int> known_;
};

}  // namespace e6::sim
