// The host's memory of what happened: a ring of events that outlives every process.
//
// A writer takes a position, claims the slot for it, fills it in and marks it written. It never waits: a slot in which a slower writer still is
// (it may be stopped, or dead) is left to it and the next position taken. A reader takes a slot only if its claim is the same, and written, before
// and after the copy.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "e6/shared/observer.h"
#include "layout/segment_layout.h"

namespace e6::core {

/// Who writes. Without a slot nothing is written: a claim nobody owns could never be freed.
struct Writer {
  std::uint32_t slot = 0;
  std::uint64_t incarnation = 0;
  std::uint32_t pid = 0;
};

/// Appends `event` (its sequence is assigned). `left`: the epochs that its change started from; nothing if it changed none. False if it was dropped,
/// which is counted.
/// Crash: a slot claimed and not finished is skipped by readers and freed when its owner is reaped.
bool push_event(layout::Segment& segment, const Writer& writer, const Event& event, std::uint64_t hot_word,
                std::optional<Epoch> left = std::nullopt) noexcept;

/// The creator's first event, before anybody else can see the segment.
/// Crash: nobody ever sees it.
void record_created(layout::Segment& segment) noexcept;

/// Frees the slots that a dead writer left claimed. Under the lock.
/// Crash: may be done again.
void free_events_of(layout::Segment& segment, std::uint32_t slot) noexcept;

/// The latest events, oldest first, at most `limit`. Bounded by the ring's size whatever stands in it. A change of the hot word that was recorded by its
/// maker and, at the same time, in place of a dead one that meant the same change (core/commit.cc), is one event: the earlier.
std::vector<Event> read_events(const layout::Segment& segment, std::size_t limit);

/// The same without that: everything that stands in the ring.
std::vector<Event> read_ring(const layout::Segment& segment);

/// Is there an event of a change that led to this pair of epochs?
bool has_event_to(const layout::Segment& segment, Epoch epoch) noexcept;
/// Is there an event of a change that started from it, and from this active colour?
bool has_event_from(const layout::Segment& segment, Epoch epoch, Strategy active) noexcept;

/// Is there an event of this kind about this incarnation of a participant?
bool has_event_by(const layout::Segment& segment, EventKind kind, std::uint32_t slot, std::uint64_t incarnation) noexcept;

}  // namespace e6::core
