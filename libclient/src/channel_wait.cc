#include "channel_wait.h"

#include <algorithm>
#include <string>

namespace e6::client {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Before it has a connection, a call's peer is the channel's target.
bool has_connection(const grpc::ClientContext& context) {
  const std::string peer = context.peer();
  return peer.starts_with("ipv4:") || peer.starts_with("ipv6:");
}

// Pings that find a vanished peer within a minute leave nothing to decide. They reach the peer's
// network code alone, and so tell an engine that is busy from one that is gone, which a health
// check cannot.
bool pings_decide(const ChannelTuning& tuning) {
  return tuning.keepalive_time + tuning.keepalive_timeout <= std::chrono::minutes(1);
}

Clock::time_point reach_by(const CallHead& head, const ConnectionOptions& options) {
  return head.reach_by != Clock::time_point{} ? head.reach_by : head.at + options.connect_timeout;
}

}  // namespace

/// A health check on the channel and on the queue of a call that waits. Must have come out of the
/// queue before it is destroyed.
class Channel::CallWait::LivenessCheck {
 public:
  LivenessCheck(Stubs& stubs, grpc::CompletionQueue& answers, const CallHead& head)
      : sent_(Clock::now()) {
    CallHead own = head;
    own.planner = {};
    stubs.dress(context_, own);
    reader_ = stubs.engine.AsynchealthCheck(&context_, request_, &answers);
    reader_->Finish(&response_, &status_, this);
  }
  LivenessCheck(const LivenessCheck&) = delete;
  LivenessCheck& operator=(const LivenessCheck&) = delete;

  /// True if it is on a connection, and no answer has come for `time`.
  [[nodiscard]] bool silent_for(milliseconds time, Clock::time_point now) const {
    return now - sent_ >= time && has_connection(context_);
  }
  void cancel() { context_.TryCancel(); }

 private:
  const Clock::time_point sent_;
  grpc::ClientContext context_;
  HealthCheckRequest request_;
  HealthCheckResponse response_;
  grpc::Status status_;  // whatever it is, it is an answer
  std::unique_ptr<grpc::ClientAsyncResponseReader<HealthCheckResponse>> reader_;
};

Channel::CallWait::CallWait(Stubs& stubs, grpc::ClientContext& context,
                            grpc::CompletionQueue& answers, const CallHead& head)
    : stubs_(stubs), context_(context), answers_(answers), head_(head) {}

Channel::CallWait::~CallWait() {
  (void)stop_checking();
}

void Channel::CallWait::give_up(Stubs::Waited why) {
  end_ = why;
  context_.TryCancel();
}

// Of the threads that wait on one channel, one makes the next check.
bool Channel::CallWait::take_next_check(Clock::time_point now) const noexcept {
  std::int64_t next = stubs_.next_check_ns.load(std::memory_order_relaxed);
  if (now.time_since_epoch().count() < next) return false;
  const auto then = (now + stubs_.options.channel.liveness_interval).time_since_epoch().count();
  return stubs_.next_check_ns.compare_exchange_strong(next, then, std::memory_order_relaxed);
}

void Channel::CallWait::check_reached(Clock::time_point now, Clock::time_point& next) {
  if (reached_) return;
  const Clock::time_point limit = reach_by(head_, stubs_.options);
  if (now < limit) {
    next = std::min(next, limit);
    return;
  }
  reached_ = has_connection(context_);
  if (!reached_) give_up(Stubs::Waited::kUnsent);
}

void Channel::CallWait::check_liveness(Clock::time_point now, Clock::time_point& next) {
  const ChannelTuning& tuning = stubs_.options.channel;
  if (tuning.liveness_interval.count() == 0) return;
  const Clock::time_point from = head_.at + tuning.liveness_interval;
  if (now < from) {
    next = std::min(next, from);
    return;
  }
  const milliseconds shorter = std::min(tuning.liveness_interval, tuning.liveness_timeout);
  next = std::min(next, now + std::clamp(shorter / 4, milliseconds(10), milliseconds(5000)));
  reached_ = reached_ || has_connection(context_);
  if (!reached_) return;
  if (check_ != nullptr && !pings_decide(tuning) &&
      check_->silent_for(tuning.liveness_timeout, now))
    stubs_.lost_ns.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  // What one thread finds holds for all that were waiting then.
  if (stubs_.lost_ns.load(std::memory_order_relaxed) > head_.at.time_since_epoch().count()) {
    give_up(Stubs::Waited::kSilent);
  } else if (check_ == nullptr && take_next_check(now)) {
    check_ = std::make_unique<LivenessCheck>(stubs_, answers_, head_);
  }
}

Clock::time_point Channel::CallWait::look() {
  const Clock::time_point now = Clock::now();
  Clock::time_point next = now + std::chrono::hours(1);
  if (head_.meanwhile != nullptr) {
    (*head_.meanwhile)();
    next = now + Stubs::kBeat;
  }
  if (end_ == Stubs::Waited::kAnswered) check_reached(now, next);
  if (end_ == Stubs::Waited::kAnswered) check_liveness(now, next);
  return next;
}

bool Channel::CallWait::is_answer(const void* tag) {
  if (check_ == nullptr || tag != check_.get()) return true;
  check_ = nullptr;
  return false;
}

Channel::Stubs::Waited Channel::CallWait::ended() const {
  return end_ == Stubs::Waited::kUnsent && has_connection(context_) ? Stubs::Waited::kLate : end_;
}

bool Channel::CallWait::stop_checking() {
  bool answered = false;
  if (check_ != nullptr) check_->cancel();
  while (check_ != nullptr) {
    void* tag = nullptr;
    bool ok = false;
    (void)answers_.Next(&tag, &ok);  // a cancelled call ends at once
    answered = is_answer(tag) || answered;
  }
  return answered;
}

Channel::Stubs::Waited Channel::Stubs::wait_longer(grpc::ClientContext& context,
                                                   grpc::CompletionQueue& answers,
                                                   const CallHead& head) {
  CallWait wait(*this, context, answers, head);
  for (;;) {
    void* tag = nullptr;
    bool ok = false;
    if (answers.AsyncNext(&tag, &ok, deadline_of(wait.look())) ==
            grpc::CompletionQueue::GOT_EVENT &&
        wait.is_answer(tag))
      return wait.ended();
  }
}

void Channel::Stubs::await_connection(const CallHead& head) {
  constexpr milliseconds kSlice{25};  // a stop request cannot wake this thread
  const Clock::time_point limit = std::min(head.deadline, reach_by(head, options));
  grpc_connectivity_state state = channel->GetState(true);
  for (Clock::time_point now = Clock::now(); now < limit && state != GRPC_CHANNEL_READY;
       now = Clock::now()) {
    if (head.stop != nullptr && head.stop->stop_requested()) return;
    if (head.meanwhile != nullptr) (*head.meanwhile)();
    if (!channel->WaitForStateChange(state, deadline_of(std::min(limit, now + kSlice)))) continue;
    state = channel->GetState(true);
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) return;  // the call will say why
  }
  if (state == GRPC_CHANNEL_READY) unreached_.store(false, std::memory_order_relaxed);
}

}  // namespace e6::client
