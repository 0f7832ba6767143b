// A worker's work: what a client does with the host's knowledge, one call at a time.
#include "clock.h"
#include "world.h"

namespace e6::simulation {
namespace {

constexpr std::uint64_t kPatienceMs = 5'000;
using Outcome = Detection::Outcome;
using Stage = Worker::Stage;
using Call = Request::Call;

std::chrono::steady_clock::time_point at_once() { return std::chrono::steady_clock::now(); }

}  // namespace

void World::work(Worker& w) {
  if (w.request) {
    if (!w.request->answer) {
      if (w.stage == Stage::kRunning && random_.chance(15)) {  // a deadline passed; the query is given up, the answer still comes
        tell(&w, "gives up waiting for an answer");
        w.late = std::move(w.request);
        w.request.reset();
        return finish_query(w);
      }
      return answer(w, *w.request);
    }
    const Request done = *w.request;
    w.request.reset();
    return receive(w, done);
  }
  switch (w.stage) {
    case Stage::kIdle:
      return random_.chance(100) ? recheck(w) : start(w);
    case Stage::kWaiting:
      return wait(w);
    case Stage::kProbing:
      return send(w, Call::kAuthenticate, w.lease.order[w.tried]);
    case Stage::kRunning:
      // As libclient does: opening a session took a while, and new work does not go where the host no longer is.
      if (w.query.empty() && w.host->snapshot().active != w.colour) return finish_query(w);
      return send(w, w.query.empty() ? Call::kPrepare : w.fetches > 0 ? Call::kFetch : Call::kClear, w.ticket.strategy());
  }
}

void World::start(Worker& w) {
  expected_.tick();
  const std::uint32_t others = running();
  std::optional<QueryTicket> t = w.host->begin_query();
  expected_.begin(others, reaped_a_running_query());
  compare("a query began");
  if (t.has_value() != expected_.usable())
    return violated(t ? "a query was begun on a colour that the host knows to be wrong or expired" : "no query could be begun although a colour is usable");
  if (!t) {
    w.stage = Stage::kWaiting;
    w.gives_up_ms = now_ms() + kPatienceMs;
    return;
  }
  if (t->strategy() != expected_.colours().active) return violated("a query was begun on another colour than the active one");
  w.ticket = std::move(*t);
  w.colour = w.ticket.strategy();
  w.query.clear();
  w.ended_elsewhere = false;
  w.fetches = static_cast<std::uint32_t>(random_.below(4));
  w.stage = Stage::kRunning;
  ++figures_.queries;
  tell(&w, "begins a query on " + std::string(to_string(w.colour)));
}

void World::take_grant(Worker& w, const Detection& d) {
  ++figures_.probes;
  tell(&w, "may probe, " + std::string(to_string(d.lease.order[0])) + " first");
  if (d.lease.order[0] != expected_.first_to_try() || d.lease.order[1] != other(expected_.first_to_try()))
    violated("colours are to be probed in the wrong order");
  w.stage = Stage::kProbing;
  w.lease = d.lease;
  w.serial = expected_.grant()->serial;
  w.granted = expected_.last_tick();
  w.tried = 0;
}

// Asked anew at every turn: waiting itself is real time, which there is none of.
void World::wait(Worker& w) {
  expected_.tick();
  const auto before = expected_.grant();
  const Detection d = w.host->detect_begin(at_once());
  const Expectation::Claim claim = expected_.claim(w.number, false);
  (void)reaped_a_running_query();
  compare("a worker asked for the colour");
  switch (claim) {
    case Expectation::Claim::kUsable:
      if (d.outcome != Outcome::kUsable) return violated("a colour is usable, and a waiter is not told");
      w.stage = Stage::kIdle;
      return;
    case Expectation::Claim::kBothRefused:
      if (d.outcome == Outcome::kProbe) return violated("somebody probes although both colours were refused a moment ago");
      if (d.outcome != Outcome::kFailed) return violated("both colours were refused, and a waiter is not told");
      w.stage = Stage::kIdle;
      return;
    case Expectation::Claim::kHeld:
      if (d.outcome == Outcome::kProbe) return violated("two processes of the host probe at once");
      if (d.outcome != Outcome::kTimeout) return violated("a waiter got an answer that nobody gave");
      if (now_ms() >= w.gives_up_ms) w.stage = Stage::kIdle;
      return;
    case Expectation::Claim::kGranted:
      if (d.outcome != Outcome::kProbe) return violated("nobody holds the lease, and a waiter does not get it");
      if (before) ++figures_.take_overs;
      return take_grant(w, d);
  }
}

void World::recheck(Worker& w) {
  expected_.tick();
  const Snapshot s = w.host->snapshot();
  // the soft limit is 80 % of the TTL, with a jitter of 2 % for each process
  const std::uint64_t ttl_units = static_cast<std::uint64_t>(options_.ttl.count()) / 250;
  const std::uint64_t left = expected_.units_left();
  if (s.usable && (s.soft_expired ? left > ttl_units * 22 / 100 + 1 : left < ttl_units * 18 / 100)) return violated("the soft limit is not where it ought to be");
  const auto before = expected_.grant();
  const Detection d = w.host->detect_try();
  const Expectation::Claim claim = expected_.claim(w.number, s.soft_expired);
  compare("a worker looked whether the colour still holds");
  if ((d.outcome == Outcome::kProbe) != (claim == Expectation::Claim::kGranted))
    return violated(d.outcome == Outcome::kProbe ? "a probe that is not due was granted" : "a probe that is due was not granted");
  if (claim != Expectation::Claim::kGranted) return;
  if (before) ++figures_.take_overs;
  take_grant(w, d);
}

void World::send(Worker& w, Call call, Strategy colour) {
  if (w.stage == Stage::kRunning && colour != w.colour) return violated("a query changed its colour");
  if (call == Call::kPrepare && colour != expected_.colours().active) return violated("new work was sent to a colour that the host had left");
  Request r;
  r.call = call;
  r.colour = colour;
  r.epoch = w.host->snapshot().epoch;
  r.sent = expected_.tick();
  w.request = r;
  ++figures_.requests;
}

void World::answer(Worker& w, Request& r) {
  const bool about_running = r.call == Call::kFetch || r.call == Call::kClear;
  r.answer = about_running ? engine_.take_running(r.colour, random_) : engine_.take_new(r.colour, random_);
  if (r.answer->kind != Answer::Kind::kRefused) return;
  ++figures_.refusals;
  tell(&w, "is refused on " + std::string(to_string(r.colour)));
}

void World::receive(Worker& w, const Request& r) {
  if (w.stage == Stage::kProbing) return probe_on(w, r);
  hear(w, r);
  if (!violation_.empty()) return;
  if (r.answer->kind != Answer::Kind::kOk) return finish_query(w);
  switch (r.call) {
    case Call::kPrepare: {
      w.query = "query-" + std::to_string(++next_query_);
      if (const Error e = w.host->bind(w.ticket, w.query, "engine-" + w.query)) violated("a query cannot be bound: " + e.sentence());
      return;
    }
    case Call::kFetch:
      --w.fetches;
      return;
    case Call::kClear:
      return finish_query(w);
    case Call::kAuthenticate:
      return;
  }
}

// What an answer says about the colours, whoever still waits for it.
void World::hear(Worker& w, const Request& r) {
  if (r.answer->kind == Answer::Kind::kUnreachable) return;
  const Tick sent = r.sent;
  if (r.answer->kind == Answer::Kind::kRefused) {
    expected_.tick();
    const std::uint64_t changes = expected_.colours().changes;
    w.host->mismatch(r.colour, r.epoch);
    expected_.mismatch(r.colour, sent);
    if (changes == expected_.colours().changes) ++figures_.old_news;
    return compare("a refusal was reported");
  }
  expected_.tick();
  w.host->confirm(r.colour, r.epoch);
  expected_.confirm(r.colour, sent);
  compare("a success was reported");
  if (r.answer->announced == Strategy::kNone) return;
  expected_.tick();
  const std::uint32_t others = running();
  w.host->announce(r.answer->announced, r.epoch);
  expected_.announce(r.answer->announced, sent, others);
  compare("an announcement was reported");
}

void World::probe_on(Worker& w, const Request& r) {
  expected_.tick();
  const Strategy first = w.lease.order[0];
  switch (r.answer->kind) {
    case Answer::Kind::kOk:
      tell(&w, "found " + std::string(to_string(r.colour)));
      w.host->detect_succeed(w.lease, r.colour);
      expected_.succeed(w.serial, w.granted, r.colour, first);
      break;
    case Answer::Kind::kRefused:
      w.host->detect_refused(w.lease, r.colour);
      expected_.progress(w.serial);
      if (++w.tried < 2) return compare("a probe was refused");
      tell(&w, "found both refused");
      expected_.tick();
      w.host->detect_fail(w.lease, ProbeFailure::kBothRefused, 2);
      expected_.fail_both(w.serial, w.granted);
      break;
    case Answer::Kind::kUnreachable:
      tell(&w, "could not probe");
      if (random_.chance(500))
        w.host->detect_fail(w.lease, ProbeFailure::kUnreachable, 14);
      else
        w.host->detect_abandon(w.lease);
      expected_.give_back(w.serial);
      break;
  }
  w.stage = Stage::kIdle;
  compare("a probe ended");
}

void World::finish_query(Worker& w) {
  expected_.tick();
  const bool counts = !w.ended_elsewhere;
  w.stage = Stage::kIdle;
  w.query.clear();
  w.host->end_query(w.ticket);
  if (counts) expected_.end(running());
  compare("a query ended");
}

// Any process of the host may clear a query by its id.
void World::end_for_another(Worker& w) {
  Worker& other = *workers_[random_.below(workers_.size())];
  if (!other.running() || other.query.empty()) return;
  expected_.tick();
  tell(&w, "ends the query of worker " + std::to_string(other.number));
  if (!w.host->end_query(std::string_view(other.query))) return violated("a bound query cannot be ended by its id");
  other.ended_elsewhere = true;
  expected_.end(running());
  compare("a query was ended by its id");
  if (w.host->find_query(other.query)) violated("a query that was ended is still found");
}

}  // namespace e6::simulation
