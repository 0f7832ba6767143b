// Connects to an engine by its name, in a network of this process alone, where the program says
// what names mean. Prints what came of it. Usage: client_name_probe directory
// move|no-name-server
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "e6/client/connection.h"
#include "e6/sim/engine.h"

namespace {

using Clock = std::chrono::steady_clock;
using e6::client::Connection;
using e6::client::ConnectionOptions;
using e6::sim::Engine;
using e6::sim::EngineOptions;

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

[[noreturn]] void skip(const char* what) {
  say("skip: " + std::string(what) + ": " + std::strerror(errno));
  std::exit(0);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
}

// The names of this process are what the two files say, and its only network is the loopback
// device.
void enter_own_network(const std::string& hosts, const std::string& servers) {
  const std::string uid = std::to_string(::getuid());
  const std::string gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) skip("no namespaces");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + uid + " 1\n");
  write_file("/proc/self/gid_map", "0 " + gid + " 1\n");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) skip("mounts stay shared");
  if (::mount(hosts.c_str(), "/etc/hosts", nullptr, MS_BIND, nullptr) != 0) skip("/etc/hosts");
  if (::mount(servers.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0)
    skip("/etc/resolv.conf");
  const int any = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(any, SIOCSIFFLAGS, &loopback) != 0) skip("no loopback device");
  ::close(any);
}

std::unique_ptr<Engine> engine_at(const std::string& address) {
  EngineOptions options;
  options.listen = address;
  std::string error;
  auto engine = Engine::start(options, error);
  if (engine == nullptr) say(error);
  return engine;
}

ConnectionOptions options_for(int port, const std::string& directory) {
  ConnectionOptions options;
  options.host = "engine.test";
  options.port = port;
  options.user = "demo@e6data.com";
  options.password = "demo";
  options.shared.directory = directory;
  options.max_retry_attempts = 100;
  return options;
}

void move(const std::string& hosts, const std::string& directory) {
  write_file(hosts, "127.0.0.2 engine.test\n");
  auto first = engine_at("127.0.0.2:0");
  const int port = first->port();
  Connection connection(options_for(port, directory));
  connection.connect();
  say("reached the first engine");
  first.reset();
  write_file(hosts, "127.0.0.3 engine.test\n");
  const auto second = engine_at("127.0.0.3:" + std::to_string(port));
  (void)connection.schemas();
  say("reached the second engine");
}

void no_name_server(const std::string& directory) {
  const int server = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);  // never read
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  ::inet_pton(AF_INET, "127.0.0.9", &address.sin_addr);
  if (::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    skip("port 53");
  ConnectionOptions options = options_for(50051, directory);
  options.connect_timeout = std::chrono::seconds(2);
  options.operation_timeout = std::chrono::seconds(50);
  const auto start = Clock::now();
  try {
    Connection connection(options);
    connection.connect();
  } catch (const e6::client::Error& error) {
    const bool in_time = Clock::now() - start < std::chrono::seconds(14);
    say((in_time ? "in time: " : "late: ") + std::string(error.what()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string directory = argv[1];
  const std::string what = argv[2];
  const std::string hosts = directory + "/hosts";
  const std::string servers = directory + "/resolv.conf";
  write_file(hosts, "");
  // Nothing but the file of hosts shall answer. Both names of each option, for any version of
  // c-ares.
  write_file(servers, "nameserver 127.0.0.9\noptions " +
                          std::string(what == "move" ? "timeout:1 attempts:1 retrans:1 retry:1\n"
                                                     : "timeout:30 retrans:30\n"));
  enter_own_network(hosts, servers);
  try {
    if (what == "move") move(hosts, directory);
    if (what == "no-name-server") no_name_server(directory);
  } catch (const std::exception& error) {
    say(error.what());
  }
  return 0;
}
