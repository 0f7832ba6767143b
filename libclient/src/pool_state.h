// The inside of a connection pool: what is idle, who waits, and who gets what next. No call is made
// and no connection is made or destroyed under its lock.
//
//   take:       idle? that one : room? a permit to make one : wait in line
//   put_back:   the first in line, or idle, or (too old, closed) out
//   give_up:    a permit comes back: the first in line gets it
//   take_overdue, close: idle ones go out
//
// A connection that goes out keeps its place until it is closed (gone), so that the engine never
// has more.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <vector>

#include "budget.h"
#include "e6/client/pool.h"
#include "pool_entry.h"

namespace e6::client {

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

  /// Waits in line until the budget's deadline or a stop request. Every grant has to come back:
  /// put_back, give_up, or leave and gone.
  [[nodiscard]] Grant take(const Budget& budget);
  /// A permit to make a connection that nobody asked for, as long as there are less than min_size.
  [[nodiscard]] bool take_missing();
  /// A connection comes back. If nobody else can have it, it is returned, and goes out.
  [[nodiscard]] PoolEntryPtr put_back(PoolEntryPtr entry) noexcept;
  /// A grant comes back without a connection.
  void give_up() noexcept;
  [[nodiscard]] bool too_old(const PoolEntry& entry, Clock::time_point now) const noexcept;
  /// Takes out what is idle and too old, or was idle for too long; the caller closes it.
  [[nodiscard]] PoolEntryList take_overdue() noexcept;
  /// Sends everybody in line away and takes out what is idle; the caller closes it.
  [[nodiscard]] PoolEntryList close() noexcept;
  /// A connection on loan goes out.
  void leave() noexcept;
  /// One that went out is closed: its place is free.
  void gone() noexcept;

  void count(std::uint64_t PoolStatistics::*field) noexcept;
  [[nodiscard]] PoolStatistics statistics() const;

 private:
  /// Lives on the stack of the thread that waits; touched by others only under the lock.
  struct Waiter {
    std::condition_variable_any called;
    bool done = false;
    Grant grant;
  };
  [[nodiscard]] bool grant_locked(Grant& grant) noexcept;
  [[nodiscard]] bool overdue_locked(const PoolEntry& entry, Clock::time_point now) noexcept;
  void serve_locked() noexcept;
  [[nodiscard]] PoolStatistics statistics_locked() const noexcept;

  const PoolOptions limits_;
  const std::size_t min_;
  const std::size_t max_;
  const std::size_t most_;  // with the overflow

  mutable std::mutex mutex_;         // guards everything below
  std::vector<PoolEntryPtr> idle_;   // oldest return first; never grows beyond its reserved most_
  std::list<Waiter*> line_;          // first come first; not empty only if nothing can be granted
  std::size_t total_ = 0;            // places taken: idle, on loan, permits that are out, leaving
  std::size_t leaving_ = 0;          // of these, connections that go out and are not closed yet
  bool closed_ = false;
  PoolStatistics counts_;            // only the counters
};

}  // namespace e6::client
