#include "invariants.h"

#include <fcntl.h>
#include <linux/futex.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/event_ring.h"
#include "core/pins.h"
#include "core/totals.h"
#include "history.h"
#include "layout/hot_word.h"
#include "layout/lease_word.h"
#include "os/fd.h"
#include "os/ofd_lock.h"

namespace e6::crash {
namespace {

using layout::kParticipants;
using layout::Segment;
constexpr auto relaxed = std::memory_order_relaxed;

std::vector<Incarnation> participants(const Segment& s) {
  std::vector<Incarnation> all;
  for (std::uint32_t slot = 0; slot < kParticipants; ++slot)
    if (const std::uint64_t tag = s.participants[slot].tag.load(relaxed)) all.push_back({slot, layout::incarnation_of(tag)});
  return all;
}

bool among(const std::vector<std::uint32_t>& slots, std::uint32_t slot) { return std::find(slots.begin(), slots.end(), slot) != slots.end(); }

void check_free(const layout::Participant& p, std::uint32_t slot, Problems& problems) {
  bool clean = p.pid.load(relaxed) == 0 && p.unpinned.load(relaxed) == 0;
  for (const layout::Word& counter : p.counters) clean &= counter.load(relaxed) == 0;
  for (const layout::Intent& intent : p.intents) clean &= intent.meta.load(relaxed) == 0;
  if (!clean) problems.add("slot " + std::to_string(slot) + " is free and not empty");
}

const char* counter_name(std::size_t i) {
  return i < static_cast<std::size_t>(Counter::kCount) ? to_string(static_cast<Counter>(i)).data() : "a counter without a name";
}

// A neighbour that takes no part keeps its bytes.
void check_neighbour(const Recovery& r, Problems& problems) {
  if ((r.operation.special & kTouchesNeighbour) != 0) return;
  const Segment& start = r.aftermath.start.segment();
  const auto same = [](const void* a, const void* b, std::size_t n) { return std::memcmp(a, b, n) == 0; };
  if (!same(&start.participants[kNeighbourSlot], &r.now.participants[kNeighbourSlot], sizeof(layout::Participant)))
    problems.add("a living participant's words were changed by somebody else");
  for (std::uint32_t g = 0; g < layout::kPinGroups; ++g) {
    const std::uint64_t owner = start.pin_groups[g].owner.load(relaxed);
    if (owner == 0 || layout::owner_slot(owner) != kNeighbourSlot) continue;
    if (!same(&start.pin_groups[g], &r.now.pin_groups[g], sizeof(layout::PinGroup)) ||
        !same(&start.pin_bodies[g * layout::kPinsPerGroup], &r.now.pin_bodies[g * layout::kPinsPerGroup],
              sizeof(layout::PinBody) * layout::kPinsPerGroup))
      problems.add("a living participant's pins were changed by somebody else");
  }
  if (core::find_pin(start, kNeighbourQuery) && !core::find_pin(r.now, kNeighbourQuery)) problems.add("a living participant's query is lost");
}

void check_counters(const Recovery& r, Problems& problems) {
  auto before = core::sum_counters(r.aftermath.start.segment());
  if (!same_segment(r.aftermath.start.segment(), r.now)) before = {};
  const Segment& left = r.aftermath.broken();
  const auto broken = core::sum_counters(left);
  const auto now = core::sum_counters(r.now);
  const auto word = static_cast<unsigned>(left.lock.mutex.__data.__lock);
  const bool died_inside = (word & FUTEX_TID_MASK) != 0 || (word & FUTEX_OWNER_DIED) != 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (broken[i] < before[i]) problems.add(std::string("counted before and lost: ") + counter_name(i));
    const std::uint64_t repairs = i == static_cast<std::size_t>(Counter::kLockRecoveries) && died_inside ? 1 : 0;
    if (now[i] != broken[i] + repairs)
      problems.add("reaping made " + std::to_string(now[i]) + " of " + std::to_string(broken[i]) + ": " + counter_name(i));
  }
}

}  // namespace

bool same_segment(const Segment& start, const Segment& now) noexcept { return start.header.instance == now.header.instance; }

void check_readers(const Segment& start, const Segment& seen, Problems& problems) {
  const auto before = core::sum_counters(start);
  const auto sums = core::sum_counters(seen);
  for (std::size_t i = 0; i < sums.size(); ++i)
    if (sums[i] < before[i]) problems.add(std::string("a reader sees fewer than before: ") + counter_name(i));
  if (core::read_events(seen, layout::kEventSlots).size() > layout::kEventSlots) problems.add("a reader sees more events than there is room for");
  for (const Event& e : core::read_events(seen, layout::kEventSlots))
    if (e.kind == EventKind::kNone || e.kind > EventKind::kMadeRoom || e.realtime_ns == 0)
      problems.add("a reader sees half an event");
  for (const std::uint32_t group : {0U, 7U, 14U, 21U})
    for (std::uint32_t i = 0; i < layout::kPinsPerGroup; ++i) {
      std::string id, engine;
      Epoch epoch;
      const layout::PinBody& body = seen.pin_bodies[group * layout::kPinsPerGroup + i];
      if (core::read_pin(body, seen.pin_groups[group].states[i], &id, &engine, &epoch) && (id.find("query") == std::string::npos || engine.rfind("engine-", 0) != 0))
        problems.add("a reader finds half a query: '" + id + "' at '" + engine + "'");
    }
}

void check_ownership(const Segment& s, const std::vector<std::uint32_t>& alive, Problems& problems) {
  for (std::uint32_t slot = 0; slot < kParticipants; ++slot) {
    const std::uint64_t tag = s.participants[slot].tag.load(relaxed);
    if (tag == 0)
      check_free(s.participants[slot], slot, problems);
    else if (!among(alive, slot))
      problems.add("slot " + std::to_string(slot) + " still belongs to a dead participant");
    else if (layout::phase_of(tag) != static_cast<std::uint64_t>(layout::Phase::kReady))
      problems.add("slot " + std::to_string(slot) + " is alive and not ready");
  }
  for (std::uint32_t g = 0; g < layout::kPinGroups; ++g) {
    const layout::PinGroup& group = s.pin_groups[g];
    const std::uint64_t owner = group.owner.load(relaxed);
    if (owner == 0) {
      for (const layout::Word& state : group.states)
        if (layout::pin_in_flight(state.load(relaxed))) problems.add("pin group " + std::to_string(g) + " is nobody's and has a query in flight");
      continue;
    }
    const std::uint32_t slot = layout::owner_slot(owner);
    const std::uint64_t tag = slot < kParticipants ? s.participants[slot].tag.load(relaxed) : 0;
    if (!among(alive, slot) || layout::pack_owner(slot, layout::incarnation_of(tag)) != owner)
      problems.add("pin group " + std::to_string(g) + " belongs to nobody who lives");
  }
  for (const layout::Lease& lease : s.leases) {
    const std::uint32_t holder = layout::unpack_lease(lease.word.load(relaxed)).holder;
    if (holder != 0 && holder != layout::kLeaseGuest && !among(alive, holder - 1)) problems.add("a lease is held by the dead");
  }
  for (const layout::EventSlot& e : s.events)
    if (const std::uint64_t claim = e.claim.load(relaxed); (claim & 1U) != 0 && !among(alive, static_cast<std::uint32_t>(claim >> 1 & 0x7fffU) - 1))
      problems.add("a place in the ring is claimed by the dead");
  if (s.journal.armed.load(relaxed) != 0) problems.add("the journal is still armed");
  if ((static_cast<unsigned>(s.lock.mutex.__data.__lock) & ~FUTEX_WAITERS) != 0) problems.add("the mutex is held or marked");
}

void check_recovered(const Recovery& r, Problems& problems) {
  const std::uint64_t hot = r.now.hot.word.load();
  const Segment& start = r.aftermath.start.segment();
  std::vector<std::uint32_t> alive{r.own_slot};
  if (r.aftermath.neighbour && same_segment(start, r.now)) {
    alive.push_back(kNeighbourSlot);
    check_neighbour(r, problems);
  }
  if (same_segment(r.aftermath.broken(), r.now)) {
    if (std::memcmp(&r.aftermath.broken().header, &r.now.header, sizeof(layout::Header)) != 0) problems.add("the header was changed");
    if (hot != r.aftermath.broken().hot.word.load()) problems.add("recovering changed the hot word");
    std::vector<Incarnation> gone;
    const std::vector<Incarnation> here = participants(r.now);
    const auto note = [&](const Segment& s) {
      if (!same_segment(s, r.now)) return;
      for (const Incarnation& who : participants(s)) {
        const auto same = [&](const Incarnation& other) { return other.slot == who.slot && other.number == who.number; };
        if (std::none_of(here.begin(), here.end(), same) && std::none_of(gone.begin(), gone.end(), same)) gone.push_back(who);
      }
    };
    note(start);
    for (const Image& left : r.aftermath.left) note(left.segment());
    check_departures(r.now, gone, here, problems);
    check_counters(r, problems);
  }
  check_ownership(r.now, alive, problems);
  if (!r.aftermath.unrecorded) check_history(r.now, hot, problems);
}

void check_bytes(const std::string& path, const std::vector<std::uint32_t>& alive, Problems& problems) {
  const os::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return;
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0;
  lock.l_len = 0;  // to the end: the first lock of anybody
  while (::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
    const off_t byte = lock.l_start;
    if (byte < os::kFirstSlotByte || !among(alive, static_cast<std::uint32_t>(byte - os::kFirstSlotByte)))
      problems.add("byte " + std::to_string(byte) + " is still locked by somebody");
    lock.l_type = F_WRLCK;
    lock.l_start = byte + 1;
    lock.l_len = 0;
    lock.l_pid = 0;
  }
}

}  // namespace e6::crash
