// A pre-forking server: a line with a statement comes in, a line with the number of its rows goes out.
// prefork_server <engine's host:port> [workers]; prints where it listens, ends with SIGTERM.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>

#include "e6/client/connection.h"

namespace {

std::string answer(e6::client::Connection& connection, const std::string& sql) {
  try {
    e6::client::Cursor cursor = connection.cursor();
    cursor.execute(sql);
    const std::string colour(e6::to_string(cursor.strategy()));
    std::uint64_t rows = 0;
    while (const auto batch = cursor.fetch()) rows += batch->size();
    return "ok " + std::to_string(rows) + " rows, " + colour + ", worker " + std::to_string(::getpid()) + "\n";
  } catch (const e6::client::Error& error) {
    return "error " + std::string(error.what()) + "\n";
  }
}

// In a worker: one visitor at a time, for ever. The first statement is where gRPC begins in this process.
[[noreturn]] void serve(int listener, e6::client::Connection& connection) {
  for (;;) {
    const int visitor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (visitor < 0) continue;
    std::string text;
    char bytes[4096];
    for (ssize_t got = 0; (got = ::read(visitor, bytes, sizeof(bytes))) > 0;) {
      text.append(bytes, static_cast<std::size_t>(got));
      for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
        const std::string line = answer(connection, text.substr(0, end));
        if (::send(visitor, line.data(), line.size(), MSG_NOSIGNAL) < 0) break;
      }
    }
    ::close(visitor);
  }
}

int listen_on_loopback() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("cannot listen on the loopback device");
  std::cout << "listening on 127.0.0.1:" << ntohs(address.sin_port) << std::endl;
  return listener;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string target = argc > 1 ? argv[1] : "127.0.0.1:50051";
  const std::size_t workers = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 4;
  auto options = e6::client::ConnectionOptions::from_environment();
  options.host = target.substr(0, target.rfind(':'));
  options.port = std::atoi(target.substr(target.rfind(':') + 1).c_str());
  options.user = "demo@e6data.com";
  options.password = "demo";

  // The master checks the options and attaches to the host's knowledge. It never makes a call, not even connect(): with gRPC
  // alive in it, everything that it forked afterwards would get a ForkError. So it may fork at any time, as here when one dies.
  e6::client::Connection connection(options);
  const int listener = listen_on_loopback();
  const pid_t master = ::getpid();

  sigset_t awaited;
  sigset_t before;
  ::sigemptyset(&awaited);
  for (const int each : {SIGTERM, SIGINT, SIGCHLD}) ::sigaddset(&awaited, each);
  ::sigprocmask(SIG_BLOCK, &awaited, &before);
  std::set<pid_t> running;
  for (int got = SIGCHLD; got == SIGCHLD; ::sigwait(&awaited, &got)) {
    for (pid_t gone = 0; (gone = ::waitpid(-1, nullptr, WNOHANG)) > 0;) running.erase(gone);
    while (running.size() < workers) {
      const pid_t child = ::fork();
      if (child < 0) throw std::runtime_error("cannot fork");
      if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // no worker outlives its master
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        if (::getppid() != master) ::_exit(1);
        serve(listener, connection);
      }
      running.insert(child);
    }
  }
  for (const pid_t each : running) ::kill(each, SIGTERM);
  for (const pid_t each : running) ::waitpid(each, nullptr, 0);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
