#include "core/engine_core.h"

#include <algorithm>
#include <utility>

namespace e6::sim {
namespace {

constexpr int kInvalidArgument = 3;
constexpr int kNotFound = 5;

Refusal error(int code, std::string details) {
  return {Result::kError, code, std::move(details)};
}

}  // namespace

EngineCore::EngineCore(CoreOptions options, Clock clock, Observer observer)
    : options_(std::move(options)),
      clock_(std::move(clock)),
      observer_(std::move(observer)),
      started_(clock_()),
      machine_(options_.active),
      power_(options_.resume_takes),
      registry_(options_.salt, options_.engines_per_colour),
      counting_since_(started_) {
  described_ = describe();
}

std::variant<Ticket, Refusal> EngineCore::admit(const Call& call) {
  const std::lock_guard lock(mutex_);
  advance_to(clock_());
  const std::shared_ptr<Query> query = call.query_id.empty() ? nullptr : registry_.find_query(call.query_id);
  std::optional<Refusal> refusal = check_colour(call, query.get());
  if (!refusal && kind(call.method) != Kind::kCluster) refusal = check_engine();
  if (!refusal) refusal = faults_.error(call.method);
  if (!refusal) refusal = check_session(call, query.get());
  if (!refusal && kind(call.method) == Kind::kQuery) refusal = check_query(call, query.get());
  if (!refusal) refusal = check_hints(call, query.get());
  if (refusal) {
    ledger_.count_call(call.method, call.colour, refusal->result, call.pid);
    return *refusal;
  }
  Ticket ticket{*call.colour, machine_.generation(*call.colour), faults_.latency(call.method)};
  const auto at_step = static_cast<std::size_t>(step(call.method));
  const QueryHints* hints = query ? &query->hints : call.hints.get();
  ticket.latency +=
      hints != nullptr ? hints->latency[at_step].value_or(options_.takes[at_step]) : options_.takes[at_step];
  return ticket;
}

Refusal EngineCore::refuse_colour() {
  return wrong_colour(options_.refusal_style, machine_.active(), refusal_turn_++);
}

// Whether this colour takes this call at this time.
std::optional<Refusal> EngineCore::check_colour(const Call& call, const Query* query) {
  const bool about_query = kind(call.method) == Kind::kQuery;
  if (about_query && query != nullptr && call.colour && *call.colour != query->colour) {
    ++ledger_.totals.query_calls_on_other_colour;
    if (ends_query(call.method)) ++ledger_.totals.queries_finished_on_other_colour;
  }
  if (!call.colour) return refuse_colour();
  switch (machine_.admission(*call.colour)) {
    case Admission::kEverything:
      return std::nullopt;
    case Admission::kKnownQueries:
      if (about_query && query != nullptr && query->colour == *call.colour) return std::nullopt;
      return refuse_colour();
    case Admission::kNothing:
      break;
  }
  return refuse_colour();
}

std::optional<Refusal> EngineCore::check_engine() const {
  if (!power_.awake()) return suspended();
  if (faults_.denying()) return access_denied();
  return std::nullopt;
}

std::optional<Refusal> EngineCore::check_session(const Call& call, Query* query) {
  const Kind what = kind(call.method);
  if (what != Kind::kSession && what != Kind::kQuery) return std::nullopt;
  const Session* session = registry_.find_session(call.session_id);
  if (session == nullptr || session->colour != *call.colour) return access_denied();
  if (query == nullptr || query->session_id == session->id) return std::nullopt;
  if (!query->orphaned || query->user != session->user || query->colour != session->colour)
    return access_denied();
  query->session_id = session->id;
  query->orphaned = false;
  return std::nullopt;
}

std::optional<Refusal> EngineCore::check_query(const Call& call, const Query* query) {
  const std::string id(call.query_id);
  if (query == nullptr || query->colour != *call.colour) return error(kNotFound, "Query not found: " + id);
  if (!call.planner_ip.empty() && call.planner_ip != query->engine_ip) {
    ++ledger_.totals.engine_mismatches;
    return error(kInvalidArgument, "Query " + id + " is on engine " + query->engine_ip +
                                       ", but plannerip is " + std::string(call.planner_ip));
  }
  if (call.engine_ip != query->engine_ip) {
    ++ledger_.totals.engine_mismatches;
    return error(kInvalidArgument, "Query " + id + " is on engine " + query->engine_ip +
                                       ", but engineIP is '" + std::string(call.engine_ip) + "'");
  }
  return std::nullopt;
}

// The failure that a query's own text asks for, or has by mistake.
std::optional<Refusal> EngineCore::check_hints(const Call& call, const Query* query) const {
  if (!call.unreadable.empty()) return error(kInvalidArgument, call.unreadable);
  const QueryHints* hints = query != nullptr ? &query->hints : call.hints.get();
  if (hints == nullptr || hints->fail_step != step(call.method)) return std::nullopt;
  if (step(call.method) == Step::kFetch && query != nullptr && query->next_batch + 1 != hints->fail_batch) {
    return std::nullopt;
  }
  return error(hints->fail_code, "failed as the query asked: fail=" + std::string(name(*hints->fail_step)));
}

std::optional<Nanos> EngineCore::advance() {
  const std::lock_guard lock(mutex_);
  advance_to(clock_());
  return next_due();
}

std::optional<Nanos> EngineCore::next_due() const {
  std::optional<Nanos> due;
  const auto consider = [&due](std::optional<Nanos> at) {
    if (at) due = due ? std::min(*due, *at) : *at;
  };
  consider(machine_.next_due());
  consider(power_.next_due());
  consider(faults_.next_due());
  if (plan_next_ < options_.plan.size()) consider(started_ + options_.plan[plan_next_].at);
  return due;
}

// Everything due is done in the order of its time, each at its own instant, however late somebody looks.
void EngineCore::advance_to(Nanos now) {
  for (std::optional<Nanos> due = next_due(); due && *due <= now; due = next_due()) {
    machine_.advance(*due);
    power_.advance(*due);
    faults_.advance(*due);
    sweep();
    note(*due);
    while (plan_next_ < options_.plan.size() && started_ + options_.plan[plan_next_].at <= *due) {
      const PlannedCommand& planned = options_.plan[plan_next_++];
      const CommandResult result = apply(planned.command, *due);
      if (!result.ok && observer_.changed) {
        observer_.changed(*due - started_, "plan '" + planned.line + "' failed: " + result.text);
      }
    }
  }
}

// Drops what closed colours knew.
void EngineCore::sweep() {
  for (const Colour colour : {Colour::kBlue, Colour::kGreen}) {
    if (swept_[index(colour)] == machine_.generation(colour)) continue;
    swept_[index(colour)] = machine_.generation(colour);
    ledger_.totals.queries_lost += registry_.forget(colour);
  }
}

void EngineCore::note(Nanos at) {
  std::string now = describe();
  if (now == described_) return;
  described_ = std::move(now);
  if (observer_.changed) observer_.changed(at - started_, described_);
}

std::string EngineCore::describe() const {
  const std::string active(name(machine_.active()));
  const std::string from(name(machine_.from()));
  const std::string to(name(machine_.to()));
  std::string text = active + " is active";
  if (machine_.phase() == Phase::kAnnouncing) {
    text += machine_.rolling_back()
                ? ", rolling back: responses announce " + to + ", " + from + " still serves"
                : ", responses announce " + to + ", both serve";
  } else if (machine_.phase() == Phase::kDraining) {
    text += ", " + from + " drains: it serves only the queries it has";
  }
  if (machine_.flapping()) text += ", flapping";
  if (machine_.refusing_both()) text += ", both colours are refused";
  if (!power_.awake()) text += ", the cluster is " + std::string(name(power_.state()));
  if (faults_.denying()) text += ", access is denied";
  return text;
}

}  // namespace e6::sim
