// Eight threads that share a pool of four connections: pool <host:port>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "e6/client/pool.h"

int main(int argc, char** argv) {
  const std::string target = argc > 1 ? argv[1] : "127.0.0.1:50051";
  try {
    auto options = e6::client::ConnectionOptions::from_environment();
    options.host = target.substr(0, target.rfind(':'));
    options.port = std::atoi(target.substr(target.rfind(':') + 1).c_str());
    options.user = "demo@e6data.com";
    options.password = "demo";

    e6::client::ConnectionPool pool(options, {.max_size = 4, .max_overflow = 0});
    std::atomic<int> rows{0};
    const auto work = [&] {
      for (int i = 0; i < 25; ++i) {
        try {
          const e6::client::PooledConnection connection = pool.checkout({.timeout = std::chrono::seconds(5)});
          e6::client::Cursor cursor = connection->cursor();
          cursor.execute("select 1 /* rows=10 */");
          for (const e6::client::Row row : cursor.rows()) rows += row.size() > 0 ? 1 : 0;
        } catch (const e6::client::Error& error) {
          std::cerr << error.what() << '\n';
        }
      }
    };
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 8; ++i) threads.emplace_back(work);
    }
    const e6::client::PoolStatistics did = pool.statistics();
    std::cout << rows << " rows through " << did.created << " connections: " << did.checkouts << " checkouts, " << did.timeouts << " time-outs\n";

    // One connection, and somebody keeps it.
    e6::client::ConnectionPool one(options, {.min_size = 0, .max_size = 1, .max_overflow = 0});
    const e6::client::PooledConnection held = one.checkout();
    try {
      (void)one.checkout({.timeout = std::chrono::milliseconds(100)});
    } catch (const e6::client::PoolTimeoutError& error) {
      std::cout << error.what() << '\n';
    }
  } catch (const e6::client::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
