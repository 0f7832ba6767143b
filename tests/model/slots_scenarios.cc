// The process table (core/participants.cc, core/host_lock.cc, core/repair.cc): joining, leaving, reaping and repairing under the host-wide lock, when whoever
// does it is killed anywhere. Nobody's place is taken while he lives, nothing he counted is lost, and his going is told once.
#include "core/event_ring.h"
#include "core/host_lock.h"
#include "core/participants.h"
#include "core/totals.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

constexpr std::uint64_t kCounted = 1000;  // other counts of the same counter stay far below

struct Table : Scenario {
  void prepare() override {
    new_world(joined());
    for (int t = joined(); t < setup.threads; ++t) add_stranger(t);
    segment().participants[0].counters[0].store(kCounted);
  }
  [[nodiscard]] virtual int joined() const { return 2; }

  static unsigned told(std::uint64_t incarnation) {
    unsigned n = 0;
    for (const layout::EventSlot& s : segment().events) {
      const auto kind = static_cast<EventKind>(s.what.load() & 0xffU);
      if (s.claim.load() != 0 && (kind == EventKind::kLeft || kind == EventKind::kDied) && s.writer.load() == layout::pack_owner(0, incarnation)) ++n;
    }
    return n;
  }

  void verify() override {
    // one who is left takes the lock, which repairs what a dead owner left, and looks after the dead
    check(core::HostLock(model::process(1)).held(), "the lock is lost");
    (void)core::reap_dead(model::process(1));
    const auto sums = core::sum_counters(segment());
    check(sums[0] / kCounted == 1, "what a participant had counted was lost or doubled");
    check(segment().journal.armed.load() == 0, "a fold was left armed");
    for (int t = 0; t < setup.threads; ++t) {
      const core::Attachment& a = model::process(t);
      if (was_killed(t)) continue;
      if (!a.has_slot()) continue;
      const std::uint32_t slot = a.slot.load();
      check(segment().participants[slot].tag.load() == layout::pack_tag(a.incarnation.load(), layout::Phase::kReady), "a living participant lost its slot");
      for (int u = 0; u < t; ++u)
        check(was_killed(u) || model::process(u).slot.load() != slot, "two participants have one slot");
    }
    for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
      const std::uint64_t tag = segment().participants[slot].tag.load();
      if (tag == 0) continue;
      bool living = false;
      for (int t = 0; t < setup.threads; ++t) living |= !was_killed(t) && model::process(t).slot.load() == slot;
      check(living, "a slot was leaked");
    }
  }
};

/// One leaves and is killed anywhere in it, one comes, one reaps.
struct Leaving : Table {
  Leaving() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 0) return core::leave(model::process(0));
    if (which == 1) return (void)core::reap_dead(model::process(1));
    const Error e = core::join(model::process(2));
    check(!e || e.cause == Cause::kBusy, "a process could not join");
  }
  void verify() override {
    Table::verify();
    check(told(incarnation_at_start(0)) == 1, "a participant's going was not told once");
  }
};
const Register<Leaving> leaving("Slots", "a_participant_goes_once_wherever_it_is_killed_while_it_leaves", 1, 1);

/// One comes and is killed anywhere in it, another comes, one reaps.
struct Joining : Table {
  Joining() {
    setup.threads = 3;
    setup.killable = 4;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 0) return (void)core::reap_dead(model::process(0));
    if (which == 2) return (void)core::join(model::process(2));
    (void)core::reap_dead(model::process(1));
  }
};
const Register<Joining> joining("Slots", "a_process_that_is_killed_while_it_joins_leaves_no_slot_behind", 1, 1);

/// The reaper is killed too.
struct ReaperDies : Table {
  ReaperDies() {
    setup.threads = 3;
    setup.killable = 5;
    setup.kills = 2;
  }
  [[nodiscard]] int joined() const override { return 3; }
  void process(int which) override {
    if (which == 0) return core::leave(model::process(0));
    if (which == 2) return (void)core::reap_dead(model::process(2));
  }
  void verify() override {
    Table::verify();
    check(told(incarnation_at_start(0)) == 1, "a participant's going was not told once");
  }
};
const Register<ReaperDies> reaper_dies("Slots", "a_reaper_that_is_killed_is_repaired_and_nothing_is_told_twice", 1, 0);

}  // namespace
}  // namespace e6::model
