// The ring of events as the story of the hot word: one event for every change of its epochs, none for anything else.
#pragma once

#include <cstdint>
#include <vector>

#include "layout/segment_layout.h"
#include "problems.h"

namespace e6::crash {

/// A participant that is or was.
struct Incarnation {
  std::uint32_t slot = 0;
  std::uint64_t number = 0;
};

/// Replays the ring from a fresh segment's nothing to `hot`: no change without an event, no event without a change, colours that follow from each other.
void check_history(const layout::Segment& segment, std::uint64_t hot, Problems& problems);

/// Each of `gone` left or died exactly once; nobody of `here` did.
void check_departures(const layout::Segment& segment, const std::vector<Incarnation>& gone, const std::vector<Incarnation>& here, Problems& problems);

/// Is there an event by which one word's active or pending colour became the other's, by libshared's own state machine?
bool legal_step(std::uint64_t before, std::uint64_t after) noexcept;

}  // namespace e6::crash
