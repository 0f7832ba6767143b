// A connection of a pool, and what its last borrower did to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "e6/client/connection.h"

namespace e6::client {

class SessionEnder;

/// Owned by the pool's state while idle, by a handle while on loan. Used by one thread at a time.
struct PoolEntry {
  using Clock = std::chrono::steady_clock;

  PoolEntry(const ConnectionOptions& options, std::uint64_t process);

  /// To be called when it is lent: what happens from here on is the borrower's doing.
  void lend();

  // What the borrower did.
  /// False: moved away, or another connection was put in its place.
  [[nodiscard]] bool is_own() const noexcept {
    return connection.link_ != nullptr && connection.link_ == made_with_.lock();
  }
  [[nodiscard]] bool is_closed() const noexcept;
  /// A cursor or data frame of it lives, for those share its inside.
  [[nodiscard]] bool has_cursors() const noexcept { return connection.link_.use_count() > 1; }
  [[nodiscard]] bool has_new_properties() const noexcept;
  /// A call got no answer: the network or the engine may have gone.
  [[nodiscard]] bool had_trouble() const noexcept { return troubles() != troubles_; }

  void reset_properties(SessionEnder& ender) noexcept;
  /// Closes the connection; its sessions are added to those that `ender` ends.
  void close(SessionEnder& ender) noexcept;

  Connection connection;
  const std::uint64_t generation;  // the process that made it (fork_state.h)
  const Clock::time_point made = Clock::now();
  Clock::time_point idle_since = made;  // when somebody last had it
  bool suspect = false;                 // to be tried before it is lent again
  std::unique_ptr<PoolEntry> next;      // in a PoolEntryList

 private:
  [[nodiscard]] std::uint64_t troubles() const noexcept;

  const std::weak_ptr<Link> made_with_;
  std::uint64_t property_changes_ = 0;
  std::uint64_t troubles_ = 0;
};
using PoolEntryPtr = std::unique_ptr<PoolEntry>;

/// Connections in a row. Allocates nothing, so that it can be used where nothing may fail.
class PoolEntryList {
 public:
  PoolEntryList() = default;
  PoolEntryList(PoolEntryList&&) noexcept = default;
  PoolEntryList& operator=(PoolEntryList&&) = delete;
  ~PoolEntryList() {
    while (pop() != nullptr) {
    }
  }

  void push(PoolEntryPtr entry) noexcept {
    entry->next = std::move(first_);
    first_ = std::move(entry);
  }
  /// Null when there is none left.
  PoolEntryPtr pop() noexcept {
    PoolEntryPtr entry = std::move(first_);
    if (entry != nullptr) first_ = std::move(entry->next);
    return entry;
  }
  [[nodiscard]] PoolEntry* first() const noexcept { return first_.get(); }

 private:
  PoolEntryPtr first_;
};

}  // namespace e6::client
