#include "worker.h"

#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "../access/coordinator_access.h"
#include "client.h"
#include "core/attachment.h"
#include "ledger.h"
#include "os/process_mark.h"

namespace e6::soak {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFarAhead = 300;        // events that may be unread; the ring has 1024 places
constexpr std::uint64_t kAbandonedMs = 20'000;  // without a sign of the conductor

/// A timer will kill the process; until then it does what the kill is to fall into.
enum class Timed : std::uint8_t { kNot, kComesAndGoes, kHectic };

class Worker {
 public:
  Worker(Area& area, std::shared_ptr<Coordinator> inherited) : self_(area, std::move(inherited)), client_(self_) {}

  void run() {
    attach();
    for (;;) {
      if (self_.area->stop.load(std::memory_order_relaxed) != 0) finish();
      if (os::monotonic_ms() > self_.area->conductor_ms.load(std::memory_order_relaxed) + kAbandonedMs) ::_exit(3);
      obey(static_cast<Command>(self_.life->command.exchange(0, std::memory_order_relaxed)));
      if (too_far_ahead()) {
        ::usleep(300);
        continue;
      }
      self_.life->position.store(written(), std::memory_order_relaxed);
      work();
      note();
      if (timed_ == Timed::kNot && self_.random.one_in(4)) ::usleep(self_.random.below(3000));
    }
  }

 private:
  [[nodiscard]] std::uint64_t written() const noexcept {
    const layout::Segment* segment = access::attachment_of(*self_.coordinator).segment;
    return segment == nullptr ? 0 : segment->event_head.written.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool too_far_ahead() const noexcept {
    return written() > self_.area->read_position.load(std::memory_order_relaxed) + kFarAhead;
  }

  void attach() {
    Step step(self_.area, *self_.life, Doing::kAttach);
    if (self_.coordinator == nullptr) {
      auto attached = Coordinator::attach(worker_options(self_.area, self_.random.next()));
      if (!attached.coordinator) {
        self_.area.complain("life %u could not attach: %s", self_.number, attached.error.sentence().c_str());
        ::_exit(3);
      }
      self_.coordinator = std::move(attached.coordinator);
    }
    if (self_.coordinator->mode() == Mode::kFallback) self_.area.complain("life %u works without a segment: %s", self_.number, self_.coordinator->degraded_by().sentence().c_str());
    note();
  }

  // Who am I, and do the others still think so?
  void note() {
    const core::Attachment& a = access::attachment_of(*self_.coordinator);
    if (a.process.load(std::memory_order_relaxed) != os::process_generation()) return;
    self_.life->guest.store(a.has_slot() ? 0 : 1, std::memory_order_relaxed);
    if (a.segment == nullptr || !a.has_slot()) {
      if (incarnation_ == 0) self_.area->guests.fetch_add(1, std::memory_order_relaxed);
      if (incarnation_ != 0) self_.area.complain("life %u has lost its slot", self_.number);
      incarnation_ = 0;
      return;
    }
    const std::uint64_t incarnation = a.incarnation.load(std::memory_order_relaxed);
    if (incarnation != incarnation_) {
      incarnation_ = incarnation;
      Incarnation& entry = self_.area.incarnation(incarnation);
      entry.stay.store(static_cast<std::uint32_t>(Stay::kJoined), std::memory_order_relaxed);
      entry.life_plus_one.store(self_.number + 1, std::memory_order_release);  // pairs with the historian's acquire
    }
    const std::uint64_t tag = a.self().tag.load(std::memory_order_acquire);
    if (tag != layout::pack_tag(incarnation, layout::Phase::kReady))
      self_.area.complain("false death: life %u lives, and its slot says incarnation %llu phase %llu instead of %llu", self_.number,
                     static_cast<unsigned long long>(layout::incarnation_of(tag)), static_cast<unsigned long long>(layout::phase_of(tag)),
                     static_cast<unsigned long long>(incarnation));
  }

  void leave() {
    if (incarnation_ != 0) self_.area.incarnation(incarnation_).stay.store(static_cast<std::uint32_t>(Stay::kLeaving), std::memory_order_release);
    const bool keep = self_.random.one_in(2);  // tickets that outlive the coordinator end with it, for the host
    if (!keep) client_.end_all();
    Step step(self_.area, *self_.life, Doing::kLeave);
    self_.coordinator.reset();
    client_.drop();
    const bool slowly = step.elapsed_us() > 90'000;
    if (incarnation_ != 0)
      self_.area.incarnation(incarnation_).stay.store(static_cast<std::uint32_t>(slowly ? Stay::kLeftSlowly : Stay::kLeft), std::memory_order_release);
    incarnation_ = 0;
  }

  /// False if the conductor was faster: then death is on its way.
  bool decide(Fate fate) {
    std::uint32_t living = static_cast<std::uint32_t>(Fate::kLiving);
    return self_.life->fate.compare_exchange_strong(living, static_cast<std::uint32_t>(fate), std::memory_order_acq_rel);
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
        const std::string fd = std::to_string(self_.area.fd());
        ::execl("/proc/self/exe", "soak", "worker", fd.c_str(), static_cast<char*>(nullptr));
        self_.area.complain("life %u could not exec", self_.number);
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
        const bool hectic = self_.random.one_in(2);
        timed_ = hectic ? Timed::kHectic : Timed::kComesAndGoes;
        set_timer(std::chrono::nanoseconds(1000 + self_.random.below(hectic ? 100'000 : 1'000'000)));
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
      self_.area.complain("life %u could not set its timer", self_.number);
      ::_exit(3);
    }
  }

  void become_child() {
    self_.begin_life();
    incarnation_ = 0;
    timed_ = Timed::kNot;  // a timer stays with the parent
    // the parent's tickets: whether handed back or dropped, before or after the coordinator, they have no effect
    if (self_.random.one_in(2)) client_.hand_back();
    if (self_.random.one_in(3)) self_.coordinator.reset();
    client_.drop();
    attach();
  }

  void work() {
    if (timed_ == Timed::kComesAndGoes && self_.random.one_in(3)) return obey(Command::kReturn);
    if (timed_ == Timed::kHectic) return client_.change();
    client_.something();
  }

  Self self_;
  Client client_;
  Timed timed_ = Timed::kNot;
  std::uint64_t incarnation_ = 0;
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
