#include "operations.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/repair.h"
#include "e6/shared/coordinator.h"
#include "e6/shared/inspect.h"
#include "finding.h"
#include "virtual_time.h"

namespace e6::fuzz {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// What the public header promises for one lock is 100 ms. An operation that comes upon a broken segment takes several: it gives that one up, attaches
// to the next and may find that one broken as well.
constexpr std::chrono::nanoseconds kBound = 1s;
constexpr auto kDeadline = 30ms;

/// A robust lock that is left behind is in the thread's list. One that is forgotten there and unmapped would be written to when the thread ends.
void expect_no_lock(const char* where) {
  robust_list_head* head = nullptr;
  std::size_t size = 0;
  if (::syscall(SYS_get_robust_list, 0, &head, &size) != 0 || head == nullptr) return;
  if (head->list.next != &head->list) finding(std::string("a lock is still held after ") + where);
}

void expect_sound(const Snapshot& s, const char* where) {
  const bool colour = s.active <= Strategy::kGreen && s.pending <= Strategy::kGreen;
  if (!colour || (s.usable && s.active == Strategy::kNone) || s.remaining_ms > 1'801'000)
    finding(std::string("an impossible snapshot after ") + where);
}

/// A coordinator and what a client of it holds.
class Client {
 public:
  Client(Stage& stage, const Plan& plan) : stage_(stage), plan_(plan) {}

  void run() {
    timed("attach", [&] { coordinator_ = Coordinator::attach(stage_.options(plan_.policy)).coordinator; });
    if (!coordinator_) finding("attach gave neither a coordinator nor a fallback");
    look();
    std::minstd_rand order(plan_.order + 1U);
    std::vector<int> turns;
    for (int i = 0; i < 2 * kOperations; ++i) turns.push_back(i % kOperations);
    for (std::size_t i = turns.size() - 1; i > 0 && plan_.order != 0; --i) std::swap(turns[i], turns[order() % (i + 1)]);
    for (std::size_t i = 0; i < turns.size(); ++i) {
      if (i == turns.size() / 4) stage_.change(plan_.running);
      act(turns[i]);
    }
    overcome();
    look();
    timed("leave", [&] {
      tickets_.clear();
      coordinator_.reset();
    });
  }

 private:
  static constexpr int kOperations = 22;

  template <typename Body>
  void timed(const char* name, const Body& body, std::chrono::nanoseconds bound = kBound) {
    const auto before = VirtualTime::passed();
    body();
    if (VirtualTime::passed() - before > bound)
      finding(std::string(name) + " waited for " + std::to_string((VirtualTime::passed() - before) / 1ms) + " ms");
    expect_no_lock(name);
  }

  void look(bool events = true) {
    timed("reading", [&] {
      expect_sound(coordinator_->snapshot(), "attach or an operation");
      for (const char* id : {"query-0", "query-4", "query-13", "nobody"})
        if (const auto pin = coordinator_->find_query(id); pin && pin->engine_address.size() > layout::kMaxEngine)
          finding("find_query gave an engine address that is too long");
      (void)coordinator_->in_flight();
      if (!events) return;
      if (coordinator_->recent_events(7).size() > 7 || coordinator_->recent_events(~std::size_t{0}).size() > layout::kEventSlots)
        finding("recent_events gave more than were asked for, or than there is room for");
      for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(Counter::kCount); ++i) (void)coordinator_->counter(static_cast<Counter>(i));
      (void)coordinator_->mode();
      (void)coordinator_->degraded_by().sentence();
      (void)coordinator_->path();
    });
  }

  void detected(const Detection& d, int how) {
    if (d.outcome != Detection::Outcome::kProbe) return;
    Coordinator& c = *coordinator_;
    c.detect_refused(d.lease, d.lease.order[0]);
    c.detect_extend(d.lease);
    switch (how) {
      case 0:
        (void)c.detect_succeed(d.lease, d.lease.order[1]);
        break;
      case 1:
        c.detect_fail(d.lease, ProbeFailure::kBothRefused, 16);
        break;
      case 2:
        c.detect_fail(d.lease, ProbeFailure::kUnreachable, 14);
        break;
      default:
        c.detect_abandon(d.lease);
    }
  }

  void act(int which) {
    Coordinator& c = *coordinator_;
    const Snapshot now = c.snapshot();
    switch (which) {
      case 0:
      case 1:
        return timed("begin_query", [&] {
          if (auto t = c.begin_query()) tickets_.push_back(std::move(*t));
        });
      case 2:
        return timed("begin_query_on", [&] { tickets_.push_back(c.begin_query_on(Strategy::kGreen, now.epoch)); });
      case 3:
      case 4:
        return timed("bind", [&] {
          if (!tickets_.empty()) (void)c.bind(tickets_.back(), "mine-" + std::to_string(tickets_.size()), std::string(layout::kMaxEngine, 'e'));
        });
      case 5:
        return timed("end_query", [&] {
          if (tickets_.empty()) return;
          c.end_query(std::move(tickets_.front()));
          tickets_.erase(tickets_.begin());
        });
      case 6:
        return timed("end_query by id", [&] {
          (void)c.end_query("query-1");
          (void)c.end_query("mine-1");
        });
      case 7:
        return timed("announce", [&] { (void)c.announce(other(now.active), now.epoch); });
      case 8:
        return timed("announce", [&] { (void)c.announce(now.active, now.epoch); });
      case 9:
        return timed("confirm", [&] { c.confirm(now.active, now.epoch); });
      case 10:
        return timed("mismatch", [&] { (void)c.mismatch(now.active, now.epoch); });
      case 11:
      case 12:
      case 13: {
        Detection d;
        timed("detect_begin", [&] { d = c.detect_begin(SteadyClock::now() + kDeadline); });
        return timed("the end of a detection", [&] { detected(d, which - 11); });
      }
      case 14: {
        Detection d;
        timed("detect_try", [&] { d = c.detect_try(); });
        return timed("the end of a detection", [&] { detected(d, 3); });
      }
      case 15: {
        ResumeLease lease;
        timed("resume_begin", [&] { (void)c.resume_begin(SteadyClock::now() + kDeadline, lease); });
        timed("resume_extend", [&] { c.resume_extend(lease); });
        if (now.pending == now.active) return timed("resume_abandon", [&] { c.resume_abandon(lease); });
        if (now.soft_expired) return timed("resume_not_needed", [&] { c.resume_not_needed(lease); });
        return timed("resume_end", [&] { c.resume_end(lease, now.usable); });
      }
      case 16:
        return timed("set", [&] { (void)c.set(Strategy::kBlue); });
      case 17:
        return timed("clear", [&] { (void)c.clear(); });
      case 18:
        return timed("apply", [&] { (void)c.apply(); });
      case 19:
        return timed("expire", [&] { (void)c.expire(); });
      case 20:
        return look(false);
      default:  // the name and the dead are looked at once a second
        VirtualTime::advance(1100ms);
        return timed("begin_query after a second", [&] {
          if (auto t = c.begin_query()) tickets_.push_back(std::move(*t));
        });
    }
  }

  /// Whatever it was, an operator's word ends it.
  void overcome() {
    timed("set", [&] { (void)coordinator_->set(Strategy::kGreen); });
    const Snapshot s = coordinator_->snapshot();
    if (s.active != Strategy::kGreen || !s.usable) finding("a colour was set and is not usable");
    timed("begin_query", [&] {
      auto t = coordinator_->begin_query();
      if (!t || t->strategy() != Strategy::kGreen) finding("no query can begin on a colour that was just set");
    });
  }

  Stage& stage_;
  const Plan& plan_;
  std::shared_ptr<Coordinator> coordinator_;
  std::vector<QueryTicket> tickets_;
};

}  // namespace

void operate(Stage& stage, const Plan& plan) { Client(stage, plan).run(); }

void look(const Stage& stage) {
  const inspect::Report report = inspect::look(stage.path());
  if (report.participants.size() > layout::kParticipants || report.pins.size() > layout::kPins || report.events.size() > layout::kEventSlots)
    finding("a report has more in it than a segment");
  for (const Error& e : report.problems)
    if (e.sentence().empty()) finding("a problem without a sentence");
  if (!report.readable && report.problems.empty()) finding("a segment is not readable, and nothing is wrong with it");
  if (stage.segment() != nullptr) (void)core::sane(*stage.segment());
  Error error;
  if (inspect::list(stage.directory(), false, &error).empty() || error) finding("the segment is not listed");
}

}  // namespace e6::fuzz
