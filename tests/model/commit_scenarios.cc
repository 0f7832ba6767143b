// Changes of the hot word (core/commit.cc): each leaves exactly one event, whenever whoever makes it is killed, and whoever goes on from there.
#include "core/commit.h"
#include "core/event_ring.h"
#include "core/liveness.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

using layout::Change;
using layout::StrategyEvent;
using layout::unpack;

void set(int who, std::uint8_t colour) {
  StrategyEvent e;
  e.change = Change::kSet;
  e.colour = colour;
  e.expiry = 4000;
  (void)core::commit(process(who), e, EventKind::kOperatorSet, EventCause::kOperator, nullptr);
}

/// What core/participants.cc does with a dead slot's events, under the lock.
void recover(int by, int dead) {
  core::recover_intents(process(by), static_cast<std::uint32_t>(dead));
  core::free_events_of(segment(), static_cast<std::uint32_t>(dead));
}

struct Changes : Scenario {
  void prepare() override { new_world(3); }
  bool may_stand_twice = false;  ///< in the ring; readers still take it for one
  void recover_if_dead(int by, int who) {
    if (core::certainly_dead(model::process(by), static_cast<std::uint32_t>(who))) recover(by, who);
  }
  void verify() override {
    for (int t = 0; t < 2; ++t)
      if (was_killed(t)) recover(2, t);
    const auto words = history(&segment().hot.word);
    const auto events = core::read_events(segment(), layout::kEventSlots);
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto after = unpack(words[i].value);
      unsigned found = 0;
      for (const Event& e : events) {
        if (e.epoch.active != after.epoch) continue;
        ++found;
        check(e.to == (after.active == layout::kBlue ? Strategy::kBlue : Strategy::kGreen), "an event tells another colour than its change made");
      }
      check(found != 0, "a change left no event");
      check(found == 1, "a change left two events");
    }
    check(events.size() == words.size() - 1, "an event of nothing");
    std::size_t written = 0;
    for (const layout::EventSlot& s : segment().events) written += s.claim.load() != 0 ? 1U : 0U;
    check(may_stand_twice || written == events.size(), "a change left two events");
    check(segment().event_head.dropped.load() == 0, "an event was dropped");
  }
};

/// One is killed anywhere in its change while another goes on from there; a third recovers at the same time.
struct GoneOn : Changes {
  GoneOn() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 2) return recover_if_dead(2, 0);
    set(which, which == 0 ? layout::kBlue : layout::kGreen);
  }
};
const Register<GoneOn> gone_on("Commit", "each_change_leaves_one_event_when_its_maker_dies_and_another_goes_on", 2, 1);

/// The same, and both mean the same change: what the dead one left in the air looks as if it had made it.
struct SameChange : Changes {
  SameChange() {
    may_stand_twice = true;
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 2) return recover_if_dead(2, 0);
    set(which, layout::kBlue);
  }
};
const Register<SameChange> same_change("Commit", "a_change_that_two_meant_and_one_made_is_one_event", 2, 1);

/// The dead one's change was made by another, to another colour, and a third went on from there.
struct GoneOnByAThird : Changes {
  GoneOnByAThird() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 2) {
      if (segment().hot.word.load(std::memory_order_acquire) != 0) set(2, layout::kBlue);
      return recover_if_dead(2, 0);
    }
    set(which, which == 0 ? layout::kBlue : layout::kGreen);
  }
};
const Register<GoneOnByAThird> gone_on_by_a_third("Commit", "the_event_of_a_change_tells_the_colour_of_whoever_made_it", 2, 0);

/// Both are killed.
struct BothDie : Changes {
  BothDie() {
    setup.threads = 3;
    setup.killable = 3;
    setup.kills = 2;
  }
  void process(int which) override {
    if (which != 2) return set(which, which == 0 ? layout::kBlue : layout::kGreen);
    recover_if_dead(2, 1);
    recover_if_dead(2, 0);
  }
};
const Register<BothDie> both_die("Commit", "each_change_leaves_one_event_when_two_makers_die", 1, 0);

/// Recovering is done again after a recoverer was killed in it.
struct DoneAgain : Changes {
  DoneAgain() {
    setup.threads = 2;
    setup.killable = 3;
    setup.kills = 2;
  }
  void process(int which) override {
    if (which == 0) return set(0, layout::kBlue);
    recover_if_dead(1, 0);
  }
};
const Register<DoneAgain> done_again("Commit", "recovering_a_killed_recoverer_adds_nothing", ~0U);

/// Whoever sees a change sees what its maker did before it.
struct Published : Scenario {
  Published() { setup.threads = 2; }
  void prepare() override { new_world(2); }
  void process(int which) override {
    if (which == 0) {
      segment().pending.since_ms.store(77, std::memory_order_relaxed);
      return set(0, layout::kBlue);
    }
    if (segment().hot.word.load(std::memory_order_acquire) != 0)
      check(segment().pending.since_ms.load(std::memory_order_relaxed) == 77, "a change was seen before what came before it");
  }
};
const Register<Published> published("Commit", "whoever_sees_a_change_sees_what_came_before_it", ~0U);

}  // namespace
}  // namespace e6::model
