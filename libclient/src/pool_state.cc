#include "pool_state.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace e6::client {

PoolState::PoolState(const PoolOptions& limits, std::uint64_t process) : generation(process), limits_(limits) {
  idle_.reserve(static_cast<std::size_t>(limits_.max_size));  // so that put_back cannot fail
}

bool PoolState::too_old(const PoolEntry& entry, Clock::time_point now) const noexcept {
  return limits_.recycle_after.count() != 0 && now - entry.made > limits_.recycle_after;
}

bool PoolState::grant_locked(Grant& grant) noexcept {
  if (!idle_.empty()) {
    grant.entry = std::move(idle_.back());
    idle_.pop_back();
    return true;
  }
  if (total_ >= static_cast<std::size_t>(limits_.max_size) + static_cast<std::size_t>(limits_.max_overflow)) return false;
  ++total_;
  return true;
}

// Called under the lock, so that a waiter which gives up at this moment finds its grant instead of leaving.
void PoolState::serve_locked() noexcept {
  while (!line_.empty() && grant_locked(line_.front()->grant)) {
    Waiter& first = *line_.front();
    line_.pop_front();
    first.done = true;
    first.called.notify_one();
  }
}

PoolState::Grant PoolState::take(const Budget& budget) {
  std::unique_lock guard(mutex_);
  Grant grant;
  if (closed_) {
    grant.outcome = Outcome::kClosed;
    return grant;
  }
  // Nobody overtakes: whatever is free while somebody waits is already theirs.
  if (line_.empty() && grant_locked(grant)) return grant;

  Waiter me;
  const auto place = line_.insert(line_.end(), &me);
  ++counts_.waits;
  me.called.wait_until(guard, budget.stop(), budget.deadline(), [&] { return me.done; });
  if (me.done) return std::move(me.grant);
  line_.erase(place);
  grant.outcome = budget.stopped() ? Outcome::kCancelled : Outcome::kTimedOut;
  if (grant.outcome == Outcome::kTimedOut) {
    ++counts_.timeouts;
    grant.then = statistics_locked();
  }
  return grant;
}

bool PoolState::take_missing() {
  const std::lock_guard guard(mutex_);
  if (closed_ || total_ >= static_cast<std::size_t>(limits_.min_size)) return false;
  ++total_;
  return true;
}

PoolEntryPtr PoolState::put_back(PoolEntryPtr entry) noexcept {
  const auto now = Clock::now();
  const std::lock_guard guard(mutex_);
  const bool old = too_old(*entry, now);
  const bool surplus = line_.empty() && total_ > static_cast<std::size_t>(limits_.max_size);
  if (closed_ || old || surplus) {
    if (old) ++counts_.recycled;
    --total_;
    serve_locked();
    return entry;
  }
  if (!line_.empty()) {  // straight to the first in line, past the idle ones, of which there are none
    Waiter& first = *line_.front();
    line_.pop_front();
    first.grant.entry = std::move(entry);
    first.done = true;
    first.called.notify_one();
    return nullptr;
  }
  idle_.push_back(std::move(entry));
  return nullptr;
}

void PoolState::give_up() noexcept {
  const std::lock_guard guard(mutex_);
  --total_;
  serve_locked();
}

std::vector<PoolEntryPtr> PoolState::expired() {
  std::vector<PoolEntryPtr> old;
  const auto now = Clock::now();
  const std::lock_guard guard(mutex_);
  const auto first = std::stable_partition(idle_.begin(), idle_.end(),
                                           [&](const PoolEntryPtr& each) { return !too_old(*each, now); });
  if (first == idle_.end()) return old;
  old.assign(std::make_move_iterator(first), std::make_move_iterator(idle_.end()));
  idle_.erase(first, idle_.end());
  total_ -= old.size();
  counts_.recycled += old.size();
  return old;
}

std::vector<PoolEntryPtr> PoolState::close() noexcept {
  const std::lock_guard guard(mutex_);
  closed_ = true;
  for (Waiter* each : line_) {
    each->grant.outcome = Outcome::kClosed;
    each->done = true;
    each->called.notify_one();
  }
  line_.clear();
  total_ -= idle_.size();
  return std::exchange(idle_, {});
}

void PoolState::count(std::uint64_t PoolStatistics::*field) noexcept {
  const std::lock_guard guard(mutex_);
  ++(counts_.*field);
}

PoolStatistics PoolState::statistics() const {
  const std::lock_guard guard(mutex_);
  return statistics_locked();
}

PoolStatistics PoolState::statistics_locked() const noexcept {
  PoolStatistics now = counts_;
  const auto most = static_cast<std::size_t>(limits_.max_size);
  now.idle = idle_.size();
  now.in_use = total_ - idle_.size();
  now.overflow = total_ > most ? total_ - most : 0;
  now.waiting = line_.size();
  return now;
}

}  // namespace e6::client
