#include "pool_state.h"

#include <utility>

namespace e6::client {

PoolState::PoolState(const PoolOptions& limits, std::uint64_t process)
    : generation(process),
      limits_(limits),
      min_(static_cast<std::size_t>(limits.min_size)),
      max_(static_cast<std::size_t>(limits.max_size)),
      most_(max_ + static_cast<std::size_t>(limits.max_overflow)) {
  idle_.reserve(most_);  // so that put_back cannot fail
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
  if (total_ >= most_) return false;
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
  if (closed_ || total_ >= min_) return false;
  ++total_;
  return true;
}

PoolEntryPtr PoolState::put_back(PoolEntryPtr entry) noexcept {
  const bool old = too_old(*entry, Clock::now());
  const std::lock_guard guard(mutex_);
  if (closed_ || old) {
    if (old) ++counts_.recycled;
    ++leaving_;
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

bool PoolState::overdue_locked(const PoolEntry& entry, Clock::time_point now) noexcept {
  if (too_old(entry, now)) {
    ++counts_.recycled;
    return true;
  }
  const std::size_t staying = total_ - leaving_;
  const auto idle_for = now - entry.idle_since;
  const bool surplus = staying > max_ && idle_for >= limits_.overflow_idle_timeout;
  const bool unused =
      staying > min_ && limits_.idle_timeout.count() != 0 && idle_for >= limits_.idle_timeout;
  if (!surplus && !unused) return false;
  ++counts_.shrunk;
  return true;
}

PoolEntryList PoolState::take_overdue() noexcept {
  PoolEntryList out;
  const auto now = Clock::now();
  const std::lock_guard guard(mutex_);
  auto stays = idle_.begin();
  for (auto each = idle_.begin(); each != idle_.end();
       ++each) {  // who is idle for longest goes first
    if (overdue_locked(**each, now)) {
      ++leaving_;
      out.push(std::move(*each));
    } else {
      if (stays != each) *stays = std::move(*each);
      ++stays;
    }
  }
  idle_.erase(stays, idle_.end());
  return out;
}

PoolEntryList PoolState::close() noexcept {
  PoolEntryList out;
  const std::lock_guard guard(mutex_);
  closed_ = true;
  for (Waiter* each : line_) {
    each->grant.outcome = Outcome::kClosed;
    each->done = true;
    each->called.notify_one();
  }
  line_.clear();
  leaving_ += idle_.size();
  for (PoolEntryPtr& each : idle_) out.push(std::move(each));
  idle_.clear();
  return out;
}

void PoolState::leave() noexcept {
  const std::lock_guard guard(mutex_);
  ++leaving_;
}

void PoolState::gone() noexcept {
  const std::lock_guard guard(mutex_);
  --leaving_;
  --total_;
  serve_locked();
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
  now.idle = idle_.size();
  now.in_use = total_ - idle_.size();
  now.overflow = total_ > max_ ? total_ - max_ : 0;
  now.waiting = line_.size();
  return now;
}

}  // namespace e6::client
