#include "pool_impl.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "text/one_line.h"

namespace e6::client {

using std::chrono::milliseconds;

namespace {

ConnectionOptions validated(ConnectionOptions options, const PoolOptions& limits) {
  limits.validate();
  options.validate();
  return options;
}

bool is_bounded(const CallOptions& options) noexcept {
  return options.timeout || options.deadline;
}

milliseconds left_of(const Budget& budget) noexcept {
  const auto left = std::chrono::floor<milliseconds>(budget.deadline() - Budget::Clock::now());
  return std::max(left, milliseconds(0));
}

}  // namespace

PoolExit::~PoolExit() {
  ender_.finish();  // while the connections are there
  while (PoolEntryPtr entry = entries_.pop()) {
    entry = nullptr;
    state_.gone();
  }
}

void PoolExit::add(PoolEntryPtr entry) noexcept {
  entry->close(ender_);
  entries_.push(std::move(entry));
}

void PoolExit::add(PoolEntryList entries) noexcept {
  while (PoolEntryPtr entry = entries.pop()) add(std::move(entry));
}

Pool::Pool(ConnectionOptions options, const PoolOptions& limits)
    : options_(validated(std::move(options), limits)), limits_(limits) {
  fork_state::watch();
}

Pool::~Pool() {
  PoolState* mine = state_.load(std::memory_order_acquire);  // pairs with the exchange in state
  if (mine != nullptr && mine->generation == fork_state::generation()) delete mine;
}

PoolState& Pool::state() {
  PoolState* present = state_.load(std::memory_order_acquire);  // pairs with the exchange below
  const std::uint64_t generation = fork_state::generation();
  if (present != nullptr && present->generation == generation) return *present;
  // What a parent left is not destroyed: its lock may be held.
  auto made = std::make_unique<PoolState>(limits_, generation);
  if (closed_.load(std::memory_order_relaxed)) (void)made->close();
  if (state_.compare_exchange_strong(present, made.get(), std::memory_order_acq_rel,
                                     std::memory_order_acquire))
    return *made.release();
  return *present;  // another thread was first
}

PoolEntryPtr Pool::make(PoolState& here) const {
  auto made = std::make_unique<PoolEntry>(options_, here.generation);
  here.count(&PoolStatistics::created);
  return made;
}

void Pool::fill() {
  PoolState& here = state();
  while (here.take_missing()) {
    PoolEntryPtr entry;
    try {
      entry = make(here);
    } catch (...) {
      here.give_up();
      throw;
    }
    PoolExit exit(here);
    if (PoolEntryPtr out = here.put_back(std::move(entry))) exit.add(std::move(out));
  }
}

PoolEntryPtr Pool::checkout(const CallOptions& options) {
  const Budget budget(options_, limits_.checkout_timeout, options);
  if (budget.stopped()) refuse(PoolState::Grant{.outcome = PoolState::Outcome::kCancelled}, {});
  PoolState& here = state();
  const auto start = Clock::now();
  PoolState::Grant grant = here.take(budget);
  if (grant.outcome != PoolState::Outcome::kGranted) refuse(grant, Clock::now() - start);
  PoolEntryPtr entry = made_fit(std::move(grant.entry), here, options, budget);
  entry->lend();
  here.count(&PoolStatistics::checkouts);
  {
    const milliseconds patience = is_bounded(options) ? left_of(budget) : SessionEnder::kPatience;
    PoolExit exit(here, std::min(patience, SessionEnder::kPatience), options.stop);
    exit.add(here.take_overdue());
  }
  try {
    fill();
  } catch (const Error& error) {  // not worth a checkout that has succeeded
    journal().debug("{}: the pool's min_size cannot be made up: {}", options_.target(),
                    error.what());
  }
  return entry;
}

// What goes is closed before its successor is made, so that the engine never has both sessions.
PoolEntryPtr Pool::made_fit(PoolEntryPtr entry, PoolState& here, const CallOptions& options,
                            const Budget& budget) {
  const bool old = entry != nullptr && here.too_old(*entry, Clock::now());
  try {
    const bool dead = entry != nullptr && !old && is_dead(*entry, options, budget);
    if (entry != nullptr && !old && !dead) return entry;
    if (entry != nullptr) {
      here.count(old ? &PoolStatistics::recycled : &PoolStatistics::replaced);
      const milliseconds patience = is_bounded(options) ? left_of(budget) : SessionEnder::kPatience;
      // An engine that does not answer a ping would not answer this either.
      SessionEnder ender(dead ? milliseconds(0) : std::min(patience, SessionEnder::kPatience),
                         options.stop);
      entry->close(ender);
      ender.finish();
      entry = nullptr;
    }
    return make(here);
  } catch (...) {
    if (entry == nullptr) {
      here.give_up();
    } else {
      PoolExit exit(here);
      if (PoolEntryPtr out = here.put_back(std::move(entry))) exit.add(std::move(out));
    }
    throw;
  }
}

// Tries a connection that was idle for long, or that a call got no answer on. Throws when the
// caller's stop token or a fork ends it.
bool Pool::is_dead(PoolEntry& entry, const CallOptions& options, const Budget& budget) const {
  const bool due = entry.suspect || Clock::now() - entry.idle_since >= limits_.pre_ping_after;
  if (!limits_.pre_ping || !due) return false;
  if (entry.connection.statistics().calls == 0)
    return false;  // nothing has been opened that could be dead
  CallOptions ping{.timeout = limits_.pre_ping_timeout, .stop = options.stop};
  // The usual time-out is for the wait in line. A caller's own bounds are shared: what a silent
  // connection leaves of them is for the one that takes its place.
  if (is_bounded(options)) ping.timeout = std::min(limits_.pre_ping_timeout, left_of(budget) / 2);
  if (ping.timeout->count() == 0) return false;
  try {
    entry.connection.health_check(ping);
    return false;
  } catch (const ConnectionError& error) {
    journal().info("{}: a pooled connection was found dead and is replaced: {}", options_.target(),
                   error.what());
    return true;
  } catch (const TimeoutError& error) {
    journal().info("{}: a pooled connection does not answer and is replaced: {}", options_.target(),
                   error.what());
    return true;
  } catch (const CancelledError&) {
    throw;
  } catch (const ForkError&) {
    throw;
  } catch (const Error& error) {
    journal().debug("{}: a pre-ping was answered with an error: {}", options_.target(),
                    error.what());
    return false;
  }
}

void Pool::give_back(PoolEntryPtr entry, bool keep) noexcept {
  // A parent's connection: its destructor leaves alone what is the parent's.
  if (entry->generation != fork_state::generation()) return;
  PoolState& here =
      *state_.load(std::memory_order_acquire);  // of this process, for the entry came out of it
  PoolExit exit(here);
  if (!keep) here.count(&PoolStatistics::discarded);
  if (keep && can_be_lent_again(*entry, here, exit.ender())) {
    entry->idle_since = Clock::now();
    if (PoolEntryPtr out = here.put_back(std::move(entry))) exit.add(std::move(out));
  } else {
    here.leave();
    exit.add(std::move(entry));
  }
  exit.add(here.take_overdue());
}

// Counts what cannot.
bool Pool::can_be_lent_again(PoolEntry& entry, PoolState& here, SessionEnder& ender) noexcept {
  const auto gone = [&] { return !entry.is_own() || entry.is_closed(); };
  try {
    if (gone()) {
      journal().debug(
          "{}: a pooled connection was closed or moved away on loan, and is not handed out again",
          options_.target());
    } else if (entry.has_cursors()) {
      journal().warn(
          "{}: a pooled connection was given back while a cursor of it lived, and is not handed "
          "out again; let "
          "cursors end first",
          options_.target());
      here.count(&PoolStatistics::abandoned);
      return false;
    } else {
      if (limits_.reset_properties && entry.has_new_properties()) entry.reset_properties(ender);
      if (limits_.reset)
        limits_.reset(entry.connection, CallOptions{.timeout = limits_.reset_timeout});
      ender.finish();  // somebody else may have it next
      if (!gone() && !entry.has_cursors()) {
        entry.suspect = entry.had_trouble();  // on loan, or just now
        return true;
      }
    }
  } catch (const std::exception& error) {
    journal().warn("{}: a pooled connection could not be reset and is closed: {}",
                   options_.target(), one_line(error.what()));
  } catch (...) {
    journal().warn("{}: a pooled connection could not be reset and is closed", options_.target());
  }
  here.count(&PoolStatistics::discarded);
  return false;
}

void Pool::maintain() noexcept {
  try {
    {
      PoolState& here = state();
      PoolExit exit(here);
      exit.add(here.take_overdue());
    }
    fill();
  } catch (const std::exception& error) {
    journal().debug("{}: the pool's min_size cannot be made up: {}", options_.target(),
                    error.what());
  }
}

void Pool::close() noexcept {
  closed_.store(true, std::memory_order_relaxed);
  PoolState* mine = state_.load(std::memory_order_acquire);
  if (mine == nullptr || mine->generation != fork_state::generation()) return;
  PoolExit exit(*mine);
  exit.add(mine->close());
}

void Pool::refuse(const PoolState::Grant& grant, Clock::duration waited) const {
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
  const auto ms = std::chrono::duration_cast<milliseconds>(waited).count();
  throw PoolTimeoutError(
      "no connection to " + target + " became free within " +
      (ms % 1000 == 0 ? to_string(ms / 1000) + " s" : to_string(ms) + " ms") + ": " +
      to_string(grant.then.in_use) + " of at most " +
      to_string(limits_.max_size + limits_.max_overflow) + " are in use (max_size " +
      to_string(limits_.max_size) + ", max_overflow " + to_string(limits_.max_overflow) +
      "), and " + to_string(grant.then.waiting) +
      " others wait; give connections back sooner, or raise max_size, max_overflow or "
      "checkout_timeout");
}

}  // namespace e6::client
