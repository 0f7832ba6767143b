// What each call does once it has been let in and its latency is over.
#include "core/engine_core.h"

namespace e6::sim {
namespace {

constexpr int kFailedPrecondition = 9;
constexpr int kUnauthenticated = 16;

}  // namespace

Reply EngineCore::commit(const Call& call, const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  advance_to(clock_());
  Reply reply;
  reply.colour = ticket.colour;
  if (kind(call.method) != Kind::kCluster && ticket.generation != machine_.generation(ticket.colour)) {
    // The engine that let the call in is gone. It did nothing, so a repetition does nothing twice.
    reply.refusal = power_.awake() ? refuse_colour() : suspended();
  } else {
    reply.refusal = perform(call, ticket, reply);
    if (!reply.refusal) reply.refusal = faults_.error(call.method, Faults::When::kAfterTheWork);
  }
  ledger_.count_call(call.method, call.colour, reply.refusal ? reply.refusal->result : Result::kOk, call.pid);
  reply.new_strategy = machine_.announcement(ticket.colour);
  return reply;
}

std::optional<Refusal> EngineCore::perform(const Call& call, const Ticket& ticket, Reply& reply) {
  reply.session_id = call.session_id;
  switch (kind(call.method)) {
    case Kind::kCluster:
      return call_cluster(call, reply);
    case Kind::kQuery:
      return call_query(call, reply);
    case Kind::kOpen:
      if (call.method == Method::kAuthenticate) return authenticate(call, ticket, reply);
      return std::nullopt;
    case Kind::kSession:
      break;
  }
  const Session* session = registry_.find_session(call.session_id);
  if (session == nullptr) return access_denied();  // revoked since it arrived
  reply.engine_ip = session->engine_ip;
  if (step(call.method) == Step::kPrepare) {
    reply.query =
        registry_.add_query(*session, std::string(call.sql), call.hints ? *call.hints : QueryHints{});
    ++ledger_.totals.queries_prepared;
  } else if (call.method == Method::kDropUserContext) {
    registry_.remove_session(session->id);
  }
  return std::nullopt;
}

std::optional<Refusal> EngineCore::authenticate(const Call& call, const Ticket& ticket, Reply& reply) {
  if (call.user != options_.user || call.password != options_.password) {
    return Refusal{Result::kDenied, kUnauthenticated, "Wrong user or password"};
  }
  const Session& session = registry_.add_session(ticket.colour, std::string(call.user));
  reply.session_id = session.id;
  reply.engine_ip = session.engine_ip;
  return std::nullopt;
}

std::optional<Refusal> EngineCore::call_query(const Call& call, Reply& reply) {
  const std::shared_ptr<Query> query = registry_.find_query(call.query_id);
  if (query == nullptr) {  // cleared by another call since this one arrived
    return Refusal{Result::kError, 5, "Query not found: " + std::string(call.query_id)};
  }
  reply.query = query;
  reply.engine_ip = query->engine_ip;
  reply.executed = query->executed;
  const Step at = step(call.method);
  if (at == Step::kExecute) {
    if (query->executed) ++ledger_.totals.statements_executed_again;
    query->executed = true;
    ++ledger_.totals.queries_executed;
    if (query->changes_data) ledger_.count_execution(query->sql);
  } else if (at == Step::kClear) {
    registry_.remove_query(query->id);
    ++ledger_.totals.queries_finished;
  } else if (at == Step::kMetadata || at == Step::kFetch) {
    if (!query->executed) {
      return Refusal{Result::kError, kFailedPrecondition, "Query " + query->id + " has not been executed"};
    }
    if (at == Step::kFetch) return fetch(*query, reply);
  }
  return std::nullopt;
}

std::optional<Refusal> EngineCore::fetch(Query& query, Reply& reply) {
  const QueryHints& hints = query.hints;
  const std::int64_t batch = query.next_batch;
  if (batch >= hints.batches) return std::nullopt;
  ++query.next_batch;
  // Rows are spread evenly: no batch but the end is empty.
  reply.first_row = hints.rows * batch / hints.batches;
  reply.rows = hints.rows * (batch + 1) / hints.batches - reply.first_row;
  ++ledger_.totals.batches_sent;
  ledger_.totals.rows_sent += static_cast<std::uint64_t>(reply.rows);
  return std::nullopt;
}

std::optional<Refusal> EngineCore::call_cluster(const Call& call, Reply& reply) {
  if (call.user != options_.user || call.password != options_.password) {
    return Refusal{Result::kDenied, kUnauthenticated, "Wrong user or password"};
  }
  if (call.method == Method::kClusterResume) {
    power_.resume(clock_());
  } else if (call.method == Method::kClusterSuspend && power_.awake()) {
    Command command;
    command.verb = Verb::kSuspend;
    apply(command, clock_());
  }
  note(clock_());
  reply.cluster_state = name(power_.state());
  return std::nullopt;
}

}  // namespace e6::sim
