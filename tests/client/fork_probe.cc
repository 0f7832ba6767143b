// Forks at a chosen moment of a connection's life and says what its children could do. Prints one line per
// child: "ok", "ForkError: ..." or another error. Usage: client_fork_probe host port directory case
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "e6/client/connection.h"
#include "e6/client/pool.h"

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

// The parent's lock is taken as often as possible while it forks, and one of its connections is in use.
void pool(const e6::client::ConnectionOptions& options) {
  e6::client::ConnectionPool pool(options, {.min_size = 2, .max_size = 2, .max_overflow = 0});
  e6::client::PooledConnection held = pool.checkout();
  std::vector<std::jthread> busy;
  for (int i = 0; i < 3; ++i) {
    busy.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) (void)pool.checkout();
    });
  }
  in_children(20, [&] {
    ::alarm(20);
    try {
      const auto fresh = pool.statistics();
      if (fresh.in_use + fresh.idle + fresh.waiting + fresh.created != 0) return say("the child's pool is not empty");
      held.give_back();
      if (pool.statistics().idle != 0) return say("the child's pool got its parent's connection");
      const e6::client::PooledConnection own = pool.checkout();
      if (pool.statistics().created == 0) return say("the child uses its parent's connection");
      say(attempt(*own));
    } catch (const std::exception& error) {
      say(std::string("error: ") + error.what());
    }
  });
  busy.clear();
  const auto after = pool.statistics();
  if (after.in_use != 1 || after.idle != 1 || after.created != 2) say("the parent's pool has changed");
  say(attempt(*held));
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
  } else if (what == "closed-in-child") {
    auto connection = std::make_unique<Connection>(options);
    connection->set_properties("a=1");
    run(*connection);
    in_children(2, [&] {
      ::alarm(20);
      connection->reset_properties();
      connection->close();
      connection = nullptr;
      say("closed");
    });
    say("parent " + attempt(*connection));
    say("sessions " + std::to_string(connection->statistics().authentications));
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
  } else if (what == "pool") {
    pool(options);
  } else {
    return 2;
  }
  return 0;
}
