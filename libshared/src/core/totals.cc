#include "core/totals.h"

namespace e6::core {
namespace {
constexpr auto relaxed = std::memory_order_relaxed;
constexpr int kRereads = 8;

std::array<std::uint64_t, layout::kCounters> sum_once(const layout::Segment& segment, std::uint64_t armed) noexcept {
  std::array<std::uint64_t, layout::kCounters> sums{};
  const bool folding = armed != 0 && armed <= layout::kParticipants;
  const auto& base = folding ? segment.journal.totals : segment.totals.counters;
  for (std::uint32_t i = 0; i < layout::kCounters; ++i) sums[i] = base[i].load(relaxed) + segment.guests.counters[i].load(relaxed);
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
    const layout::Participant& p = segment.participants[slot];
    if (layout::phase_of(p.tag.load(relaxed)) == 0 || (folding && armed == slot + 1)) continue;
    for (std::uint32_t i = 0; i < layout::kCounters; ++i) sums[i] += p.counters[i].load(relaxed);
  }
  return sums;
}

}  // namespace

void arm_fold(layout::Segment& segment, std::uint32_t slot, std::uint64_t cause) noexcept {
  layout::Journal& j = segment.journal;
  const layout::Participant& p = segment.participants[slot];
  j.version.store(j.version.load(relaxed) + 1, relaxed);
  // readers must see the new version before new sums; pairs with the fence in sum_counters
  std::atomic_thread_fence(std::memory_order_release);
  for (std::uint32_t i = 0; i < layout::kCounters; ++i)
    j.totals[i].store(segment.totals.counters[i].load(relaxed) + p.counters[i].load(relaxed), relaxed);
  j.cause.store(cause, relaxed);
  j.incarnation.store(layout::incarnation_of(p.tag.load(relaxed)), relaxed);
  // release: the record is whole before it counts; pairs with the acquire loads in redo_fold and sum_once
  j.armed.store(std::uint64_t{slot} + 1, std::memory_order_release);
}

void redo_fold(layout::Segment& segment) noexcept {
  layout::Journal& j = segment.journal;
  const std::uint64_t armed = j.armed.load(std::memory_order_acquire);
  if (armed == 0) return;
  if (armed <= layout::kParticipants) {
    // readers must see it armed before any of this, whoever armed it; pairs with the fence in sum_counters
    std::atomic_thread_fence(std::memory_order_release);
    layout::Participant& p = segment.participants[armed - 1];
    for (std::uint32_t i = 0; i < layout::kCounters; ++i) segment.totals.counters[i].store(j.totals[i].load(relaxed), relaxed);
    for (layout::Word& counter : p.counters) counter.store(0, relaxed);
    for (layout::Intent& intent : p.intents) intent.meta.store(0, relaxed);
    p.unpinned.store(0, relaxed);
    p.pid.store(0, relaxed);
    p.tag.store(0, std::memory_order_release);  // pairs with whoever takes the free slot
  }
  // before it is disarmed: a reader that saw it unarmed at both ends finds another version
  j.version.store(j.version.load(relaxed) + 1, relaxed);
  j.armed.store(0, std::memory_order_release);  // pairs with the acquire loads in sum_counters
}

std::array<std::uint64_t, layout::kCounters> sum_counters(const layout::Segment& segment) noexcept {
  std::array<std::uint64_t, layout::kCounters> sums{};
  for (int i = 0; i < kRereads; ++i) {
    const layout::Journal& j = segment.journal;
    const std::uint64_t before = j.version.load(std::memory_order_acquire);
    // acquire: pairs with the release that arms, so that the record's sums are whole
    const std::uint64_t armed = j.armed.load(std::memory_order_acquire);
    sums = sum_once(segment, armed);
    std::atomic_thread_fence(std::memory_order_acquire);
    // The version does not move when the fold is armed, so both count. acquire: pairs with the release that disarms, behind a new version.
    if (j.armed.load(std::memory_order_acquire) == armed && j.version.load(relaxed) == before) break;
  }
  return sums;
}

}  // namespace e6::core
