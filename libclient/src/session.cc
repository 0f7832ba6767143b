// Standing on a colour: authentication, and the place where new work starts.
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "link.h"

namespace e6::client {

Answer Link::authenticate(Channel& channel, Strategy strategy, Budget::Clock::time_point deadline,
                          bool probing, SessionPtr& session) {
  std::string id;
  const Epoch epoch = host().snapshot().epoch;
  Reply reply = channel.authenticate(CallHead{strategy, {}, deadline}, id);
  // A probe's refusal is no mismatch: reporting it would make the probe's own result old news.
  const bool plain = !probing || classify(reply.code, reply.details) != Meaning::kWrongStrategy;
  Answer answer = plain ? settle("authenticate", strategy, epoch, nullptr, std::move(reply))
                        : answer_of("authenticate", strategy, epoch, nullptr, std::move(reply));
  if (answer.ok() && id.empty()) {
    answer.meaning = Meaning::kAccessDenied;
    answer.code = code::kUnauthenticated;
    answer.details = "the engine answered without a session";
  }
  if (answer.ok()) {
    session = std::make_shared<const Session>(Session{std::move(id)});
    count(&Statistics::authentications);
    journal().debug("{}: session on {} opened", target_, to_string(strategy));
  } else if (answer.meaning == Meaning::kWrongStrategy) {
    count(&Statistics::authentications_refused);
  } else {
    count(&Statistics::authentications_failed);
  }
  return answer;
}

Lane::Opened Link::open_lane(Strategy strategy, Budget& budget) {
  return lane(strategy).open(budget.deadline(), [&, strategy](Channel& channel, SessionPtr& session) {
    return authenticate(channel, strategy, budget.call_deadline(options_.call_timeout), false, session);
  });
}

Link::Ground Link::open_ground(Budget& budget) {
  for (;;) {
    if (host().snapshot().soft_expired) recheck(budget);
    std::optional<QueryTicket> ticket = host().begin_query();
    if (!ticket) {
      detect(budget);
      continue;
    }
    const Strategy strategy = ticket->strategy();
    Lane::Opened opened = open_lane(strategy, budget);
    if (opened.session != nullptr) {
      return Ground{std::move(*ticket), strategy, std::move(opened.channel), std::move(opened.session)};
    }
    host().end_query(std::move(*ticket));
    repeat_new_work(opened.answer, nullptr, budget);
  }
}

void Link::connect(Budget& budget) {
  check_fork();
  if (closed_.load(std::memory_order_relaxed))
    throw UsageError("the connection to " + target_ + " is closed; make a new one");
  Ground ground = open_ground(budget);
  host().end_query(std::move(ground.ticket));
}

Query Link::run(std::string_view sql, Budget& budget) {
  check_fork();
  if (closed_.load(std::memory_order_relaxed))
    throw UsageError("the connection to " + target_ + " is closed; make a new one");
  const bool with_catalog = !options_.catalog.empty();
  const char* const prepare_call = with_catalog ? "prepareStatementV2" : "prepareStatement";
  const char* const execute_call = with_catalog ? "executeStatementV2" : "executeStatement";
  for (;;) {
    Ground ground = open_ground(budget);
    Query query;
    query.strategy = ground.strategy;
    query.channel = std::move(ground.channel);
    query.session = std::move(ground.session);
    query.ticket = std::move(ground.ticket);
    query.generation = fork_state::generation();

    Answer answer = send(prepare_call, query.strategy, query.session, [&] {
      const CallHead head{query.strategy, {}, budget.call_deadline(options_.prepare_timeout)};
      return query.channel->prepare(head, query.session->id, sql, query.engine, query.id);
    });
    if (answer.ok()) {
      host().bind(query.ticket, query.id, query.engine);
      answer = send_about(query, execute_call, budget,
                          [](Channel& channel, const CallHead& head, const QueryName& name) {
                            return channel.execute(head, name);
                          });
      if (answer.ok()) {
        count(&Statistics::queries);
        close_left_lanes();
        return query;
      }
    }
    const SessionPtr session = query.session;
    forget(query);
    repeat_new_work(answer, session, budget);
  }
}

std::optional<Query> Link::adopt(const QueryHandle& handle) {
  check_fork();
  std::optional<Pin> pin = host().find_query(handle.query_id);
  if (!pin || pin->strategy == Strategy::kNone) return std::nullopt;
  Query query;
  query.strategy = pin->strategy;
  query.channel = lane(pin->strategy).channel();
  query.session = std::make_shared<const Session>(Session{handle.session_id});
  query.engine = std::move(pin->engine_address);
  query.id = handle.query_id;
  query.generation = fork_state::generation();
  return query;
}

}  // namespace e6::client
