#include "core/event_ring.h"

#include <unistd.h>

#include <algorithm>
#include <unordered_set>

#include "layout/hot_word.h"
#include "os/clock.h"

namespace e6::core {
namespace {

using layout::EventSlot;
using layout::kEventSlots;

constexpr int kTries = 4;
constexpr std::uint64_t kWriting = 1;

constexpr std::uint64_t make_claim(std::uint64_t position, std::uint32_t slot) noexcept {
  return (position + 1) << 16 | std::uint64_t{(slot + 1) & 0x7fffU} << 1;
}
constexpr std::uint64_t claimed_position(std::uint64_t claim) noexcept { return (claim >> 16) - 1; }
constexpr std::uint32_t claimed_slot(std::uint64_t claim) noexcept { return static_cast<std::uint32_t>(claim >> 1 & 0x7fffU) - 1; }

constexpr std::uint64_t pack_what(const Event& e) noexcept {
  return static_cast<std::uint64_t>(e.kind) | static_cast<std::uint64_t>(e.cause) << 8 | static_cast<std::uint64_t>(e.from) << 16 |
         static_cast<std::uint64_t>(e.to) << 24;
}

Strategy colour_of(std::uint64_t bits) noexcept {
  return bits == 1 ? Strategy::kBlue : bits == 2 ? Strategy::kGreen : Strategy::kNone;
}

constexpr std::uint64_t pack_epoch(Epoch e) noexcept {
  return std::uint64_t{e.active & layout::kEpochMask} << 12 | (e.pending & layout::kPendingEpochMask);
}
constexpr Epoch unpack_epoch(std::uint64_t bits) noexcept {
  return {static_cast<std::uint32_t>(bits >> 12) & layout::kEpochMask, static_cast<std::uint32_t>(bits) & layout::kPendingEpochMask};
}

void fill(EventSlot& s, const Writer& writer, const Event& e, Epoch left, std::uint64_t hot_word) noexcept {
  constexpr auto relaxed = std::memory_order_relaxed;
  s.realtime_ns.store(e.realtime_ns, relaxed);
  s.monotonic_ms.store(e.monotonic_ms, relaxed);
  s.what.store(pack_what(e), relaxed);
  s.epochs.store(pack_epoch(e.epoch) << 32 | pack_epoch(left), relaxed);
  s.pids.store(std::uint64_t{e.pid} << 32 | e.about_pid, relaxed);
  s.hot_word.store(hot_word, relaxed);
  s.writer.store(layout::pack_owner(writer.slot, writer.incarnation), relaxed);
}

bool read_slot(const EventSlot& s, Event& e, std::uint64_t* writer, Epoch* left = nullptr) noexcept {
  constexpr auto relaxed = std::memory_order_relaxed;
  // acquire: pairs with the release store that marks the slot written
  const std::uint64_t claim = s.claim.load(std::memory_order_acquire);
  if (claim == 0 || (claim & kWriting) != 0 || claim >> 16 == 0) return false;
  e.sequence = claimed_position(claim);
  e.realtime_ns = s.realtime_ns.load(relaxed);
  e.monotonic_ms = s.monotonic_ms.load(relaxed);
  const std::uint64_t what = s.what.load(relaxed);
  e.kind = static_cast<EventKind>(what & 0xffU);
  e.cause = static_cast<EventCause>(what >> 8 & 0xffU);
  e.from = colour_of(what >> 16 & 0xffU);
  e.to = colour_of(what >> 24 & 0xffU);
  const std::uint64_t epochs = s.epochs.load(relaxed);
  e.epoch = unpack_epoch(epochs >> 32);
  if (left != nullptr) *left = unpack_epoch(epochs);
  const std::uint64_t pids = s.pids.load(relaxed);
  e.pid = static_cast<std::uint32_t>(pids >> 32);
  e.about_pid = static_cast<std::uint32_t>(pids);
  *writer = s.writer.load(relaxed);
  // the copy must be complete before the claim is looked at again; pairs with the fence in push_event
  std::atomic_thread_fence(std::memory_order_acquire);
  return s.claim.load(relaxed) == claim;
}

struct Told {
  Event event;
  Epoch left;
};

/// What stands in the ring, oldest first.
std::vector<Told> all_told(const layout::Segment& segment) {
  std::vector<Told> all;
  all.reserve(kEventSlots);
  Told one;
  std::uint64_t writer = 0;
  for (const EventSlot& s : segment.events)
    if (read_slot(s, one.event, &writer, &one.left)) all.push_back(one);
  std::sort(all.begin(), all.end(), [](const Told& a, const Told& b) { return a.event.sequence < b.event.sequence; });
  return all;
}

/// The active colour from which the change of an event started (core/commit.cc, describe).
Strategy active_before(const Event& e) noexcept { return e.kind == EventKind::kRolledBack ? e.to : e.from; }

}  // namespace

bool push_event(layout::Segment& segment, const Writer& writer, const Event& event, std::uint64_t hot_word,
                std::optional<Epoch> left) noexcept {
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const std::uint64_t position = segment.event_head.written.fetch_add(1, std::memory_order_relaxed);
    EventSlot& s = segment.events[position % kEventSlots];
    std::uint64_t old = s.claim.load(std::memory_order_relaxed);
    if ((old & kWriting) != 0 || old >> 16 > position + 1) continue;
    const std::uint64_t mine = make_claim(position, writer.slot);
    // acquire: pairs with the release of the last writer here, or of the reaper that freed its place: its bytes must not come after ours
    if (!s.claim.compare_exchange_strong(old, mine | kWriting, std::memory_order_acquire, std::memory_order_relaxed)) continue;
    // the claim must be seen before any of the new bytes; pairs with the fence in read_slot
    std::atomic_thread_fence(std::memory_order_release);
    fill(s, writer, event, left.value_or(event.epoch), hot_word);
    s.claim.store(mine, std::memory_order_release);  // pairs with the acquire load in read_slot
    return true;
  }
  segment.event_head.dropped.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void record_created(layout::Segment& segment) noexcept {
  Event e;
  e.kind = EventKind::kCreated;
  e.realtime_ns = segment.header.created_realtime_ns;
  e.monotonic_ms = segment.header.created_monotonic_ms;
  e.pid = segment.header.creator_pid;
  (void)push_event(segment, Writer{}, e, 0);
}

void free_events_of(layout::Segment& segment, std::uint32_t slot) noexcept {
  for (EventSlot& s : segment.events) {
    std::uint64_t claim = s.claim.load(std::memory_order_relaxed);
    // release: what the dead writer left is older than what the next one writes; pairs with the acquire in push_event
    if ((claim & kWriting) != 0 && claimed_slot(claim) == slot)
      s.claim.compare_exchange_strong(claim, 0, std::memory_order_release, std::memory_order_relaxed);
  }
}

std::vector<Event> read_ring(const layout::Segment& segment) {
  std::vector<Event> events;
  for (const Told& told : all_told(segment)) events.push_back(told.event);
  return events;
}

std::vector<Event> read_events(const layout::Segment& segment, std::size_t limit) {
  const std::vector<Told> all = all_told(segment);
  std::vector<Event> events;
  events.reserve(all.size());
  std::unordered_set<std::uint64_t> changes;
  for (const Told& told : all) {
    const bool change = !(told.event.epoch == told.left);
    if (!change || changes.insert(pack_epoch(told.event.epoch) << 32 | pack_epoch(told.left)).second) events.push_back(told.event);
  }
  if (events.size() > limit) events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(limit));
  return events;
}

bool has_event_to(const layout::Segment& segment, Epoch epoch) noexcept {
  Event e;
  Epoch left;
  std::uint64_t writer = 0;
  for (const EventSlot& s : segment.events)
    if (read_slot(s, e, &writer, &left) && e.epoch == epoch && left != epoch) return true;
  return false;
}

bool has_event_from(const layout::Segment& segment, Epoch epoch, Strategy active) noexcept {
  Event e;
  Epoch left;
  std::uint64_t writer = 0;
  for (const EventSlot& s : segment.events)
    if (read_slot(s, e, &writer, &left) && left == epoch && e.epoch != epoch && active_before(e) == active) return true;
  return false;
}

bool has_event_by(const layout::Segment& segment, EventKind kind, std::uint32_t slot, std::uint64_t incarnation) noexcept {
  Event e;
  std::uint64_t writer = 0;
  for (const EventSlot& s : segment.events)
    if (read_slot(s, e, &writer) && e.kind == kind && writer == layout::pack_owner(slot, incarnation)) return true;
  return false;
}

}  // namespace e6::core
