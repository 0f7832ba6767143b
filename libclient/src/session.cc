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
  const bool plain =
      !probing || classify_believed(reply.code, reply.details) != Meaning::kWrongStrategy;
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

// What an engine took once and does not take any more (another version of it, say, behind the other
// colour) is given up, or no call of this connection would ever get past it.
Answer Link::give_properties(const Ground& ground, const Budget& budget) {
  Answer answer;
  answer.meaning = Meaning::kOk;
  Properties& kept = here().properties;
  const Properties::Missing missing =
      kept.after(ground.session->properties.load(std::memory_order_relaxed));
  for (const Properties::Text& each : missing.texts) {
    const CallHead head = head_of(ground.strategy, budget, options_.call_timeout);
    answer = send("setProps", head, ground.session,
                  [&] { return ground.channel->set_properties(head, ground.session->id, each.text); });
    if (answer.doubtful) verify(answer, budget);
    if (!answer.ok() && !refused_for_good(answer, each.number, ground.session)) return answer;
    if (!answer.ok()) {
      journal().warn(
          "{}: session properties of {} bytes, which an earlier session took, are refused and "
          "dropped; set them again if they matter: {}",
          target_, each.text.size(), describe(answer));
      kept.drop(each.number);
      answer = Answer{};
      answer.meaning = Meaning::kOk;
    }
    ground.session->properties.store(each.number, std::memory_order_relaxed);
  }
  if (!missing.texts.empty()) kept.forget_denial();
  ground.session->properties.store(missing.newest, std::memory_order_relaxed);
  return answer;
}

// A denial may be about the session. Two sessions in a row that are denied the same text are about
// what the user may set, unless the cluster switches and forgets its sessions.
bool Link::refused_for_good(const Answer& answer, std::uint64_t text, const SessionPtr& session) {
  if (answer.meaning == Meaning::kOther) return true;
  if (answer.meaning != Meaning::kAccessDenied || switched_lately()) return false;
  return here().properties.denied_by_another(text, session);
}

void Link::set_properties(std::string_view text, Budget& budget) {
  Properties& kept = here().properties;
  Properties::Text setting(text);
  kept.check_room(setting);
  kept.count_change();
  SessionPtr session;
  call("setProps", Need::kSession, Repeat::kSafe, budget,
       [&](Channel& channel, const CallHead& head, const SessionPtr& on) {
         session = on;
         return channel.set_properties(head, on->id, text);
       });
  const std::uint64_t number = kept.keep(std::move(setting));
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
