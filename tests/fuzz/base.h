// The segments that inputs change: sound ones, with something of everything in them.
//
//   busy         six processes, the last two dead: a colour, another one pending, pins of the living and the dead, a lease of the dead, an intent and an
//                event that one of them left half done
//   owner died   the same, and the lock's owner died while it folded a participant's counters: the mutex is marked, the journal armed
//   fresh        nothing but what its creator wrote
//   full         every participant slot and every pin taken, the ring of events gone round
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/segment.h"
#include "layout/segment_layout.h"
#include "plan.h"

namespace e6::fuzz {

struct Image {
  struct Free {
    void operator()(layout::Segment* s) const noexcept;
  };
  std::unique_ptr<layout::Segment, Free> segment;
  std::uint32_t alive = 0;  // the first so many participants live
};

/// Plays what leads to them, in the directory of `place`. Leaves nothing there.
[[nodiscard]] std::array<Image, kBases> make_images(const core::Place& place);

}  // namespace e6::fuzz
