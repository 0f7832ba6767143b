// The process table: joining, leaving, and reaping those who are certainly dead.
#pragma once

#include <cstdint>

#include "core/attachment.h"

namespace e6::core {

/// Takes a slot: its OFD byte first (that is life), then its words. Reaps the dead on the way. Ok, kBusy (lock), kFull, or kRetired (segment broken).
/// Crash: a slot whose byte is free and whose tag is not is reaped by the next one.
Error join(Attachment& a) noexcept;

/// Gives the slot back in order: what it owns is freed, its counters are folded into the totals.
/// Crash: the slot is reaped instead.
void leave(Attachment& a) noexcept;

struct Reaped {
  std::uint32_t participants = 0;
  bool queries = false;  ///< some of them had queries in flight
  bool broken = false;   ///< the lock cannot be repaired: the segment must be retired
};
/// Reaps every participant that is certainly dead. Takes the lock if there is one; does without if it is busy.
/// Crash: reaping starts over, or its fold is finished by the repair.
Reaped reap_dead(Attachment& a) noexcept;

/// Is anybody in the table certainly dead? No lock.
bool anybody_dead(const Attachment& a) noexcept;

/// Finishes a fold that a dead owner of the lock left armed, its event included. Under the lock.
/// Crash: stays armed until the last step; may be done again.
void finish_fold(const Attachment& a) noexcept;

}  // namespace e6::core
