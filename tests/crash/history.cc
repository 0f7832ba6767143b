#include "history.h"

#include <algorithm>
#include <string>

#include "core/event_ring.h"
#include "layout/transition.h"

namespace e6::crash {
namespace {

struct Told {
  Event event;
  std::uint64_t writer = 0;
};

std::vector<Told> tell(const layout::Segment& segment) {
  std::vector<Told> all;
  for (const Event& e : core::read_ring(segment))
    all.push_back({e, segment.events[e.sequence % layout::kEventSlots].writer.load(std::memory_order_relaxed)});
  return all;
}

/// How far an event of this kind can move the two epochs. An event that moves none is not part of the story.
struct Reach {
  std::uint32_t active_least, active_most, pending_least, pending_most;
};
Reach reach_of(const Event& e) {
  switch (e.kind) {
    case EventKind::kPending:
    case EventKind::kRolledBack:
      return {0, 0, 1, 1};
    case EventKind::kApplied:
    case EventKind::kOperatorApplied:
      return {1, 1, 1, 1};
    case EventKind::kMismatch:
    case EventKind::kExpired:
      return {1, 1, 0, 0};
    case EventKind::kLeaseTakenOver:
      return e.cause == EventCause::kOwnerLate ? Reach{1, 1, 0, 0} : Reach{0, 0, 0, 0};
    case EventKind::kOperatorSet:
    case EventKind::kOperatorCleared:
      return {1, 1, 0, 1};
    case EventKind::kDetectionFailed:
      return e.cause == EventCause::kBothRefused ? Reach{1, 1, 0, 1} : Reach{0, 0, 0, 0};
    case EventKind::kDetected:
      return e.from == e.to ? Reach{0, 0, 0, 1} : Reach{1, 1, 0, 1};
    default:
      return {0, 0, 0, 0};
  }
}

std::string name_of(const Event& e) {
  return std::string(to_string(e.kind)) + " " + std::string(to_string(e.from)) + "->" + std::string(to_string(e.to)) + " at epoch " +
         std::to_string(e.epoch.active) + "/" + std::to_string(e.epoch.pending);
}

bool about_pending(const Event& e) { return e.kind == EventKind::kPending || e.kind == EventKind::kRolledBack; }

}  // namespace

void check_history(const layout::Segment& segment, std::uint64_t hot, Problems& problems) {
  std::vector<Told> told = tell(segment);
  std::erase_if(told, [](const Told& t) {
    const Reach r = reach_of(t.event);
    return r.active_most == 0 && r.pending_most == 0;
  });
  // an event that was recovered stands later in the ring than what followed it: the epochs give the order
  std::stable_sort(told.begin(), told.end(), [](const Told& a, const Told& b) {
    return a.event.epoch.active != b.event.epoch.active ? a.event.epoch.active < b.event.epoch.active
                                                        : a.event.epoch.pending < b.event.epoch.pending;
  });
  Epoch at;
  Strategy active = Strategy::kNone;
  const Told* last = nullptr;
  for (const Told& t : told) {
    const Event& e = t.event;
    const Reach r = reach_of(e);
    if (last != nullptr && e.epoch == at) {
      const bool renewal = e.kind == EventKind::kDetected && e.from == e.to;
      if (!renewal) problems.add("a second event for one change: " + name_of(e) + " after " + name_of(last->event));
      if (renewal && last->event.kind == e.kind && last->writer == t.writer) problems.add("a doubled event: " + name_of(e));
      last = &t;
      continue;
    }
    const std::uint32_t active_steps = e.epoch.active - at.active;
    const std::uint32_t pending_steps = e.epoch.pending - at.pending;
    if (active_steps < r.active_least || active_steps > r.active_most || pending_steps < r.pending_least || pending_steps > r.pending_most)
      problems.add("a gap or an event too many: " + name_of(e) + " cannot follow epoch " + std::to_string(at.active) + "/" +
                   std::to_string(at.pending));
    if (!about_pending(e) && e.from != active) problems.add("the events' colours do not follow from each other at " + name_of(e));
    if (!about_pending(e)) active = e.to;
    at = e.epoch;
    last = &t;
  }
  if (layout::retired(hot)) return;
  const layout::HotWord w = layout::unpack(hot);
  if (at.active != w.epoch || at.pending != w.pending_epoch)
    problems.add("an event is missing or too many: they lead to epoch " + std::to_string(at.active) + "/" + std::to_string(at.pending) +
                 ", the hot word has " + std::to_string(w.epoch) + "/" + std::to_string(w.pending_epoch));
  else if (static_cast<std::uint8_t>(active) != w.active)
    problems.add("the events lead to another active colour than the hot word's");
}

void check_departures(const layout::Segment& segment, const std::vector<Incarnation>& gone, const std::vector<Incarnation>& here,
                      Problems& problems) {
  const std::vector<Told> told = tell(segment);
  const auto departures = [&](const Incarnation& who) {
    return std::count_if(told.begin(), told.end(), [&](const Told& t) {
      return (t.event.kind == EventKind::kLeft || t.event.kind == EventKind::kDied) && t.writer == layout::pack_owner(who.slot, who.number);
    });
  };
  for (const Incarnation& who : gone)
    if (const auto n = departures(who); n != 1)
      problems.add("participant " + std::to_string(who.slot) + " is gone and stands " + std::to_string(n) + " times in the events as left or died");
  for (const Incarnation& who : here)
    if (departures(who) != 0) problems.add("participant " + std::to_string(who.slot) + " is alive and stands in the events as left or died");
}

bool legal_step(std::uint64_t before, std::uint64_t after) noexcept {
  using layout::Change;
  using layout::StrategyEvent;
  const layout::HotWord from = layout::unpack(before);
  const layout::HotWord to = layout::unpack(after);
  for (int change = 0; change <= static_cast<int>(Change::kRetire); ++change)
    for (std::uint8_t colour = 0; colour <= 2; ++colour)
      for (std::uint8_t refused = 0; refused <= 3; ++refused) {
        StrategyEvent e;
        e.change = static_cast<Change>(change);
        e.colour = colour;
        e.refused = refused;
        e.epoch = from.epoch;
        e.pending_epoch = from.pending_epoch;
        e.expiry = to.expiry;
        if (layout::next(before, e) == after) return true;
      }
  // what is carried into a fresh segment: a colour, and perhaps an announcement
  return before == 0 && to.epoch == 1 && to.pending_epoch <= 1 && to.refused == 0 && layout::is_colour(to.active);
}

}  // namespace e6::crash
