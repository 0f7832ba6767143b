// What the next owner of the lock does when the last one died inside.
#pragma once

#include "core/attachment.h"

namespace e6::core {

/// Brings the cold state to where it was before or after the dead owner's operation. Idempotent. Under the lock, before it is marked consistent.
/// False if the state makes no sense and the segment must be retired.
/// Crash: the mutex is still inconsistent, so the next owner repairs again.
bool repair(const Attachment& a) noexcept;

/// Records that a dead owner's work was repaired. repair() does so itself for a participant; one that repaired while joining
/// can only once it has its slot.
/// Crash: as push_event; the repair itself stands.
void record_recovered(const Attachment& a) noexcept;

/// Do the header and the lock-guarded words make sense?
bool sane(const layout::Segment& segment) noexcept;

}  // namespace e6::core
