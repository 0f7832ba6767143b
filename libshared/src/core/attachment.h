// One process's hold on one segment: its descriptor, its slot, what it owns. Made by Host, never destroyed while the process lives (other threads
// may be inside), replaced by a new one after a fork or when the segment is given up.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "core/event_ring.h"
#include "e6/shared/coordinator.h"
#include "layout/segment_layout.h"
#include "os/fd.h"
#include "os/mapping.h"
#include "os/process_mark.h"

namespace e6::core {

inline constexpr std::uint32_t kNoSlot = 0xffffffffU;

struct Attachment {
  // immutable once other threads can see it, but for `fd`, given back on leaving, or long after
  layout::Segment* segment = nullptr;  ///< null: fallback
  mutable os::SharedFd fd;
  os::Mapping mapping;                 ///< empty where an older attachment has the same file mapped
  dev_t device = 0;
  ino_t inode = 0;
  std::atomic<std::uint64_t> process{0};  ///< generation of the process it belongs to; 0 once it was left
  std::uint32_t pid = 0;
  std::string path;
  Error degraded;             ///< why there is no segment, or no slot
  const Attachment* previous = nullptr;  ///< on another segment, replaced by this one; queries begun there are still found there
  Attachment* next_unused = nullptr;     ///< given up before anything was done there; kept because its mutex may still be somebody's
  const Attachment* buried = nullptr;    ///< on the same segment, before a fork or a leave; kept because tickets may point to it

  // written while joining or leaving, by one thread under `local`
  std::atomic<std::uint32_t> slot{kNoSlot};
  std::atomic<std::uint64_t> incarnation{0};

  /// Threads of this process share the OFD lock; this one tells them apart.
  os::ForkSafeLock local;
  /// The next moment (monotonic ms) to check the name, or to try again for a segment or a slot.
  std::atomic<std::uint64_t> next_check_ms{0};
  /// Pin groups that belong to this slot; appended by CAS. index + 1, 0 empty.
  std::array<std::atomic<std::uint32_t>, layout::kPinGroups> groups{};

  /// The descriptor still leads to the segment. The application may have closed it, and its number may lead to another file by now,
  /// on which nobody holds any lock.
  [[nodiscard]] bool descriptor_intact() const noexcept;
  /// The file has lost its name.
  [[nodiscard]] bool nameless() const noexcept;
  /// Closes the descriptor, unless its number is another's by now.
  void give_back_descriptor() const noexcept;
  [[nodiscard]] bool shared() const noexcept { return segment != nullptr; }
  [[nodiscard]] bool has_slot() const noexcept { return slot.load(std::memory_order_relaxed) != kNoSlot; }
  [[nodiscard]] Writer writer() const noexcept {
    return {slot.load(std::memory_order_relaxed), incarnation.load(std::memory_order_relaxed), pid};
  }
  [[nodiscard]] layout::Participant& self() const noexcept {
    return segment->participants[slot.load(std::memory_order_relaxed) % layout::kParticipants];
  }
};

/// Adds to one of this process's counters (the guests' without a slot). One relaxed fetch_add on a line of its own.
/// Crash: it was counted or not.
void count(const Attachment& a, Counter which, std::uint64_t by = 1) noexcept;

/// Records an event by this process; times and pid are filled in. `left`: the epochs that its change started from, nothing if it changed none.
/// Counts it as dropped where it cannot be kept. Returns what was recorded.
/// Crash: as push_event.
Event record(const Attachment& a, Event event, std::optional<Epoch> left = std::nullopt) noexcept;

}  // namespace e6::core
