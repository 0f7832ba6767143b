#include "core/liveness.h"

#include "os/ofd_lock.h"

namespace e6::core {

bool certainly_dead(const Attachment& a, std::uint32_t slot) noexcept {
  if (slot >= layout::kParticipants) return false;
  if (slot == a.slot.load(std::memory_order_relaxed)) return false;  // the own description's lock does not show
  return os::byte_held_by_other(a.fd.get(), os::kFirstSlotByte + slot) == os::Locked::kNo && a.descriptor_intact();
}

}  // namespace e6::core
