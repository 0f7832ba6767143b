// Forks at a chosen moment of a connection's life and says what its children could do. Prints one line per
// child: "ok", "ForkError: ..." or another error. Usage: client_fork_probe host port directory case
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "e6/client/connection.h"

namespace {

using e6::client::Connection;
using e6::client::Cursor;

void run(Connection& connection) {
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=2 batches=2 */");
  while (cursor.fetch_batch()) {
  }
  cursor.clear();
}

std::string attempt(Connection& connection) {
  try {
    run(connection);
    return "ok";
  } catch (const e6::client::ForkError& error) {
    return std::string("ForkError: ") + error.what();
  } catch (const std::exception& error) {
    return std::string("error: ") + error.what();
  }
}

void say(const std::string& line) {
  const std::string whole = line + "\n";
  if (::write(STDOUT_FILENO, whole.data(), whole.size()) < 0) std::abort();
}

template <class F>
void in_children(int children, F&& body) {
  std::vector<pid_t> pids;
  for (int i = 0; i < children; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      body();
      ::_exit(0);
    }
    pids.push_back(pid);
  }
  for (const pid_t pid : pids) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0) say("child ended with " + std::to_string(status));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  ::alarm(30);  // a hang is a failure, and leaves nothing behind
  e6::client::ConnectionOptions options;
  options.host = argv[1];
  options.port = std::atoi(argv[2]);
  options.user = "demo@e6data.com";
  options.password = "demo";
  options.shared.directory = argv[3];
  const std::string what = argv[4];

  if (what == "configured") {
    Connection connection(options);
    in_children(8, [&] {
      ::alarm(20);
      say(attempt(connection));
    });
    say(attempt(connection));  // the parent's first use comes after the fork
  } else if (what == "used") {
    Connection connection(options);
    run(connection);
    in_children(2, [&] {
      ::alarm(20);
      say(attempt(connection));
      Connection fresh(options);
      say(attempt(fresh));
    });
    say("parent " + attempt(connection));
  } else if (what == "open-query") {
    Connection connection(options);
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* rows=2 batches=2 */");
    in_children(1, [&] {
      ::alarm(20);
      try {
        (void)cursor.fetch_batch();
        say("fetched");
      } catch (const e6::client::ForkError&) {
        say("ForkError");
      }
      const Cursor taken = std::move(cursor);  // its end must not touch the parent's query
    });
    say(cursor.fetch_batch() ? "parent fetched" : "parent lost it");
    cursor.clear();
  } else if (what == "closed") {
    {
      Connection connection(options);
      run(connection);
    }
    Connection connection(options);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // gRPC shuts down behind its last channel
    in_children(2, [&] {
      ::alarm(20);
      say(attempt(connection));
    });
  } else {
    return 2;
  }
  return 0;
}
