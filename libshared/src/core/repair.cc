#include "core/repair.h"

#include "core/participants.h"
#include "core/segment.h"
#include "core/totals.h"

namespace e6::core {

bool sane(const layout::Segment& segment) noexcept {
  if (segment.header.checksum != header_checksum(segment.header)) return false;
  return segment.journal.armed.load(std::memory_order_relaxed) <= layout::kParticipants;
}

bool repair(const Attachment& a) noexcept {
  layout::Segment& segment = *a.segment;
  if (!sane(segment)) return false;
  finish_fold(a);
  // Slots that were being joined or reaped keep their phase: their bytes tell whether they are dead, and reaping starts over.
  count(a, Counter::kLockRecoveries);
  if (a.has_slot()) record_recovered(a);
  return true;
}

void record_recovered(const Attachment& a) noexcept {
  Event e;
  e.kind = EventKind::kRecovered;
  e.cause = EventCause::kOwnerDied;
  (void)record(a, e);
}

}  // namespace e6::core
