#include "core/participants.h"

#include <algorithm>
#include <cstring>

#include "core/commit.h"
#include "core/host_lock.h"
#include "core/in_words.h"
#include "core/lease.h"
#include "core/liveness.h"
#include "core/pins.h"
#include "core/repair.h"
#include "core/totals.h"
#include "os/clock.h"
#include "os/host_identity.h"
#include "os/ofd_lock.h"

namespace e6::core {
namespace {

using layout::Participant;
using layout::Phase;
constexpr auto relaxed = std::memory_order_relaxed;

bool taken(const Participant& p) noexcept { return p.tag.load(relaxed) != 0; }

/// Removes a slot's holder: its leases, unrecorded events, claimed ring slots and pins, then its counters. Under the lock.
/// Crash: the tag says kReaping until the fold is armed, and reaping starts over; from then on the fold is finished by the repair.
bool remove(const Attachment& a, std::uint32_t slot, EventKind how) noexcept {
  layout::Segment& segment = *a.segment;
  Participant& p = segment.participants[slot];
  const std::uint64_t incarnation = layout::incarnation_of(p.tag.load(relaxed));
  p.tag.store(layout::pack_tag(incarnation, Phase::kReaping), std::memory_order_release);
  free_leases_of(segment, slot);
  recover_intents(a, slot);
  free_events_of(segment, slot);
  const bool pins = free_pins_of(segment, slot) || p.unpinned.load(relaxed) != 0;
  arm_fold(segment, slot, static_cast<std::uint64_t>(how));
  finish_fold(a);
  return pins;
}

/// Reaps all the dead. Under the lock.
Reaped reap_all(const Attachment& a) noexcept {
  Reaped reaped;
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
    if (!taken(a.segment->participants[slot]) || !certainly_dead(a, slot)) continue;
    reaped.queries |= remove(a, slot, EventKind::kDied);
    ++reaped.participants;
  }
  return reaped;
}

void fill_in(Attachment& a, std::uint32_t slot) noexcept {
  layout::Segment& segment = *a.segment;
  Participant& p = segment.participants[slot];
  const std::uint64_t incarnation = segment.lock.next_incarnation.load(relaxed) + 1;
  segment.lock.next_incarnation.store(incarnation, relaxed);
  p.tag.store(layout::pack_tag(incarnation, Phase::kJoining), relaxed);
  p.joined_realtime_ns.store(os::realtime_ns(), relaxed);
  p.pid.store(a.pid, relaxed);
  const std::array<char, 16> program = os::program_name();
  std::uint64_t words[2];
  std::memcpy(words, program.data(), sizeof words);
  p.program[0].store(words[0], relaxed);
  p.program[1].store(words[1], relaxed);
  a.incarnation.store(incarnation, relaxed);
  a.slot.store(slot, std::memory_order_release);
  p.tag.store(layout::pack_tag(incarnation, Phase::kReady), std::memory_order_release);
}

bool take_free_slot(Attachment& a) noexcept {
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
    if (taken(a.segment->participants[slot])) continue;
    // a forked child of a dead participant may still hold the byte; then the slot is not free yet
    if (os::try_lock_byte(a.fd.get(), os::kFirstSlotByte + slot) != os::Locked::kYes) continue;
    fill_in(a, slot);
    return true;
  }
  return false;
}

}  // namespace

void finish_fold(const Attachment& a) noexcept {
  const layout::Journal& journal = a.segment->journal;
  const std::uint64_t armed = journal.armed.load(std::memory_order_acquire);
  if (armed == 0 || armed > layout::kParticipants) return;
  const auto slot = static_cast<std::uint32_t>(armed - 1);
  const auto how = static_cast<EventKind>(journal.cause.load(relaxed));
  const std::uint64_t incarnation = journal.incarnation.load(relaxed);
  // Whoever died while writing the event below left its place claimed in this slot's name; once the slot is free nobody would look for it.
  free_events_of(*a.segment, slot);
  if (!has_event_by(*a.segment, how, slot, incarnation)) {
    Event e;
    e.kind = how;
    e.realtime_ns = os::realtime_ns();
    e.monotonic_ms = os::monotonic_ms();
    e.pid = a.pid;
    e.about_pid = a.segment->participants[slot].pid.load(relaxed);
    (void)push_event(*a.segment, Writer{slot, incarnation, a.pid}, e, a.segment->hot.word.load(relaxed));
  }
  redo_fold(*a.segment);
}

Error join(Attachment& a) noexcept {
  HostLock lock(a);
  const char* path = a.path.c_str();
  if (lock.state() == HostLock::State::kBroken) return in_words(Cause::kRetired, 0, path, "its lock cannot be repaired");
  if (const int refusal = lock.refused_by(); refusal != 0)
    return in_words(Cause::kSystem, refusal, path, refusal == EINVAL || refusal == EOPNOTSUPP || refusal == ENOLCK
                        ? "its file system refuses open file description locks; choose another one with E6_SHM_DIR"
                        : "a lock on it was refused");
  if (!lock.held())
    return in_words(Cause::kBusy, 0, path, "the host-wide lock was not to be had within 100 ms; its owner may be stopped");
  (void)reap_all(a);
  if (!take_free_slot(a))
    return in_words(Cause::kFull, 0, [&] {
      return Error{Cause::kFull, 0, path, "all " + std::to_string(layout::kParticipants) + " places of its participant table are taken"};
    });
  if (lock.recovered()) record_recovered(a);
  Event e;
  e.kind = EventKind::kJoined;
  e.about_pid = a.pid;
  (void)record(a, e);
  return {};
}

void leave(Attachment& a) noexcept {
  const std::uint32_t slot = a.slot.load(relaxed);
  if (slot == kNoSlot) return;
  {
    HostLock lock(a);
    if (lock.held()) {
      (void)remove(a, slot, EventKind::kLeft);
      a.slot.store(kNoSlot, relaxed);
      for (auto& group : a.groups) group.store(0, relaxed);
    }
  }
  // without the lock the slot stays and, with its byte free, is reaped by the next one
  os::unlock_byte(a.fd.get(), os::kFirstSlotByte + slot);
  a.slot.store(kNoSlot, relaxed);
}

bool anybody_dead(const Attachment& a) noexcept {
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot)
    if (taken(a.segment->participants[slot]) && certainly_dead(a, slot)) return true;
  return false;
}

Reaped reap_dead(Attachment& a) noexcept {
  if (!anybody_dead(a)) return {};
  HostLock lock(a);
  if (lock.held()) return reap_all(a);
  count(a, Counter::kLockTimeouts);
  Reaped none;
  none.broken = lock.state() == HostLock::State::kBroken;
  return none;
}

}  // namespace e6::core
