// A stopped process is not dead: nothing of it may be taken away, and nobody may wait for it for long.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>

#include "history.h"
#include "layout/turn_word.h"
#include "modes.h"
#include "os/ofd_lock.h"
#include "stopwatch.h"

namespace e6::crash {
namespace {

constexpr int kCallMs = 400;            // one call: at most two waits for the lock, and a slow machine
constexpr unsigned kGoingOnSeconds = 10;  // for the rest of the operation
volatile sig_atomic_t going_on = 0;     // the victim that is let go on

void end_going_on(int) {
  if (going_on > 0) ::kill(going_on, SIGKILL);
}

Stop go_on(Tracee& victim) {
  struct sigaction late = {};
  struct sigaction before = {};
  late.sa_handler = end_going_on;
  late.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &late, &before);
  going_on = victim.pid();
  const unsigned left = ::alarm(kGoingOnSeconds);
  const Stop stop = victim.run_to_mark();
  going_on = 0;
  ::sigaction(SIGALRM, &before, nullptr);
  (void)::alarm(left);
  return stop;
}

struct Facts {
  bool inside = false;               ///< somebody holds the host-wide lock
  std::vector<std::uint32_t> slots;  ///< whose bytes are held
  std::vector<Incarnation> here;     ///< of these, who is not leaving
  Image before;
};

Facts look(Scene& scene) {
  Facts f;
  (void)scene.follow();
  if (!scene.has_segment()) return f;
  f.before.take(scene.segment());
  const os::Fd fd(::open(scene.path().c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return f;
  const off_t outer = os::kLockByte + layout::turn_byte(f.before.segment().lock.turn.load());
  f.inside = os::byte_held_by_other(fd.get(), outer) == os::Locked::kYes;
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
    const std::uint64_t tag = f.before.segment().participants[slot].tag.load();
    if (tag == 0 || os::byte_held_by_other(fd.get(), os::kFirstSlotByte + slot) != os::Locked::kYes) continue;
    f.slots.push_back(slot);
    // who is on its way out stands in the events already
    if (layout::phase_of(tag) != static_cast<std::uint64_t>(layout::Phase::kReaping)) f.here.push_back({slot, layout::incarnation_of(tag)});
  }
  return f;
}

/// What stood there of the living still does.
void check_untouched(const Facts& f, const layout::Segment& now, Problems& problems) {
  const layout::Segment& before = f.before.segment();
  for (const std::uint32_t slot : f.slots) {
    if (before.participants[slot].tag.load() != now.participants[slot].tag.load())
      problems.add("a stopped or living participant, " + std::to_string(slot) + ", was taken for dead");
    for (std::uint32_t g = 0; g < layout::kPinGroups; ++g) {
      const std::uint64_t owner = before.pin_groups[g].owner.load();
      if (owner == 0 || layout::owner_slot(owner) != slot) continue;
      if (std::memcmp(&before.pin_groups[g], &now.pin_groups[g], sizeof(layout::PinGroup)) != 0)
        problems.add("queries of a stopped or living participant were ended");
    }
  }
  check_departures(now, {}, f.here, problems);
}

template <typename Call>
void timed(const char* what, Problems& problems, const Call& call) {
  const Stopwatch watch;
  call();
  if (const auto ms = watch.elapsed().count(); ms > kCallMs) problems.add(std::string(what) + " took " + std::to_string(ms) + " ms beside a stopped process");
}

/// Another process works on the segment while the victim is stopped. 1: it had to go on without the lock.
int go_on_beside(const Scene& scene, const Facts& facts, Problems& problems) {
  Actor other;
  other.options = scene.options();
  timed("attaching", problems, [&] { other.coordinator = Coordinator::attach(other.options).coordinator; });
  if (other.coordinator == nullptr || other.coordinator->mode() == Mode::kFallback) {
    problems.add("beside a stopped process nobody can attach: " +
                 (other.coordinator ? other.coordinator->degraded_by().sentence() : std::string("no coordinator")));
    return 0;
  }
  Coordinator& c = *other.coordinator;
  const bool guest = c.mode() == Mode::kGuest;
  layout::Segment& segment = *other.attachment().segment;
  const bool same = same_segment(facts.before.segment(), segment);
  if (guest && !(same && facts.inside)) problems.add("nobody holds the lock, and it is not to be had");
  const auto dropped = [&] { return segment.guests.counters[static_cast<std::size_t>(Counter::kEventsDropped)].load(); };
  const std::uint64_t dropped_before = dropped();
  timed("setting a colour", problems, [&] { (void)c.set(Strategy::kGreen); });
  if (c.snapshot().active != Strategy::kGreen || !c.snapshot().usable) problems.add("a stopped process keeps the host from learning a colour");
  if (guest && dropped() == dropped_before) problems.add("an event that could not be kept was not counted");
  timed("a query", problems, [&] {
    other.make_check_due();
    auto ticket = c.begin_query();
    if (!ticket || ticket->strategy() != Strategy::kGreen) return problems.add("beside a stopped process no query can be begun");
    const bool pinned = !guest && (scene.operation().special & kAllPinsTaken) == 0;
    if (pinned && (c.bind(*ticket, "query-beside", "engine-3") || !c.find_query("query-beside")))
      problems.add("beside a stopped process a query cannot be bound and found");
    c.end_query(std::move(*ticket));
  });
  timed("asking for a colour", problems, [&] {
    if (c.detect_begin(std::chrono::steady_clock::now()).outcome != Detection::Outcome::kUsable)
      problems.add("a colour that is known is not to be had");
  });
  if (same) check_untouched(facts, segment, problems);
  timed("leaving", problems, [&] { other.coordinator.reset(); });
  return guest ? 1 : 0;
}

enum class Then : std::uint8_t { kGoesOn, kDies, kWasDone };

/// False if the operation went another way.
bool stop_at(Scene& scene, const Point& point, Then then, Problems& problems) {
  scene.set();
  Tracee victim(scene.victim());
  if (victim.run_to_mark() != Stop::kMarked) return problems.add("the operation could not be begun: " + victim.how()), true;
  scene.begin();
  Image start;
  if (scene.has_segment()) start.take(scene.segment());
  if (then == Then::kWasDone ? go_on(victim) != Stop::kMarked : !bring_to(victim, point)) return false;
  const Facts facts = look(scene);
  if (then == Then::kWasDone && facts.inside) problems.add("the operation is over, and the host-wide lock is not given back");
  const bool guest = in_a_process([&](Problems& found) { return go_on_beside(scene, facts, found); }, problems) == 1;
  if (then == Then::kGoesOn && go_on(victim) != Stop::kMarked) problems.add("it could not go on: " + victim.how());
  victim.kill();
  Aftermath a = aftermath_of(scene, start);
  a.unrecorded |= guest;
  recover_afresh(scene, a, problems);
  return true;
}

}  // namespace

Tally stop(Scene& scene, const Recording& recording, Problems& problems) {
  Tally tally;
  const auto attempt = [&](const Point& point, Then then) {
    bool came = false;
    for (int i = 0; i < 4 && !came; ++i) came = stop_at(scene, point, then, problems);
    if (!came) problems.add("the operation goes another way than when it was recorded");
    ++tally.states;
  };
  for (const Point& point : recording.points) {
    if (!point.after && point.step != 0) continue;  // nothing happens between one change and the next
    ++tally.points;
    problems.at("stopped " + point.text() + ", then going on");
    attempt(point, Then::kGoesOn);
    problems.at("stopped " + point.text() + ", then dead");
    attempt(point, Then::kDies);
  }
  problems.at("stopped when it was done");
  ++tally.points;
  attempt({}, Then::kWasDone);
  return tally;
}

}  // namespace e6::crash
