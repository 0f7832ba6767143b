// Counters of participants that are gone, and the fold that adds a leaver's to them without ever losing or doubling one.
//
// The fold is a redo record: the sums are written down first, `armed` makes them valid, and everything after that may be repeated any number of times.
#pragma once

#include <array>
#include <cstdint>

#include "layout/segment_layout.h"

namespace e6::core {

/// Writes the record of folding `slot` and arms it. Under the lock; nothing may be armed.
/// Crash: before arming nothing has happened; after it redo_fold finishes the work.
void arm_fold(layout::Segment& segment, std::uint32_t slot, std::uint64_t cause) noexcept;

/// Finishes an armed fold: totals take the written sums, the slot's counters become zero, the slot free. Does nothing when none is armed.
/// Under the lock. Crash: stays armed until the last step; may be done again.
void redo_fold(layout::Segment& segment) noexcept;

/// Sums over totals, guests and participants; a fold under way is counted once. Bounded; lock-free.
std::array<std::uint64_t, layout::kCounters> sum_counters(const layout::Segment& segment) noexcept;

}  // namespace e6::core
