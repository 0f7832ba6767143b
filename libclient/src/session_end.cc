#include "session_end.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "fork_state.h"
#include "journal.h"

namespace e6::client {

SessionEnder::SessionEnder(const Budget& budget) noexcept : SessionEnder(kPatience, budget.stop()) {
  const auto left =
      std::chrono::floor<std::chrono::milliseconds>(budget.deadline() - Budget::Clock::now());
  left_ = std::clamp(left, std::chrono::milliseconds(0), kPatience);
}

void SessionEnder::add(Link& link, Strategy strategy, const ChannelPtr& channel,
                       const SessionPtr& session) noexcept {
  if (left_.count() <= 0 || fork_state::grpc_lost()) return;
  try {
    const auto now = Budget::Clock::now();
    CallHead head;
    head.strategy = strategy;
    head.at = now;
    head.deadline = now + left_;
    head.stop = &stop_;
    items_.reserve(items_.size() + 1);
    const Link::Sent sent = link.sending("dropUserContext", head);
    if (drops_.start(channel, head, session->id, session->engine))
      items_.push_back(Item{&link, sent, session});
  } catch (const std::exception& error) {  // no memory
    journal().debug("{}: a session is left to the engine: {}", link.target_, error.what());
  }
}

void SessionEnder::finish() noexcept {
  if (items_.empty()) return;
  const auto start = Budget::Clock::now();
  try {
    std::vector<Reply> replies = drops_.finish();
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      const Answer answer = item.link->settle(item.sent, item.session, std::move(replies[i]));
      journal().debug(
          "{}: session on {} {}", item.link->target_, to_string(item.sent.strategy),
          answer.ok() ? std::string("ended") : "is left to the engine: " + Link::describe(answer));
    }
  } catch (const std::exception& error) {
    journal().debug("sessions are left to the engine: {}", error.what());
  }
  items_.clear();
  spend_since(start);
}

void SessionEnder::spend_since(Budget::Clock::time_point start) noexcept {
  const auto spent = std::chrono::ceil<std::chrono::milliseconds>(Budget::Clock::now() - start);
  left_ = std::max(left_ - spent, std::chrono::milliseconds(0));
}

void Link::close() noexcept {
  SessionEnder ender;
  close(ender);
}

void Link::close(SessionEnder& ender) noexcept {
  closed_.store(true, std::memory_order_relaxed);
  Here* mine = here_.load(std::memory_order_acquire);
  if (mine == nullptr || mine->generation != fork_state::generation() || fork_state::grpc_lost())
    return;
  const auto start = Budget::Clock::now();
  finish_cleanup(*this, ender.left());
  ender.spend_since(start);
  for (const Strategy strategy : {Strategy::kBlue, Strategy::kGreen}) {
    Lane::Closed closed;
    if (lane(strategy).is_open() && lane(strategy).close_if_idle(closed) && may_serve(strategy))
      end_sessions(strategy, closed, ender);
  }
}

void Link::end_last_sessions(Strategy strategy, const Lane::Closed& closed) noexcept {
  SessionEnder ender;
  if (may_serve(strategy)) end_sessions(strategy, closed, ender);
}

// What a colour knew that is neither active nor announced went with it. Whether the host's
// knowledge has expired does not matter: an idle connection's session outlives it.
bool Link::may_serve(Strategy strategy) const noexcept {
  const Snapshot now = host().snapshot();
  if (now.active == strategy || now.pending == strategy) return true;
  // In fallback another thread may know what this one does not.
  return now.active == Strategy::kNone && host().mode() == Mode::kFallback;
}

void Link::end_sessions(Strategy strategy, const Lane::Closed& closed,
                        SessionEnder& ender) noexcept {
  if (!options_.end_sessions) return;
  if (closed.session != nullptr) ender.add(*this, strategy, closed.channel, closed.session);
  for (const SessionPtr& each : closed.replaced) ender.add(*this, strategy, closed.channel, each);
}

// A session that takes no new work ends at once, or later with the connection if a query lives on
// it.
void Link::replace_session(Strategy strategy, SessionPtr old, SessionEnder& ender) {
  if (old == nullptr) return;
  Lane& own = lane(strategy);
  own.set_aside(std::move(old));
  end_sessions(strategy, own.take_unused(), ender);
}

void Link::reset_properties(SessionEnder& ender) noexcept {
  Here* mine = here_.load(std::memory_order_acquire);
  if (mine == nullptr || mine->generation != fork_state::generation()) return;
  mine->properties.clear();
  for (const Strategy strategy : {Strategy::kBlue, Strategy::kGreen}) {
    SessionPtr old = lane(strategy).keep(nullptr);
    if (!may_serve(strategy)) continue;
    try {
      replace_session(strategy, std::move(old), ender);
    } catch (const std::exception& error) {  // no memory
      journal().debug("{}: a session is left to the engine: {}", target_, error.what());
    }
  }
}

}  // namespace e6::client
