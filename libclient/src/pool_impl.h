// A pool: lends connections, tries them before that, and looks at what comes back.
#pragma once

#include <atomic>
#include <chrono>
#include <stop_token>

#include "e6/client/pool.h"
#include "pool_state.h"
#include "session_end.h"

namespace e6::client {

/// Connections on their way out: their sessions end together, and then their places are free.
class PoolExit {
 public:
  explicit PoolExit(PoolState& state, std::chrono::milliseconds patience = SessionEnder::kPatience,
                    const std::stop_token& stop = {}) noexcept
      : state_(state), ender_(patience, stop) {}
  ~PoolExit();
  PoolExit(const PoolExit&) = delete;
  PoolExit& operator=(const PoolExit&) = delete;

  /// One that the state has let out.
  void add(PoolEntryPtr entry) noexcept;
  void add(PoolEntryList entries) noexcept;
  [[nodiscard]] SessionEnder& ender() noexcept { return ender_; }

 private:
  PoolState& state_;
  PoolEntryList entries_;
  SessionEnder ender_;
};

/// What a pool's processes have in common, and this process's share. Handles keep it.
class Pool {
 public:
  /// Checks the options; makes no connection yet.
  Pool(ConnectionOptions options, const PoolOptions& limits);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// This process's share.
  [[nodiscard]] PoolState& state();
  [[nodiscard]] PoolEntryPtr checkout(const CallOptions& options);
  /// `keep`: it may be lent again.
  void give_back(PoolEntryPtr entry, bool keep) noexcept;
  /// Makes up min_size.
  void fill();
  void maintain() noexcept;
  void close() noexcept;

  [[nodiscard]] const ConnectionOptions& options() const noexcept { return options_; }
  [[nodiscard]] const PoolOptions& limits() const noexcept { return limits_; }

 private:
  using Clock = PoolEntry::Clock;

  [[nodiscard]] PoolEntryPtr make(PoolState& here) const;
  /// The connection of a grant as it can be lent, or a new one in its place.
  [[nodiscard]] PoolEntryPtr made_fit(PoolEntryPtr entry, PoolState& here,
                                      const CallOptions& options, const Budget& budget);
  [[nodiscard]] bool is_dead(PoolEntry& entry, const CallOptions& options,
                             const Budget& budget) const;
  [[nodiscard]] bool can_be_lent_again(PoolEntry& entry, PoolState& here,
                                       SessionEnder& ender) noexcept;
  [[noreturn]] void refuse(const PoolState::Grant& grant, Clock::duration waited) const;

  const ConnectionOptions options_;
  const PoolOptions limits_;
  std::atomic<bool> closed_{false};
  std::atomic<PoolState*> state_{nullptr};  // owned in its own generation, leaked in others
};

}  // namespace e6::client
