#include "lane.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace e6::client {

[[gnu::hot]] const ChannelPtr& Lane::channel_locked() {
  if (channel_ == nullptr || channel_->lost()) {
    channel_ = std::make_shared<Channel>(options_);
    open_.store(true, std::memory_order_relaxed);
  }
  return channel_;
}

ChannelPtr Lane::channel() {
  const std::lock_guard guard(mutex_);
  return channel_locked();
}

[[gnu::hot]] Lane::Opened Lane::opened() {
  const std::lock_guard guard(mutex_);
  if (session_ == nullptr) return {};
  return Opened{channel_locked(), session_, Answer{}};
}

SessionPtr Lane::session() {
  const std::lock_guard guard(mutex_);
  return session_;
}

Lane::Opened Lane::open(const Budget& budget, const Authenticate& authenticate) {
  std::unique_lock guard(mutex_);
  for (;;) {
    if (session_ != nullptr) return Opened{channel_locked(), session_, Answer{}};
    if (flight_ == nullptr) break;

    const std::shared_ptr<Flight> flight = flight_;
    if (!landed_.wait_until(guard, budget.stop(), budget.deadline(), [&] { return flight->done; })) {
      Answer late;
      late.meaning = budget.stopped() ? Meaning::kCancelled : Meaning::kTimedOut;
      late.code = budget.stopped() ? code::kCancelled : code::kDeadlineExceeded;
      late.details = "another thread of this connection was still authenticating";
      late.call = "authenticate";
      late.strategy = strategy_;
      return Opened{channel_, nullptr, std::move(late)};
    }
    if (flight->session != nullptr) return Opened{channel_locked(), flight->session, Answer{}, true};
    // The other thread's deadline and stop token are not ours; any other failure is.
    const Meaning theirs = flight->answer.meaning;
    if (theirs != Meaning::kTimedOut && theirs != Meaning::kCancelled)
      return Opened{channel_, nullptr, flight->answer};
  }

  const auto flight = std::make_shared<Flight>();
  ChannelPtr channel = channel_locked();
  flight_ = flight;
  guard.unlock();

  SessionPtr session;
  Answer answer;
  const auto land = [&] {
    guard.lock();
    flight->done = true;
    flight->session = session;
    flight->answer = answer;
    flight_ = nullptr;
    if (session != nullptr) session_ = session;
    guard.unlock();
    landed_.notify_all();
  };
  try {
    answer = authenticate(*channel, session);
  } catch (...) {
    answer.meaning = Meaning::kTimedOut;  // whoever waits shall try for itself
    land();
    throw;
  }
  land();
  return Opened{std::move(channel), std::move(session), std::move(answer), true};
}

SessionPtr Lane::keep(SessionPtr session) {
  const std::lock_guard guard(mutex_);
  return std::exchange(session_, std::move(session));
}

void Lane::set_aside(SessionPtr session) {
  constexpr std::size_t kMost = 8;
  const std::lock_guard guard(mutex_);
  if (replaced_.size() == kMost) replaced_.erase(replaced_.begin());
  replaced_.push_back(std::move(session));
}

Lane::Closed Lane::take_unused() {
  Closed unused;
  const std::lock_guard guard(mutex_);
  if (channel_ == nullptr) return unused;
  unused.channel = channel_;
  // Nobody is given these any more, so that a count of one is the lane's own and stays so.
  const auto first =
      std::stable_partition(replaced_.begin(), replaced_.end(),
                            [](const SessionPtr& each) { return each.use_count() > 1; });
  unused.replaced.assign(first, replaced_.end());
  replaced_.erase(first, replaced_.end());
  return unused;
}

bool Lane::offer(SessionPtr session) {
  const std::lock_guard guard(mutex_);
  if (session_ != nullptr) return false;
  session_ = std::move(session);
  return true;
}

void Lane::drop(const SessionPtr& session) {
  const std::lock_guard guard(mutex_);
  if (session_ == session) session_ = nullptr;
}

bool Lane::close_if_idle(Closed& closed) noexcept {
  const std::lock_guard guard(mutex_);
  // New holders appear only under the lock, so a single one is the lane itself.
  if (channel_ == nullptr) return true;
  if (flight_ != nullptr || channel_.use_count() > 1) return false;
  closed.channel = std::exchange(channel_, nullptr);  // whoever closes lets go of it after the lock
  closed.session = std::exchange(session_, nullptr);
  closed.replaced = std::exchange(replaced_, {});
  open_.store(false, std::memory_order_relaxed);
  return true;
}

}  // namespace e6::client
