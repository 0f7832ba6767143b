#include "client.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "ledger.h"
#include "os/clock.h"

namespace e6::soak {
namespace {

constexpr std::size_t kOpen = 6;

std::string shared_name(const char* what, std::uint32_t life, std::uint32_t number) {
  return std::string(what) + "-" + std::to_string(life) + "-" + std::to_string(number);
}

}  // namespace

Self::Self(Area& where, std::shared_ptr<Coordinator> inherited) : area(where), random(0, 0), coordinator(std::move(inherited)) { begin_life(); }

void Self::begin_life() {
  number = area.begin_life();
  life = &area.life(number);
  random = Random(area->seed, number);
}

void Client::hand_back() {
  for (Open& open : open_) self_.coordinator->end_query(std::move(open.ticket));
}

void Client::change() {
  switch (self_.random.below(6)) {
    case 0: case 1: case 2:
      return operate();
    case 3:
      return mismatch(false);
    case 4:
      return announce();
    default:
      return self_.random.one_in(2) ? begin() : end(0);
  }
}

void Client::something() {
  switch (self_.random.below(24)) {
    case 0: case 1: case 2: case 3: case 4: case 5:
      return begin();
    case 6: case 7: case 8: case 9:
      return end(self_.random.below(kOpen));
    case 10:
      return look_for_another(false);
    case 11:
      return look_for_another(true);
    case 12: case 13:
      return confirm();
    case 14: case 15:
      return announce();
    case 16:
      return mismatch(true);
    case 17:
      if (self_.random.one_in(8)) return mismatch(false);
      return confirm();
    case 18:
      return detect();
    case 19:
      return resume();
    case 20:
      return operate();
    case 21:
      return read();
    default:
      if (!self_.coordinator->snapshot().usable) return detect();
      return begin();
  }
}

void Client::begin() {
  if (open_.size() >= kOpen) return end(0);
  Open open;
  {
    Step step(self_.area, *self_.life, Doing::kBegin);
    auto ticket = self_.coordinator->begin_query();
    step.done(ticket ? Counter::kHits : Counter::kMisses);
    if (!ticket) return;
    open.ticket = std::move(*ticket);
    step.done(Counter::kQueriesBegun);
  }
  epoch_ = open.ticket.epoch();
  colour_ = open.ticket.strategy();
  const std::uint32_t next = self_.life->shared_queries.load(std::memory_order_relaxed);
  const bool share = next < kSharedQueries && self_.random.one_in(2);
  if (share || self_.random.one_in(2)) {
    Step step(self_.area, *self_.life, Doing::kBind);
    const std::string name = share ? shared_name("query", self_.number, next) : "private-" + std::to_string(self_.number);
    const Error e = self_.coordinator->bind(open.ticket, name, shared_name("engine", self_.number, next));
    if (share && !e) {
      open.shared = static_cast<int>(next);
      self_.life->shared_queries.store(next + 1, std::memory_order_relaxed);
    }
    if (e && e.cause != Cause::kFull && e.cause != Cause::kUnknown) self_.area.complain("life %u could not bind: %s", self_.number, e.sentence().c_str());
  }
  open_.push_back(std::move(open));
}

void Client::end(std::size_t which) {
  if (which >= open_.size()) return;
  Open open = std::move(open_[which]);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
  Step step(self_.area, *self_.life, Doing::kEnd);
  self_.coordinator->end_query(std::move(open.ticket));
  if (open.shared < 0)
    step.done(Counter::kQueriesEnded);
  else
    self_.life->marks[open.shared].fetch_or(kEndedByOwner, std::memory_order_release);
}
void Client::end_all() {
  while (!open_.empty()) end(open_.size() - 1);
}

void Client::look_for_another(bool end_it) {
  const std::uint32_t used = self_.area.used_lives();
  const std::uint32_t other = used - 1 - std::min(self_.random.below(64), used - 1);
  const std::uint32_t queries = self_.area.life(other).shared_queries.load(std::memory_order_relaxed);
  if (queries == 0) return;
  const std::uint32_t query = queries - 1 - std::min(self_.random.below(static_cast<std::uint32_t>(kOpen)), queries - 1);
  const std::string name = shared_name("query", other, query);
  if (end_it) {
    Step step(self_.area, *self_.life, Doing::kEndById);
    if (!self_.coordinator->end_query(name)) return;
    const std::uint8_t before = self_.area.life(other).marks[query].fetch_or(kEndedByAnother, std::memory_order_acq_rel);
    if ((before & kEndedByAnother) != 0) self_.area.complain("query %s was ended by two others", name.c_str());
    return;
  }
  Step step(self_.area, *self_.life, Doing::kFind);
  const auto pin = self_.coordinator->find_query(name);
  if (!pin) return;
  if (pin->engine_address != shared_name("engine", other, query) || pin->strategy == Strategy::kNone)
    self_.area.complain("query %s was found torn: at %s", name.c_str(), pin->engine_address.c_str());
}

void Client::confirm() {
  const Snapshot s = self_.coordinator->snapshot();
  Step step(self_.area, *self_.life, Doing::kConfirm);
  self_.coordinator->confirm(s.active, s.epoch);
}

void Client::announce() {
  const Snapshot s = self_.coordinator->snapshot();
  if (s.active == Strategy::kNone) return;
  Step step(self_.area, *self_.life, Doing::kAnnounce);
  if (self_.coordinator->announce(self_.random.one_in(3) ? s.active : other(s.active), s.epoch)) step.done(Counter::kAnnouncements);
}

void Client::mismatch(bool late) {
  const Snapshot s = self_.coordinator->snapshot();
  Step step(self_.area, *self_.life, Doing::kMismatch);
  (void)self_.coordinator->mismatch(late ? colour_ : s.active, late ? epoch_ : s.epoch);
  step.done(Counter::kMismatches);
}

void Client::detect() {
  Detection d;
  {
    Step step(self_.area, *self_.life, Doing::kDetect);
    const auto deadline = os::steady_now() + std::chrono::milliseconds(self_.random.below(300));
    d = self_.random.one_in(3) ? self_.coordinator->detect_try() : self_.coordinator->detect_begin(deadline);
    if (d.outcome == Detection::Outcome::kProbe) step.done(Counter::kDetections);
    note_lateness(step, deadline);
  }
  if (d.outcome == Detection::Outcome::kProbe) probe(d.lease);
}

void Client::probe(const DetectionLease& lease) {
  if (self_.random.one_in(2)) ::usleep(self_.random.below(2000));
  if (self_.random.one_in(2)) self_.coordinator->detect_extend(lease);
  if (self_.random.one_in(3)) {
    Step step(self_.area, *self_.life, Doing::kRefused);
    self_.coordinator->detect_refused(lease, lease.order[0]);
    step.done(Counter::kRefusedProbes);
  }
  const std::uint32_t dice = self_.random.below(40);
  if (dice < 4) {
    Step step(self_.area, *self_.life, Doing::kFail);
    self_.coordinator->detect_fail(lease, dice == 0 ? ProbeFailure::kBothRefused : ProbeFailure::kUnreachable, 14);
    step.done(Counter::kDetectionsFailed);
  } else if (dice < 6) {
    Step step(self_.area, *self_.life, Doing::kAbandon);
    self_.coordinator->detect_abandon(lease);
  } else {
    Step step(self_.area, *self_.life, Doing::kSucceed);
    (void)self_.coordinator->detect_succeed(lease, lease.order[dice % 2]);
  }
}

void Client::resume() {
  ResumeLease lease;
  ResumeOutcome outcome;
  {
    Step step(self_.area, *self_.life, Doing::kResume);
    const auto deadline = os::steady_now() + std::chrono::milliseconds(self_.random.below(50));
    outcome = self_.coordinator->resume_begin(deadline, lease);
    if (outcome == ResumeOutcome::kResume) step.done(Counter::kResumes);
    note_lateness(step, deadline);
  }
  if (outcome != ResumeOutcome::kResume) return;
  if (self_.random.one_in(2)) ::usleep(self_.random.below(1000));
  Step step(self_.area, *self_.life, Doing::kResumeEnd);
  if (self_.random.one_in(2)) self_.coordinator->resume_extend(lease);
  if (self_.random.one_in(4)) return self_.coordinator->resume_abandon(lease);
  self_.coordinator->resume_end(lease, self_.random.one_in(2));
}

void Client::note_lateness(const Step& step, os::SteadyTime deadline) {
  const auto late = std::chrono::duration_cast<std::chrono::microseconds>(os::steady_now() - deadline).count();
  if (late > 0 && step.undisturbed()) raise_to(self_.area->late_us, static_cast<std::uint64_t>(late));
}

void Client::operate() {
  Step step(self_.area, *self_.life, Doing::kOperate);
  switch (self_.random.below(16)) {
    case 0: case 1: case 2:
      (void)self_.coordinator->set(self_.random.one_in(2) ? Strategy::kBlue : Strategy::kGreen);
      return;
    case 3:
      (void)self_.coordinator->clear();
      return;
    case 4:
      (void)self_.coordinator->expire();
      return;
    default:
      (void)self_.coordinator->apply();
  }
}

void Client::read() {
  Step step(self_.area, *self_.life, Doing::kRead);
  if (self_.random.one_in(2)) {
    (void)self_.coordinator->in_flight();
    return;
  }
  const auto events = self_.coordinator->recent_events(64);
  for (std::size_t i = 1; i < events.size(); ++i)
    if (events[i].sequence <= events[i - 1].sequence) self_.area.complain("life %u read events out of order", self_.number);
}

}  // namespace e6::soak
