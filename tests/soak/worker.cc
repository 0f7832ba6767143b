#include "worker.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "../crash/access.h"
#include "core/attachment.h"
#include "ledger.h"
#include "os/process_mark.h"
#include "random.h"

namespace e6::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFarAhead = 300;        // events that may be unread; the ring has 1024 places
constexpr std::uint64_t kAbandonedMs = 20'000;  // without a sign of the conductor
constexpr std::size_t kOpen = 6;

std::string shared_name(const char* what, std::uint32_t life, std::uint32_t number) {
  return std::string(what) + "-" + std::to_string(life) + "-" + std::to_string(number);
}

/// A timer will kill the process; until then it does what the kill is to fall into.
enum class Timed : std::uint8_t { kNot, kComesAndGoes, kHectic };

class Worker {
 public:
  Worker(Area& area, std::shared_ptr<Coordinator> inherited)
      : area_(area), number_(area.begin_life()), life_(&area.life(number_)), random_(area->seed, number_), c_(std::move(inherited)) {}

  void run() {
    attach();
    for (;;) {
      if (area_->stop.load(std::memory_order_relaxed) != 0) finish();
      if (os::monotonic_ms() > area_->conductor_ms.load(std::memory_order_relaxed) + kAbandonedMs) ::_exit(3);
      obey(static_cast<Command>(life_->command.exchange(0, std::memory_order_relaxed)));
      if (too_far_ahead()) {
        ::usleep(300);
        continue;
      }
      life_->position.store(written(), std::memory_order_relaxed);
      work();
      note();
      if (timed_ == Timed::kNot && random_.one_in(4)) ::usleep(random_.below(3000));
    }
  }

 private:
  struct Open {
    QueryTicket ticket;
    int shared = -1;  // its number among the queries that others may end
  };

  [[nodiscard]] std::uint64_t written() const noexcept {
    const layout::Segment* segment = crash::attachment_of(*c_).segment;
    return segment == nullptr ? 0 : segment->event_head.written.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool too_far_ahead() const noexcept {
    return written() > area_->read_position.load(std::memory_order_relaxed) + kFarAhead;
  }

  void attach() {
    Step step(area_, *life_, Doing::kAttach);
    if (c_ == nullptr) {
      auto attached = Coordinator::attach(worker_options(area_, random_.next()));
      if (!attached.coordinator) {
        area_.complain("life %u could not attach: %s", number_, attached.error.sentence().c_str());
        ::_exit(3);
      }
      c_ = std::move(attached.coordinator);
    }
    if (c_->mode() == Mode::kFallback) area_.complain("life %u works without a segment: %s", number_, c_->degraded_by().sentence().c_str());
    note();
  }

  // Who am I, and do the others still think so?
  void note() {
    const core::Attachment& a = crash::attachment_of(*c_);
    if (a.process.load(std::memory_order_relaxed) != os::process_generation()) return;
    life_->guest.store(a.has_slot() ? 0 : 1, std::memory_order_relaxed);
    if (a.segment == nullptr || !a.has_slot()) {
      if (incarnation_ == 0) area_->guests.fetch_add(1, std::memory_order_relaxed);
      if (incarnation_ != 0) area_.complain("life %u has lost its slot", number_);
      incarnation_ = 0;
      return;
    }
    const std::uint64_t incarnation = a.incarnation.load(std::memory_order_relaxed);
    if (incarnation != incarnation_) {
      incarnation_ = incarnation;
      Incarnation& entry = area_.incarnation(incarnation);
      entry.stay.store(static_cast<std::uint32_t>(Stay::kJoined), std::memory_order_relaxed);
      entry.life_plus_one.store(number_ + 1, std::memory_order_release);  // pairs with the historian's acquire
    }
    const std::uint64_t tag = a.self().tag.load(std::memory_order_acquire);
    if (tag != layout::pack_tag(incarnation, layout::Phase::kReady))
      area_.complain("false death: life %u lives, and its slot says incarnation %llu phase %llu instead of %llu", number_,
                     static_cast<unsigned long long>(layout::incarnation_of(tag)), static_cast<unsigned long long>(layout::phase_of(tag)),
                     static_cast<unsigned long long>(incarnation));
  }

  void leave() {
    if (incarnation_ != 0) area_.incarnation(incarnation_).stay.store(static_cast<std::uint32_t>(Stay::kLeaving), std::memory_order_release);
    const bool keep = random_.one_in(2);  // tickets that outlive the coordinator end with it, for the host
    if (!keep) end_all();
    Step step(area_, *life_, Doing::kLeave);
    c_.reset();
    open_.clear();
    const bool slowly = step.elapsed_us() > 90'000;
    if (incarnation_ != 0)
      area_.incarnation(incarnation_).stay.store(static_cast<std::uint32_t>(slowly ? Stay::kLeftSlowly : Stay::kLeft), std::memory_order_release);
    incarnation_ = 0;
  }

  /// False if the conductor was faster: then death is on its way.
  bool decide(Fate fate) {
    std::uint32_t living = static_cast<std::uint32_t>(Fate::kLiving);
    return life_->fate.compare_exchange_strong(living, static_cast<std::uint32_t>(fate), std::memory_order_acq_rel);
  }
  [[noreturn]] static void await_death() {
    for (;;) ::pause();
  }

  [[noreturn]] void finish() {
    leave();
    if (!decide(Fate::kFinished)) await_death();
    ::_exit(0);
  }

  void obey(Command command) {
    switch (command) {
      case Command::kNone:
        return;
      case Command::kFork:
        if (::fork() == 0) become_child();
        return;
      case Command::kForkTwice:  // the one in between ends at once, without ever having been a participant
        if (::fork() != 0) return;
        if (::fork() != 0) ::_exit(0);
        become_child();
        return;
      case Command::kExec: {
        if (!decide(Fate::kExecs)) await_death();
        const std::string fd = std::to_string(area_.fd());
        ::execl("/proc/self/exe", "soak", "worker", fd.c_str(), static_cast<char*>(nullptr));
        area_.complain("life %u could not exec", number_);
        ::_exit(3);
      }
      case Command::kVanish:
        if (!decide(Fate::kVanishes)) await_death();
        ::_exit(0);
      case Command::kReturn:
        leave();
        attach();
        return;
      case Command::kTime: {
        if (!decide(Fate::kTimed)) await_death();
        const bool hectic = random_.one_in(2);
        timed_ = hectic ? Timed::kHectic : Timed::kComesAndGoes;
        set_timer(std::chrono::nanoseconds(1000 + random_.below(hectic ? 100'000 : 1'000'000)));
        return;
      }
      case Command::kCount:
        return;
    }
  }

  // A kill that comes in the midst of work, which one from outside seldom does: most of the time a process sleeps, or waits for a processor.
  void set_timer(std::chrono::nanoseconds after) {
    sigevent kill = {};
    kill.sigev_notify = SIGEV_SIGNAL;
    kill.sigev_signo = SIGKILL;
    timer_t timer = nullptr;
    itimerspec when = {};
    when.it_value.tv_nsec = after.count();
    if (::timer_create(CLOCK_MONOTONIC, &kill, &timer) != 0 || ::timer_settime(timer, 0, &when, nullptr) != 0) {
      area_.complain("life %u could not set its timer", number_);
      ::_exit(3);
    }
  }

  void become_child() {
    number_ = area_.begin_life();
    life_ = &area_.life(number_);
    random_ = Random(area_->seed, number_);
    incarnation_ = 0;
    timed_ = Timed::kNot;  // a timer stays with the parent
    // the parent's tickets: whether handed back or dropped, before or after the coordinator, they have no effect
    if (random_.one_in(2))
      for (Open& open : open_) c_->end_query(std::move(open.ticket));
    if (random_.one_in(3)) c_.reset();
    open_.clear();
    attach();
  }

  void work() {
    if (timed_ == Timed::kComesAndGoes && random_.one_in(3)) return obey(Command::kReturn);
    if (timed_ == Timed::kHectic) return change();
    something();
  }

  // What commits to the hot word and records events, and nothing that waits.
  void change() {
    switch (random_.below(6)) {
      case 0: case 1: case 2:
        return operate();
      case 3:
        return mismatch(false);
      case 4:
        return announce();
      default:
        return random_.one_in(2) ? begin() : end(0);
    }
  }

  void something() {
    switch (random_.below(24)) {
      case 0: case 1: case 2: case 3: case 4: case 5:
        return begin();
      case 6: case 7: case 8: case 9:
        return end(random_.below(kOpen));
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
        if (random_.one_in(8)) return mismatch(false);
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
        if (!c_->snapshot().usable) return detect();
        return begin();
    }
  }

  void begin() {
    if (open_.size() >= kOpen) return end(0);
    Open open;
    {
      Step step(area_, *life_, Doing::kBegin);
      auto ticket = c_->begin_query();
      step.done(ticket ? Counter::kHits : Counter::kMisses);
      if (!ticket) return;
      open.ticket = std::move(*ticket);
      step.done(Counter::kQueriesBegun);
    }
    epoch_ = open.ticket.epoch();
    colour_ = open.ticket.strategy();
    const std::uint32_t next = life_->shared_queries.load(std::memory_order_relaxed);
    const bool share = next < kSharedQueries && random_.one_in(2);
    if (share || random_.one_in(2)) {
      Step step(area_, *life_, Doing::kBind);
      const std::string name = share ? shared_name("query", number_, next) : "private-" + std::to_string(number_);
      const Error e = c_->bind(open.ticket, name, shared_name("engine", number_, next));
      if (share && !e) {
        open.shared = static_cast<int>(next);
        life_->shared_queries.store(next + 1, std::memory_order_relaxed);
      }
      if (e && e.cause != Cause::kFull && e.cause != Cause::kUnknown) area_.complain("life %u could not bind: %s", number_, e.sentence().c_str());
    }
    open_.push_back(std::move(open));
  }

  void end(std::size_t which) {
    if (which >= open_.size()) return;
    Open open = std::move(open_[which]);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    Step step(area_, *life_, Doing::kEnd);
    c_->end_query(std::move(open.ticket));
    if (open.shared < 0)
      step.done(Counter::kQueriesEnded);
    else
      life_->marks[open.shared].fetch_or(kEndedByOwner, std::memory_order_release);
  }
  void end_all() {
    while (!open_.empty()) end(open_.size() - 1);
  }

  void look_for_another(bool end_it) {
    const std::uint32_t used = area_.used_lives();
    const std::uint32_t other = used - 1 - std::min(random_.below(64), used - 1);
    const std::uint32_t queries = area_.life(other).shared_queries.load(std::memory_order_relaxed);
    if (queries == 0) return;
    const std::uint32_t query = queries - 1 - std::min(random_.below(static_cast<std::uint32_t>(kOpen)), queries - 1);
    const std::string name = shared_name("query", other, query);
    if (end_it) {
      Step step(area_, *life_, Doing::kEndById);
      if (!c_->end_query(name)) return;
      const std::uint8_t before = area_.life(other).marks[query].fetch_or(kEndedByAnother, std::memory_order_acq_rel);
      if ((before & kEndedByAnother) != 0) area_.complain("query %s was ended by two others", name.c_str());
      return;
    }
    Step step(area_, *life_, Doing::kFind);
    const auto pin = c_->find_query(name);
    if (!pin) return;
    if (pin->engine_address != shared_name("engine", other, query) || pin->strategy == Strategy::kNone)
      area_.complain("query %s was found torn: at %s", name.c_str(), pin->engine_address.c_str());
  }

  void confirm() {
    const Snapshot s = c_->snapshot();
    Step step(area_, *life_, Doing::kConfirm);
    c_->confirm(s.active, s.epoch);
  }

  void announce() {
    const Snapshot s = c_->snapshot();
    if (s.active == Strategy::kNone) return;
    Step step(area_, *life_, Doing::kAnnounce);
    if (c_->announce(random_.one_in(3) ? s.active : other(s.active), s.epoch)) step.done(Counter::kAnnouncements);
  }

  void mismatch(bool late) {
    const Snapshot s = c_->snapshot();
    Step step(area_, *life_, Doing::kMismatch);
    (void)c_->mismatch(late ? colour_ : s.active, late ? epoch_ : s.epoch);
    step.done(Counter::kMismatches);
  }

  void detect() {
    Detection d;
    {
      Step step(area_, *life_, Doing::kDetect);
      const auto deadline = os::steady_now() + std::chrono::milliseconds(random_.below(300));
      d = random_.one_in(3) ? c_->detect_try() : c_->detect_begin(deadline);
      if (d.outcome == Detection::Outcome::kProbe) step.done(Counter::kDetections);
      note_lateness(step, deadline);
    }
    if (d.outcome == Detection::Outcome::kProbe) probe(d.lease);
  }

  void probe(const DetectionLease& lease) {
    if (random_.one_in(2)) ::usleep(random_.below(2000));
    if (random_.one_in(3)) {
      Step step(area_, *life_, Doing::kRefused);
      c_->detect_refused(lease, lease.order[0]);
      step.done(Counter::kRefusedProbes);
    }
    const std::uint32_t dice = random_.below(40);
    if (dice < 4) {
      Step step(area_, *life_, Doing::kFail);
      c_->detect_fail(lease, dice == 0 ? ProbeFailure::kBothRefused : ProbeFailure::kUnreachable, 14);
      step.done(Counter::kDetectionsFailed);
    } else if (dice < 6) {
      Step step(area_, *life_, Doing::kAbandon);
      c_->detect_abandon(lease);
    } else {
      Step step(area_, *life_, Doing::kSucceed);
      (void)c_->detect_succeed(lease, lease.order[dice % 2]);
    }
  }

  void resume() {
    ResumeLease lease;
    ResumeOutcome outcome;
    {
      Step step(area_, *life_, Doing::kResume);
      const auto deadline = os::steady_now() + std::chrono::milliseconds(random_.below(50));
      outcome = c_->resume_begin(deadline, lease);
      if (outcome == ResumeOutcome::kResume) step.done(Counter::kResumes);
      note_lateness(step, deadline);
    }
    if (outcome != ResumeOutcome::kResume) return;
    if (random_.one_in(2)) ::usleep(random_.below(1000));
    Step step(area_, *life_, Doing::kResumeEnd);
    c_->resume_end(lease, random_.one_in(2));
  }

  void note_lateness(const Step& step, os::SteadyTime deadline) {
    const auto late = std::chrono::duration_cast<std::chrono::microseconds>(os::steady_now() - deadline).count();
    if (late > 0 && step.undisturbed()) raise_to(area_->late_us, static_cast<std::uint64_t>(late));
  }

  void operate() {
    Step step(area_, *life_, Doing::kOperate);
    switch (random_.below(16)) {
      case 0: case 1: case 2:
        (void)c_->set(random_.one_in(2) ? Strategy::kBlue : Strategy::kGreen);
        return;
      case 3:
        (void)c_->clear();
        return;
      case 4:
        (void)c_->expire();
        return;
      default:
        (void)c_->apply();
    }
  }

  void read() {
    Step step(area_, *life_, Doing::kRead);
    if (random_.one_in(2)) {
      (void)c_->in_flight();
      return;
    }
    const auto events = c_->recent_events(64);
    for (std::size_t i = 1; i < events.size(); ++i)
      if (events[i].sequence <= events[i - 1].sequence) area_.complain("life %u read events out of order", number_);
  }

  Area& area_;
  std::uint32_t number_;
  Life* life_;
  Random random_;
  std::shared_ptr<Coordinator> c_;
  std::vector<Open> open_;
  Timed timed_ = Timed::kNot;
  std::uint64_t incarnation_ = 0;
  Epoch epoch_;           // of an earlier query: what comes late
  Strategy colour_ = Strategy::kBlue;
};

}  // namespace

Options worker_options(const Area& area, std::uint64_t mix) {
  constexpr TransitionPolicy kPolicies[] = {TransitionPolicy::kOnCompletion, TransitionPolicy::kNextQuery, TransitionPolicy::kWhenIdle};
  Options o;
  o.cluster = "soak:1";
  o.directory = area->directory;
  o.ttl = 60s;
  o.negative_ttl = 100ms;
  o.detection_timeout = 1s;
  o.drain_timeout = 1s;
  o.policy = kPolicies[mix % 3];
  o.required = true;
  return o;
}

void run_worker(Area& area, std::shared_ptr<Coordinator> inherited) {
  Worker(area, std::move(inherited)).run();
  ::_exit(0);
}

}  // namespace e6::soak
