#include "e6/client/pool.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "fork_state.h"
#include "journal.h"
#include "pool_state.h"

namespace e6::client {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kDay{86'400'000};

std::string text(milliseconds value) {
  return value.count() % 1000 == 0 ? std::to_string(value.count() / 1000) + " s" : std::to_string(value.count()) + " ms";
}
std::string text(int value) {
  return std::to_string(value);
}

template <class Value>
void check(const char* name, Value value, Value least, Value most) {
  if (value >= least && value <= most) return;
  throw OptionError(std::string("pool option ") + name + " is " + text(value) + "; it must be from " + text(least) + " to " +
                    text(most));
}

}  // namespace

void PoolOptions::validate() const {
  check("max_size", max_size, 1, 1000);
  check("max_overflow", max_overflow, 0, 1000);
  if (min_size < 0 || min_size > max_size) {
    throw OptionError("pool option min_size is " + text(min_size) + "; it must be from 0 to max_size, which is " + text(max_size));
  }
  check("checkout_timeout", checkout_timeout, milliseconds(0), milliseconds(3'600'000));
  check("recycle_after", recycle_after, milliseconds(0), 7 * kDay);
  check("pre_ping_after", pre_ping_after, milliseconds(0), kDay);
  check("pre_ping_timeout", pre_ping_timeout, milliseconds(1), milliseconds(60'000));
}

/// What a pool's processes have in common, and this process's share. Handles keep it.
class Pool {
 public:
  Pool(ConnectionOptions options, const PoolOptions& limits) : options_(std::move(options)), limits_(limits) {
    limits_.validate();
    options_.validate();
    fork_state::watch();
    fill();
  }
  ~Pool() {
    PoolState* mine = state_.load(std::memory_order_acquire);  // pairs with the exchange in state
    if (mine != nullptr && mine->generation == fork_state::generation()) delete mine;
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] PoolState& state() {
    PoolState* present = state_.load(std::memory_order_acquire);  // pairs with the exchange below
    const std::uint64_t generation = fork_state::generation();
    if (present != nullptr && present->generation == generation) return *present;
    // What a parent left is not destroyed: its lock may be held.
    auto made = std::make_unique<PoolState>(limits_, generation);
    if (closed_.load(std::memory_order_relaxed)) (void)made->close();
    if (state_.compare_exchange_strong(present, made.get(), std::memory_order_acq_rel, std::memory_order_acquire)) return *made.release();
    return *present;  // another thread was first
  }

  [[nodiscard]] PoolEntryPtr checkout(const CallOptions& options) {
    const Budget budget(options_, limits_.checkout_timeout, options);
    if (budget.stopped()) refuse(PoolState::Grant{.outcome = PoolState::Outcome::kCancelled}, {});
    state().expired().clear();
    fill();
    PoolState& here = state();
    const auto start = Clock::now();
    PoolState::Grant grant = here.take(budget);
    if (grant.outcome != PoolState::Outcome::kGranted) refuse(grant, Clock::now() - start);
    PoolEntryPtr entry = std::move(grant.entry);
    try {
      if (entry != nullptr && is_dead(*entry, options, budget)) {
        journal().info("{}: a pooled connection was found dead and is replaced", options_.target());
        here.count(&PoolStatistics::replaced);
        entry.reset();
      }
      if (entry == nullptr) entry = make(here);
    } catch (...) {
      settle(here, std::move(entry));
      throw;
    }
    here.count(&PoolStatistics::checkouts);
    return entry;
  }

  void give_back(PoolEntryPtr entry) noexcept {
    // A parent's connection: its destructor leaves alone what is the parent's.
    if (entry->generation != fork_state::generation()) return;
    PoolState& here = *state_.load(std::memory_order_acquire);  // of this process, for the entry came out of it
    if (entry->has_cursors()) {
      journal().warn("{}: a pooled connection was given back while a cursor of it lived, and is not handed out again; let cursors end first",
                     options_.target());
      here.count(&PoolStatistics::abandoned);
      entry.reset();
    } else {
      entry->idle_since = Clock::now();
    }
    settle(here, std::move(entry));
  }

  void close() noexcept {
    closed_.store(true, std::memory_order_relaxed);
    PoolState* mine = state_.load(std::memory_order_acquire);
    if (mine != nullptr && mine->generation == fork_state::generation()) mine->close().clear();
  }

  [[nodiscard]] const ConnectionOptions& options() const noexcept { return options_; }
  [[nodiscard]] const PoolOptions& limits() const noexcept { return limits_; }

 private:
  using Clock = PoolEntry::Clock;

  /// A grant comes back, with or without its connection.
  static void settle(PoolState& here, PoolEntryPtr entry) noexcept {
    if (entry == nullptr) return here.give_up();
    const PoolEntryPtr closed = here.put_back(std::move(entry));  // destroyed without the lock
  }

  [[nodiscard]] PoolEntryPtr make(PoolState& here) const {
    auto made = std::make_unique<PoolEntry>(options_, here.generation);
    here.count(&PoolStatistics::created);
    return made;
  }

  void fill() {
    PoolState& here = state();
    while (here.take_missing()) {
      PoolEntryPtr entry;
      try {
        entry = make(here);
      } catch (...) {
        here.give_up();
        throw;
      }
      settle(here, std::move(entry));
    }
  }

  /// Tries a connection that was idle for long. Throws what is no verdict: the caller's own bounds, and forks.
  [[nodiscard]] bool is_dead(PoolEntry& entry, const CallOptions& options, const Budget& budget) const {
    if (!limits_.pre_ping || Clock::now() - entry.idle_since < limits_.pre_ping_after) return false;
    if (entry.connection.statistics().calls == 0) return false;  // nothing has been opened that could be dead
    // The usual time-out is for the wait in line; only bounds of the caller's own cut a ping short.
    const bool bounded = options.timeout || options.deadline;
    if (bounded && budget.expired()) return false;
    CallOptions ping{.timeout = limits_.pre_ping_timeout, .stop = options.stop};
    if (bounded) ping.deadline = budget.deadline();
    try {
      entry.connection.health_check(ping);
    } catch (const ConnectionError&) {
      return true;
    } catch (const TimeoutError&) {
      if (bounded && budget.expired()) throw;
      return true;
    } catch (const CancelledError&) {
      throw;
    } catch (const ForkError&) {
      throw;
    } catch (const Error& error) {
      journal().debug("{}: a pre-ping was answered with an error: {}", options_.target(), error.what());
    }
    return false;
  }

  [[noreturn]] void refuse(const PoolState::Grant& grant, Clock::duration waited) const {
    using std::to_string;
    const std::string target = options_.target();
    switch (grant.outcome) {
      case PoolState::Outcome::kCancelled:
        throw CancelledError("cancelled by the caller before there was a connection to " + target);
      case PoolState::Outcome::kClosed:
        throw UsageError("the pool of connections to " + target + " is closed; make another one");
      default:
        break;
    }
    throw PoolTimeoutError("no connection to " + target + " became free within " +
                           text(std::chrono::duration_cast<milliseconds>(waited)) + ": " + to_string(grant.then.in_use) +
                           " of at most " + to_string(limits_.max_size + limits_.max_overflow) + " are in use (max_size " +
                           to_string(limits_.max_size) + ", max_overflow " + to_string(limits_.max_overflow) + "), and " +
                           to_string(grant.then.waiting) +
                           " others wait; give connections back sooner, or raise max_size, max_overflow or checkout_timeout");
  }

  ConnectionOptions options_;
  PoolOptions limits_;
  std::atomic<bool> closed_{false};
  std::atomic<PoolState*> state_{nullptr};  // owned in its own generation, leaked in others
};

PooledConnection::PooledConnection() noexcept = default;

PooledConnection::PooledConnection(std::shared_ptr<Pool> pool, std::unique_ptr<PoolEntry> entry) noexcept
    : pool_(std::move(pool)), entry_(std::move(entry)) {}

PooledConnection::~PooledConnection() {
  give_back();
}

PooledConnection::PooledConnection(PooledConnection&& from) noexcept = default;

PooledConnection& PooledConnection::operator=(PooledConnection&& from) noexcept {
  if (this != &from) {
    give_back();
    pool_ = std::move(from.pool_);
    entry_ = std::move(from.entry_);
  }
  return *this;
}

Connection& PooledConnection::operator*() const noexcept {
  return entry_->connection;
}

Connection* PooledConnection::operator->() const noexcept {
  return &entry_->connection;
}

void PooledConnection::give_back() noexcept {
  if (entry_ != nullptr) pool_->give_back(std::move(entry_));
  pool_ = nullptr;
}

ConnectionPool::ConnectionPool(ConnectionOptions options, const PoolOptions& limits)
    : pool_(std::make_shared<Pool>(std::move(options), limits)) {}

ConnectionPool::~ConnectionPool() {
  if (pool_ != nullptr) pool_->close();
}

ConnectionPool::ConnectionPool(ConnectionPool&&) noexcept = default;

ConnectionPool& ConnectionPool::operator=(ConnectionPool&& from) noexcept {
  if (this != &from) {
    if (pool_ != nullptr) pool_->close();
    pool_ = std::move(from.pool_);
  }
  return *this;
}

PooledConnection ConnectionPool::checkout(const CallOptions& options) {
  return PooledConnection(pool_, pool_->checkout(options));
}

void ConnectionPool::connect(const CallOptions& options) {
  const Budget budget(pool_->options(), pool_->options().operation_timeout, options);
  const CallOptions bounds{.deadline = budget.deadline(), .stop = budget.stop()};
  std::vector<PooledConnection> all;
  for (int i = 0; i < pool_->limits().min_size; ++i) {
    all.push_back(checkout(bounds));
    all.back()->connect(bounds);
  }
}

void ConnectionPool::close() noexcept {
  pool_->close();
}

PoolStatistics ConnectionPool::statistics() const {
  return pool_->state().statistics();
}

const PoolOptions& ConnectionPool::limits() const noexcept {
  return pool_->limits();
}

}  // namespace e6::client
