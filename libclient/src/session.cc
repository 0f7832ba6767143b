// Standing on a colour: authentication, and the place where new work starts.
#include <functional>
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "link.h"

namespace e6::client {

Answer Link::authenticate(Channel& channel, const CallHead& head, bool probing, SessionPtr& session) {
  std::string id;
  std::string engine;
  const Sent sent = sending("authenticate", head);
  if (head.at >= head.deadline) return too_late(sent);
  Reply reply = channel.authenticate(head, id, engine);
  // A probe's refusal is no mismatch: reporting it would make the probe's own result old news.
  const bool plain = !probing || classify_believed(reply.code, reply.details) != Meaning::kWrongStrategy;
  Answer answer = plain ? settle(sent, nullptr, std::move(reply)) : answer_of(sent, nullptr, std::move(reply));
  if (answer.ok() && id.empty()) {
    answer.meaning = Meaning::kAccessDenied;
    answer.code = code::kUnauthenticated;
    answer.details = "the engine answered without a session";
  }
  if (answer.ok()) {
    session = std::make_shared<const Session>(std::move(id), std::move(engine));
    count(&Statistics::authentications);
    note_served();
    journal().debug("{}: session on {} opened", target_, to_string(head.strategy));
  } else if (answer.meaning == Meaning::kWrongStrategy) {
    count(&Statistics::authentications_refused);
  } else {
    count(&Statistics::authentications_failed);
  }
  return answer;
}

[[gnu::hot]] Lane::Opened Link::open_lane(Strategy strategy, Budget& budget) {
  if (Lane::Opened opened = lane(strategy).opened(); opened.session != nullptr) return opened;
  const auto authenticating = [&](Channel& channel, SessionPtr& session) {
    return authenticate(channel, head_of(strategy, budget, options_.call_timeout), false, session);
  };
  return lane(strategy).open(budget, std::cref(authenticating));  // a reference: no allocation
}

[[gnu::hot]] Link::Ground Link::open_ground(Budget& budget, Need need) {
  check_fork();
  if (closed_.load(std::memory_order_relaxed))
    throw UsageError("the connection to " + target_ + " is closed; make a new one");
  for (;;) {
    check_stopped(budget);
    if (host().snapshot().soft_expired) recheck(budget);
    std::optional<QueryTicket> ticket = host().begin_query();
    if (!ticket) {
      detect(budget);
      continue;
    }
    const Strategy strategy = ticket->strategy();
    Ground ground{std::move(*ticket), strategy, nullptr, nullptr};
    if (need == Need::kColour) {
      ground.channel = lane(strategy).channel();
      return ground;
    }
    Lane::Opened opened = open_lane(strategy, budget);
    ground.channel = std::move(opened.channel);
    ground.session = std::move(opened.session);
    Answer answer = std::move(opened.answer);
    bool stands = ground.session != nullptr;
    bool late = opened.took_a_call;
    if (ground.session != nullptr && ground.session->properties.load(std::memory_order_relaxed) < here().properties.newest()) {
      late = true;
      answer = give_properties(ground, budget);
      stands = answer.ok();
    }
    const bool elsewhere = stands && late && host().snapshot().active != strategy && budget.again_after_refusal();
    if (stands && !elsewhere) return ground;
    const SessionPtr session = ground.session;
    leave(std::move(ground));
    if (elsewhere) continue;  // the host has left the colour meanwhile: new work would only be refused
    repeat_new_work(answer, session, Repeat::kSafe, budget);
  }
}

[[gnu::hot]] void Link::leave(Ground ground) noexcept {
  host().end_query(std::move(ground.ticket));
  ground.channel = nullptr;
  close_left_lanes();
}

[[gnu::hot]] Query Link::query_on(Ground ground) noexcept {
  Query query;
  query.strategy = ground.strategy;
  query.channel = std::move(ground.channel);
  query.session = std::move(ground.session);
  query.ticket = std::move(ground.ticket);
  query.generation = fork_state::generation();
  return query;
}

void Link::connect(Budget& budget) {
  leave(open_ground(budget, Need::kSession));
}

Answer Link::give_properties(const Ground& ground, const Budget& budget) {
  Answer answer;
  answer.meaning = Meaning::kOk;
  for (const Properties::Entry& each : here().properties.after(ground.session->properties.load(std::memory_order_relaxed))) {
    const CallHead head = head_of(ground.strategy, budget, options_.call_timeout);
    answer = send("setProps", head, ground.session,
                  [&] { return ground.channel->set_properties(head, ground.session->id, each.text); });
    if (!answer.ok()) return answer;
    ground.session->properties.store(each.number, std::memory_order_relaxed);
  }
  return answer;
}

void Link::set_properties(std::string_view text, Budget& budget) {
  SessionPtr session;
  call("setProps", Need::kSession, Repeat::kSafe, budget,
       [&](Channel& channel, const CallHead& head, const SessionPtr& on) {
         session = on;
         return channel.set_properties(head, on->id, text);
       });
  Properties& kept = here().properties;
  const std::uint64_t number = kept.keep(text);
  // If another thread kept one meanwhile that this session lacks, it stays behind, and is given both in order.
  std::uint64_t expected = number - 1;
  session->properties.compare_exchange_strong(expected, number, std::memory_order_relaxed);
}

void Link::drop_user_context(Budget& budget) {
  SessionPtr session;
  Strategy strategy = Strategy::kNone;
  call("dropUserContext", Need::kSession, Repeat::kSafe, budget,
       [&](Channel& channel, const CallHead& head, const SessionPtr& on) {
         session = on;
         strategy = head.strategy;
         return channel.drop_user_context(head, on->id, on->engine);
       });
  lane(strategy).drop(session);
}

}  // namespace e6::client
