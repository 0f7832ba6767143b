// Reads the partitions of a table in a pool of processes: etl <host:port> [workers] [partitions] [hints]
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "e6/client/connection.h"

namespace {

using e6::client::Connection;

struct Sum {
  std::uint64_t rows = 0;
  std::uint64_t nulls = 0;  // stands where a real job transforms and writes
};

// One partition, streamed: no more than one batch of it is in memory.
Sum read(e6::client::Cursor& cursor) {
  Sum sum;
  for (const e6::client::Row row : cursor.rows()) {
    for (std::size_t i = 0; i < row.size(); ++i) sum.nulls += row[i].is_null() ? 1U : 0U;
    ++sum.rows;
  }
  return sum;
}

void load(Connection& connection, int partition, const std::string& hints) {
  const std::string sql = "select * from sales where part = " + std::to_string(partition) + " /* " + hints + " */";
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    try {
      e6::client::Cursor cursor = connection.cursor();
      cursor.execute(sql);
      const std::string colour(e6::to_string(cursor.strategy()));
      const Sum sum = read(cursor);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      // One write per line, so that the lines of several processes do not mix.
      char line[160];
      const int size = std::snprintf(line, sizeof(line), "pid %d  partition %2d  %-5s  %8llu rows  %5.2f s  %9.0f rows/s\n", ::getpid(), partition,
                                     colour.c_str(), static_cast<unsigned long long>(sum.rows), took.count(),
                                     static_cast<double>(sum.rows) / took.count());
      if (::write(STDOUT_FILENO, line, static_cast<std::size_t>(size)) != size) throw std::runtime_error("cannot write");
      return;
    } catch (const e6::client::QueryLostError& lost) {
      // An abrupt switch took the colour away with the query on it. What was read of the partition is dropped, and it is
      // read again: right for a job that writes a partition as a whole.
      if (attempt == kAttempts) throw;
      std::cerr << "partition " << partition << " again: " << lost.what() << '\n';
    }
  }
}

// In a child. Its status is the pool's: 0 only if every partition is there.
int work(Connection& connection, int first, int step, int partitions, const std::string& hints) {
  try {
    for (int partition = first; partition < partitions; partition += step) load(connection, partition, hints);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string target = argc > 1 ? argv[1] : "127.0.0.1:50051";
  const int workers = argc > 2 ? std::atoi(argv[2]) : 4;
  const int partitions = argc > 3 ? std::atoi(argv[3]) : 12;
  const std::string hints = argc > 4 ? argv[4] : "rows=200000 cols=4 batches=50 fetch_ms=10";
  try {
    auto options = e6::client::ConnectionOptions::from_environment();
    options.host = target.substr(0, target.rfind(':'));
    options.port = std::atoi(target.substr(target.rfind(':') + 1).c_str());
    options.user = "demo@e6data.com";
    options.password = "demo";

    // Configured before the fork, used after it only: each child opens channels and sessions of its own, and all share what the
    // host knows of the colour. One of them finds it out.
    Connection connection(options);
    const pid_t parent = ::getpid();
    std::vector<pid_t> children;
    for (int i = 0; i < workers; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // no reader outlives its pool
        ::_exit(::getppid() == parent ? work(connection, i, workers, partitions, hints) : 1);
      }
      if (child > 0) children.push_back(child);
    }
    bool good = static_cast<int>(children.size()) == workers;
    for (const pid_t child : children) {
      int status = 0;
      good = ::waitpid(child, &status, 0) == child && status == 0 && good;
    }
    return good ? 0 : 1;
  } catch (const e6::client::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
