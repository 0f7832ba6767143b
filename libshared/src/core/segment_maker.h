// Making a segment: whole before anybody can find it, then published under its name in one step.
#pragma once

#include "core/segment.h"

namespace e6::core {

inline constexpr int kNothingBefore = -1;

/// Makes a segment for `place`, where there is none (kNothingBefore) or in the place of the one of the descriptor `given_up`.
/// `lost_race`: somebody else was first, `out` is empty.
/// Crash: see os::create_unnamed, os::publish and os::replace; nobody can see a segment that is not whole.
Error make_segment(const Place& place, int directory, int given_up, SegmentRef& out, bool& lost_race);

}  // namespace e6::core
