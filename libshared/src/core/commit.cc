#include "core/commit.h"

#include "os/clock.h"

namespace e6::core {
namespace {

using layout::HotWord;
using layout::Intent;
using layout::unpack;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::uint64_t kValid = std::uint64_t{1} << 63;
constexpr std::uint64_t kBeingWritten = 1;

constexpr Strategy colour(std::uint8_t bits) noexcept {
  return bits == 1 ? Strategy::kBlue : bits == 2 ? Strategy::kGreen : Strategy::kNone;
}

constexpr Epoch epoch_of(const HotWord& w) noexcept { return {w.epoch, w.pending_epoch}; }

/// Did anything but the expiry change?
constexpr bool significant(std::uint64_t before, std::uint64_t after) noexcept {
  return !(epoch_of(unpack(before)) == epoch_of(unpack(after)));
}

Intent* claim_intent(const Attachment& a) noexcept {
  if (!a.has_slot()) return nullptr;
  for (Intent& intent : a.self().intents) {
    std::uint64_t none = 0;
    if (intent.meta.compare_exchange_strong(none, kBeingWritten, std::memory_order_acquire)) return &intent;
  }
  return nullptr;  // more threads of this process are committing at once than there are places: this one goes without
}

void write_intent(Intent& intent, std::uint64_t before, std::uint64_t after, EventKind kind, EventCause cause) noexcept {
  intent.meta.store(kBeingWritten, relaxed);
  std::atomic_thread_fence(std::memory_order_release);  // not valid while its words change; read only after this process's death
  intent.before.store(before, relaxed);
  intent.after.store(after, relaxed);
  intent.realtime_ns.store(os::realtime_ns(), relaxed);
  // release: the words are whole before the intent counts
  intent.meta.store(kValid | static_cast<std::uint64_t>(kind) << 8 | static_cast<std::uint64_t>(cause) << 16, std::memory_order_release);
}

/// The same word, but for its expiry?
constexpr bool same_change(const HotWord& a, const HotWord& b) noexcept {
  return epoch_of(a) == epoch_of(b) && a.active == b.active && a.pending == b.pending;
}

/// Did somebody see this word and set out to change it? What an intent starts from was read from the word.
bool somebody_went_on_from(const layout::Segment& segment, const HotWord& word) noexcept {
  for (const layout::Participant& p : segment.participants) {
    if (layout::phase_of(p.tag.load(relaxed)) == 0) continue;
    for (const Intent& intent : p.intents)
      if ((intent.meta.load(std::memory_order_acquire) & kValid) != 0 && same_change(unpack(intent.before.load(relaxed)), word)) return true;
  }
  return false;
}

/// Did the word ever have what the intent meant? As long as nobody changed it again it tells by itself; afterwards whoever did is the witness.
bool was_committed(const layout::Segment& segment, std::uint64_t after) noexcept {
  const HotWord meant = unpack(after);
  if (has_event_to(segment, epoch_of(meant))) return false;  // recorded, by it or by whoever made this step in its place
  const HotWord seen = unpack(segment.hot.word.load(std::memory_order_acquire));
  // Two may have meant the same change: then who made it records it as well, and readers take the two for the one that they are (read_events).
  if (epoch_of(seen) == epoch_of(meant)) return same_change(seen, meant);
  // In this order: whoever went on withdraws its intent only when its event stands. Looking for the event first could miss both.
  return somebody_went_on_from(segment, meant) || has_event_from(segment, epoch_of(meant), colour(meant.active));
}

}  // namespace

Committed swap_in(layout::Word& word, const layout::StrategyEvent& event) noexcept {
  std::uint64_t before = word.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t after = layout::next(before, event);
    // acq_rel: what the writer did before the change is visible to whoever acts on it (snapshot's acquire load)
    if (after == before || word.compare_exchange_weak(before, after, std::memory_order_acq_rel, std::memory_order_acquire))
      return {before, after};
  }
}

Event describe(std::uint64_t before, std::uint64_t after, EventKind kind, EventCause cause) noexcept {
  const HotWord b = unpack(before);
  const HotWord w = unpack(after);
  Event e;
  e.kind = kind;
  e.cause = cause;
  e.from = colour(b.active);
  e.to = colour(w.active);
  e.epoch = epoch_of(w);
  if (kind == EventKind::kPending || kind == EventKind::kRolledBack) {
    const bool announced = w.pending != 0;
    e.kind = announced ? EventKind::kPending : EventKind::kRolledBack;
    e.from = announced ? colour(w.active) : colour(b.pending);
    e.to = announced ? colour(w.pending) : colour(w.active);
  }
  return e;
}

Committed commit(const Attachment& a, const layout::StrategyEvent& event, EventKind kind, EventCause cause, Event* recorded) noexcept {
  layout::Word& word = a.segment->hot.word;
  std::uint64_t before = word.load(std::memory_order_acquire);
  Intent* intent = nullptr;
  for (;;) {
    const std::uint64_t after = layout::next(before, event);
    if (after == before) break;
    const bool due = significant(before, after);
    if (due) {
      if (intent == nullptr) intent = claim_intent(a);
      if (intent != nullptr) write_intent(*intent, before, after, kind, cause);
    }
    // acq_rel: as in swap_in; the intent above is written before the change can be seen
    if (!word.compare_exchange_weak(before, after, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    if (due) {
      const Event e = record(a, describe(before, after, kind, cause), epoch_of(unpack(before)));
      if (recorded != nullptr) *recorded = e;
    }
    if (intent != nullptr) intent->meta.store(0, std::memory_order_release);
    return {before, after};
  }
  if (intent != nullptr) intent->meta.store(0, std::memory_order_release);
  return {before, before};
}

bool commit_first(const Attachment& a, std::uint64_t word, EventKind kind, EventCause cause) noexcept {
  Intent* intent = claim_intent(a);
  if (intent != nullptr) write_intent(*intent, 0, word, kind, cause);
  std::uint64_t nothing = 0;
  // acq_rel: as in commit
  const bool first = a.segment->hot.word.compare_exchange_strong(nothing, word, std::memory_order_acq_rel, std::memory_order_relaxed);
  if (first) (void)record(a, describe(0, word, kind, cause), Epoch{});
  if (intent != nullptr) intent->meta.store(0, std::memory_order_release);
  return first;
}

void recover_intents(const Attachment& a, std::uint32_t slot) noexcept {
  layout::Participant& dead = a.segment->participants[slot];
  for (Intent& intent : dead.intents) {
    const std::uint64_t meta = intent.meta.load(std::memory_order_acquire);
    if ((meta & kValid) != 0) {
      const std::uint64_t before = intent.before.load(relaxed);
      const std::uint64_t after = intent.after.load(relaxed);
      if (was_committed(*a.segment, after)) {
        Event e = describe(before, after, static_cast<EventKind>(meta >> 8 & 0xffU), static_cast<EventCause>(meta >> 16 & 0xffU));
        e.realtime_ns = intent.realtime_ns.load(relaxed);
        e.monotonic_ms = os::monotonic_ms();
        e.pid = dead.pid.load(relaxed);
        const Writer as{slot, layout::incarnation_of(dead.tag.load(relaxed)), e.pid};
        (void)push_event(*a.segment, as, e, after, epoch_of(unpack(before)));
      }
    }
    intent.meta.store(0, std::memory_order_release);
  }
}

}  // namespace e6::core
