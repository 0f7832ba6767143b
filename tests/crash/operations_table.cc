// The participant table and the lock: leaving, reaping, repairing, and events.
#include <linux/futex.h>

#include "core/host_lock.h"
#include "core/participants.h"
#include "core/totals.h"
#include "layout/lease_word.h"
#include "layout/transition.h"
#include "operation.h"

namespace e6::crash {
namespace {

// Pins in two states, counters, both leases.
void owns_everything(Actor& a) {
  a.ticket = *a.coordinator->begin_query();
  (void)a.coordinator->bind(a.ticket, "query-of-the-dead", "engine-1");
  a.other_ticket = *a.coordinator->begin_query();
  a.coordinator->end_query(std::move(a.other_ticket));
  a.other_ticket = *a.coordinator->begin_query();
  a.coordinator->expire();
  a.detection = a.coordinator->detect_try().lease;
  (void)a.coordinator->resume_begin(std::chrono::steady_clock::now(), a.resume);
}

void owns_a_little(Actor& a) {
  a.ticket = *a.coordinator->begin_query();
  (void)a.coordinator->bind(a.ticket, "query-of-the-leaver", "engine-1");
  a.other_ticket = *a.coordinator->begin_query();
  (void)a.coordinator->resume_begin(std::chrono::steady_clock::now(), a.resume);
}

/// The dead one swapped in a colour and had not recorded it, had claimed a place in the ring, and had one query more than there were pins.
void leave_half_done(layout::Segment& s) {
  layout::Participant& p = s.participants[kDeadSlot];
  layout::StrategyEvent set;
  set.change = layout::Change::kSet;
  set.colour = layout::kGreen;
  set.expiry = layout::unpack(s.hot.word.load()).expiry + 7000;  // it was made to run out
  const std::uint64_t before = s.hot.word.load();
  p.intents[1].before.store(before);
  p.intents[1].after.store(layout::next(before, set));
  p.intents[1].realtime_ns.store(1);
  p.intents[1].meta.store(std::uint64_t{1} << 63 | static_cast<std::uint64_t>(EventKind::kOperatorSet) << 8 |
                          static_cast<std::uint64_t>(EventCause::kOperator) << 16);
  s.hot.word.store(layout::next(before, set));
  p.intents[2].meta.store(1);
  p.unpinned.store(1);
  const std::uint64_t position = s.event_head.written.fetch_add(1);
  s.events[position % layout::kEventSlots].claim.store((position + 1) << 16 | (kDeadSlot + 1) << 1 | 1);
}

/// The dead one was reaped by an owner of the lock that died as well, after the fold was decided.
void leave_fold_armed(layout::Segment& s) {
  const std::uint64_t tag = s.participants[kDeadSlot].tag.load();
  s.participants[kDeadSlot].tag.store(layout::pack_tag(layout::incarnation_of(tag), layout::Phase::kReaping));
  for (layout::Lease& l : s.leases) {
    layout::LeaseWord w = layout::unpack_lease(l.word.load());
    if (w.holder != kDeadSlot + 1) continue;
    w.holder = w.deadline = 0;
    l.word.store(layout::pack(w));
  }
  for (layout::PinGroup& g : s.pin_groups) {
    if (g.owner.load() == 0 || layout::owner_slot(g.owner.load()) != kDeadSlot) continue;
    for (layout::Word& state : g.states) state.store(layout::pack_pin(layout::pin_generation(state.load()), 0, layout::PinPhase::kIdle));
    g.owner.store(0);
  }
  core::arm_fold(s, kDeadSlot, static_cast<std::uint64_t>(EventKind::kDied));
  s.lock.mutex.__data.__lock = static_cast<int>(FUTEX_OWNER_DIED);
}

/// The neighbour is slow: it claimed the next three places of the ring and has not filled them in. With a fourth the event would be dropped.
void claim_places(layout::Segment& s) {
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t position = s.event_head.written.load() + static_cast<std::uint64_t>(i);
    s.events[position % layout::kEventSlots].claim.store((position + 1) << 16 | (kNeighbourSlot + 1) << 1 | 1);
  }
}

void leave(Actor& a) { a.coordinator.reset(); }
void reap(Actor& a) { (void)core::reap_dead(a.attachment()); }
// With time enough: in single steps on a busy machine the usual bound is over before the mutex is reached.
void lock(Actor& a) { const core::HostLock held(a.attachment(), std::chrono::seconds(2)); }
void attach(Actor& a) { a.attach(); }
void record(Actor& a) {
  Event e;
  e.kind = EventKind::kDetectionStarted;
  e.from = Strategy::kBlue;
  (void)core::record(a.attachment(), e);
}

constexpr Operation kOperations[] = {
    {.name = "lock-unlock", .special = kRepresentative, .neighbour = knows_blue, .run = lock},
    {.name = "push-event", .special = kRepresentative, .neighbour = knows_blue, .run = record},
    {.name = "push-event-past-slow", .neighbour = knows_blue, .arrange = claim_places, .run = record},
    {.name = "leave", .special = kRepresentative, .neighbour = knows_blue, .prepare = owns_a_little, .run = leave},
    {.name = "reap", .special = kRepresentative, .neighbour = knows_blue, .dead = owns_everything, .arrange = leave_half_done, .run = reap},
    {.name = "attach-reap", .special = kUnattached, .neighbour = knows_blue, .dead = owns_everything, .arrange = leave_half_done, .run = attach},
    {.name = "repair", .special = kOwnerDied | kRepresentative, .neighbour = knows_blue, .dead = owns_everything, .arrange = leave_fold_armed, .run = lock},
    {.name = "attach-repair", .special = kOwnerDied | kUnattached, .neighbour = knows_blue, .dead = owns_everything, .arrange = leave_fold_armed,
     .run = attach},
};

}  // namespace

std::span<const Operation> table_operations() { return kOperations; }

}  // namespace e6::crash
