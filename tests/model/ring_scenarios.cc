// The event ring (core/event_ring.cc): no half event is ever read, whatever a slow or killed writer left, and what is not recorded is counted.
#include "core/event_ring.h"
#include "core/liveness.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

/// An event all of whose fields follow from one number, and the other way round.
Event event_of(std::uint32_t n) {
  Event e;
  e.realtime_ns = n;
  e.monotonic_ms = n;
  e.kind = static_cast<EventKind>(n);
  e.cause = static_cast<EventCause>(n);
  e.epoch = {n, n};
  e.pid = n;
  e.about_pid = n;
  return e;
}

bool whole(const Event& e) {
  const auto n = e.pid;
  return n != 0 && e.realtime_ns == n && e.monotonic_ms == n && static_cast<std::uint32_t>(e.kind) == n && static_cast<std::uint32_t>(e.cause) == n &&
         e.epoch.active == n && e.epoch.pending == n && e.about_pid == n;
}

core::Writer writer(int of) { return process(of).writer(); }

struct Ring : Scenario {
  unsigned pushed[kMaxThreads]{};
  unsigned begun[kMaxThreads]{};

  void prepare() override {
    new_world(setup.threads);
    for (unsigned i = 0; i < kMaxThreads; ++i) pushed[i] = begun[i] = 0;
    // a stopped process in slot 3 is writing in all places but one, so that the others meet there
    for (std::uint64_t i = 1; i < layout::kEventSlots; ++i) segment().events[i].claim.store((i + 1) << 16 | (3U + 1U) << 1 | 1U);
  }
  void push(int which, std::uint32_t n) {
    ++begun[which];
    if (core::push_event(segment(), writer(which), event_of(n), n)) ++pushed[which];
  }
  static void read() {
    const auto events = core::read_events(segment(), layout::kEventSlots);
    for (std::size_t i = 0; i < events.size(); ++i) {
      check(whole(events[i]), "a half event was read");
      check(i == 0 || events[i - 1].sequence < events[i].sequence, "an event was read twice");
    }
  }
  void verify() override {
    read();
    for (std::uint64_t i = 1; i < layout::kEventSlots; ++i)
      check(segment().events[i].claim.load() == ((i + 1) << 16 | (3U + 1U) << 1 | 1U), "a stopped writer lost its place");
    unsigned all = 0;
    unsigned dropped = 0;
    for (int i = 0; i < setup.threads; ++i) {
      all += pushed[i];
      dropped += was_killed(i) ? 0 : begun[i] - pushed[i];
    }
    if (kills_so_far() == 0) {
      check(segment().event_head.dropped.load() == dropped, "a dropped event was not counted");
      check(all == 0 || core::read_events(segment(), layout::kEventSlots).size() == 1, "no event is left");
    }
  }
};

/// Two writers and a reader; the ring is so small that the writers meet in one place.
struct TwoWriters : Ring {
  TwoWriters() { setup.threads = 3; }
  void process(int which) override {
    if (which == 2) return read();
    push(which, static_cast<std::uint32_t>(which + 1));
  }
};
const Register<TwoWriters> two_writers("Ring", "no_half_event_is_read_while_writers_overtake_each_other", ~0U);

/// One of them goes on writing.
struct FastWriter : TwoWriters {
  void process(int which) override {
    TwoWriters::process(which);
    if (which == 0) push(which, 3);
  }
};
const Register<FastWriter> fast_writer("Ring", "no_half_event_is_read_while_one_writer_laps_another", 2, 2);

/// A writer is killed anywhere, its place is freed by a reaper and used again, while somebody reads.
struct DeadWriter : Ring {
  DeadWriter() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 0) return push(0, 1);
    if (which == 1) return push(1, 2);
    if (core::certainly_dead(model::process(2), 0)) core::free_events_of(segment(), 0);
    read();
  }
  void verify() override {
    core::free_events_of(segment(), 0);
    read();
    check((segment().events[0].claim.load() & 1U) == 0, "a dead writer's place stays taken");
  }
};
const Register<DeadWriter> dead_writer("Ring", "a_killed_writers_place_is_used_again_and_no_half_event_is_read", ~0U);

}  // namespace
}  // namespace e6::model
