// Worker processes of one measurement, and memory that they share with it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "e6/shared/options.h"

namespace e6::host_bench {

/// CLOCK_MONOTONIC in nanoseconds.
[[nodiscard]] std::int64_t now_ns() noexcept;

/// Anonymous memory shared with forked children; zero at the start.
void* shared_memory(std::size_t bytes);
template <typename T>
T& shared() {
  return *static_cast<T*>(shared_memory(sizeof(T)));
}

/// Forked processes. Killed and collected at the end, and with this process when it dies.
class Crew {
 public:
  Crew() = default;
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  pid_t add(const std::function<void()>& body);
  /// SIGKILL, and waits until it is gone.
  void kill(pid_t pid);
  /// Waits for all of them; false if one did not end within `bound` or ended badly.
  bool join(std::chrono::seconds bound);

 private:
  std::vector<pid_t> pids_;
};

/// A private directory for the segment; removed at the end.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] Options options() const;

 private:
  std::string path_;
};

/// Sleeps until `word` is at least `value`, in steps of 100 us; false after `bound`.
bool wait_until(const std::atomic<std::uint32_t>& word, std::uint32_t value, std::chrono::seconds bound);

/// "p50 1.2, p99 3.4, max 5.6" of `ns`, in `unit` nanoseconds. Sorts them.
std::string spread(std::vector<std::int64_t>& ns, std::int64_t unit);

/// The share `permille` of `ns` is at most this, in `unit` nanoseconds. Sorts them.
double quantile(std::vector<std::int64_t>& ns, std::size_t permille, std::int64_t unit);

// The measurements. Each prints its figures; false if something did not work as promised. `bars` gets what was measured beside its bar.
struct Bar {
  std::string what;
  double measured;
  double most;
};
using Bars = std::vector<Bar>;
bool propagation(unsigned workers, unsigned changes, Bars& bars);
bool take_over(unsigned waiters, unsigned kills, Bars& bars);
bool stopped_prober(unsigned waiters, unsigned stops, Bars& bars);
bool outage(unsigned workers, std::chrono::seconds length, Bars& bars);

}  // namespace e6::host_bench
