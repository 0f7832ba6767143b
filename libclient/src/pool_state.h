// The inside of a connection pool: what is idle, who waits, and who gets what next. No call is made and no
// connection is made or destroyed under its lock.
//
//   take:       idle? that one : room? a permit to make one : wait in line
//   put_back:   the first in line, or idle, or (too many, too old, closed) closed
//   give_up:    a permit comes back: the first in line gets it
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "budget.h"
#include "e6/client/pool.h"

namespace e6::client {

/// A connection of a pool. Owned by the pool's state while idle, by a handle while in use.
struct PoolEntry {
  using Clock = std::chrono::steady_clock;

  PoolEntry(const ConnectionOptions& options, std::uint64_t process) : connection(options), generation(process) {}

  /// True while a cursor or data frame of it lives, for those share its inside.
  [[nodiscard]] bool has_cursors() const noexcept { return connection.link_.use_count() > 1; }

  Connection connection;
  const std::uint64_t generation;  // the process that made it (fork_state.h)
  const Clock::time_point made = Clock::now();
  Clock::time_point idle_since = made;  // when somebody last had it
};
using PoolEntryPtr = std::unique_ptr<PoolEntry>;

/// One process's share of a pool. A forked child makes its own and never touches its parent's, whose lock may
/// be held for ever.
class PoolState {
 public:
  using Clock = PoolEntry::Clock;

  /// What became of a wait in line.
  enum class Outcome : std::uint8_t { kGranted, kTimedOut, kCancelled, kClosed };
  /// A connection, or the permit to make one (`entry` is null), if the outcome is kGranted.
  struct Grant {
    Outcome outcome = Outcome::kGranted;
    PoolEntryPtr entry = nullptr;
    PoolStatistics then = {};  ///< for the error's text; filled in when the outcome is kTimedOut
  };

  PoolState(const PoolOptions& limits, std::uint64_t process);

  const std::uint64_t generation;

  /// Waits in line until the budget's deadline or a stop request. Every grant has to come back: put_back or
  /// give_up.
  [[nodiscard]] Grant take(const Budget& budget);
  /// A permit to make a connection that nobody asked for, as long as there are less than min_size.
  [[nodiscard]] bool take_missing();
  /// A connection comes back. If nobody else can have it, it is returned, and the caller destroys it.
  [[nodiscard]] PoolEntryPtr put_back(PoolEntryPtr entry) noexcept;
  /// A grant comes back without a connection: it was not made, or it was lost.
  void give_up() noexcept;
  /// Takes out what is idle and too old; the caller destroys it.
  [[nodiscard]] std::vector<PoolEntryPtr> expired();
  /// Sends everybody in line away and takes out what is idle; the caller destroys it.
  [[nodiscard]] std::vector<PoolEntryPtr> close() noexcept;

  void count(std::uint64_t PoolStatistics::*field) noexcept;
  [[nodiscard]] PoolStatistics statistics() const;

 private:
  /// Lives on the stack of the thread that waits; touched by others only under the lock.
  struct Waiter {
    std::condition_variable_any called;
    bool done = false;
    Grant grant;
  };
  [[nodiscard]] bool too_old(const PoolEntry& entry, Clock::time_point now) const noexcept;
  [[nodiscard]] bool grant_locked(Grant& grant) noexcept;
  void serve_locked() noexcept;
  [[nodiscard]] PoolStatistics statistics_locked() const noexcept;

  const PoolOptions limits_;

  mutable std::mutex mutex_;         // guards everything below
  std::vector<PoolEntryPtr> idle_;   // oldest return first; never grows beyond its reserved max_size
  std::list<Waiter*> line_;          // first come first; not empty only if nothing can be granted
  std::size_t total_ = 0;            // idle, in use, and permits that are out
  bool closed_ = false;
  PoolStatistics counts_;            // only the counters
};

}  // namespace e6::client
