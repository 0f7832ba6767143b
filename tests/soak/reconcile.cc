#include "reconcile.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include "core/host_lock.h"
#include "core/participants.h"
#include "core/totals.h"
#include "layout/hot_word.h"
#include "layout/lease_word.h"
#include "ledger.h"
#include "os/fd.h"
#include "os/ofd_lock.h"

namespace e6::soak {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
unsigned long long llu(std::uint64_t value) { return value; }

Fate fate_of(const Life& life) { return static_cast<Fate>(life.fate.load(relaxed)); }
Doing doing_of(const Life& life) { return static_cast<Doing>(life.doing.load(relaxed)); }

std::uint64_t killed_in(const Area& area, std::initializer_list<Doing> these) {
  std::uint64_t n = 0;
  for (std::uint32_t i = 0; i < area.used_lives(); ++i)
    if (killed(fate_of(area.life(i))) && std::find(these.begin(), these.end(), doing_of(area.life(i))) != these.end()) ++n;
  return n;
}

std::uint64_t dropped(const layout::Segment& segment) {
  const auto sums = core::sum_counters(segment);
  return std::max(sums[static_cast<std::size_t>(Counter::kEventsDropped)], segment.event_head.dropped.load(relaxed));
}

// The segment's sums against the ledgers, which may be short of what the killed were in the middle of.
void check_counters(const Area& area, const layout::Segment& segment) {
  const auto sums = core::sum_counters(segment);
  std::printf("  %-20s %12s %12s %12s\n", "counter", "ledgers", "segment", "cut short");
  for (const Counter counter : kReconciled) {
    const auto index = static_cast<std::size_t>(counter);
    std::uint64_t done = 0;
    std::uint64_t unsure = 0;
    for (std::uint32_t i = 0; i < area.used_lives(); ++i) {
      const Life& life = area.life(i);
      done += life.done[index].load(relaxed);
      unsure += allowance(doing_of(life), counter);
      if (counter == Counter::kQueriesEnded)
        done += static_cast<std::uint64_t>(
            std::count_if(std::begin(life.marks), std::end(life.marks), [](const auto& mark) { return mark.load(relaxed) != 0; }));
    }
    const std::string name(to_string(counter));
    std::printf("  %-20s %12llu %12llu %12llu\n", name.c_str(), llu(done), llu(sums[index]), llu(unsure));
    if (sums[index] < done || sums[index] > done + unsure)
      area.complain("%s: the ledgers say %llu, at most %llu more were cut short, and the segment says %llu", name.c_str(), llu(done), llu(unsure),
                    llu(sums[index]));
  }
}

struct Arrivals {
  std::uint64_t died = 0, left = 0, unfinished = 0, unannounced = 0, lost = 0;
};

// Each incarnation goes once: it left, or it was found dead.
Arrivals check_departures(const Area& area, Historian& historian, const core::Attachment& own) {
  Arrivals all;
  const std::uint64_t last = own.segment->lock.next_incarnation.load(relaxed);
  const auto& departures = historian.departures();
  for (std::uint64_t n = 1; n <= last; ++n) {
    const Departures d = n < departures.size() ? departures[n] : Departures{};
    const int gone = d.left + d.died;
    all.left += d.left;
    all.died += d.died;
    if (d.joined > 1 || gone > 1) area.complain("incarnation %llu joined %d times, left %d times and died %d times", llu(n), d.joined, d.left, d.died);
    if (n == own.incarnation.load(relaxed)) {
      if (gone != 0) area.complain("false death: the conductor's own slot was given up");
      continue;
    }
    const Incarnation& said = area.incarnation(n);
    const std::uint32_t life = said.life_plus_one.load(relaxed);
    const auto stay = static_cast<Stay>(said.stay.load(relaxed));
    if (d.joined == 0) ++all.unannounced;
    if (gone == 0 && life == 0 && stay == Stay::kUnsaid && d.joined == 0) {
      ++all.unfinished;  // the number was given out, and its taker killed before the slot was its own
      continue;
    }
    if (gone == 0) {
      ++all.lost;
      continue;
    }
    if (life == 0) continue;
    const bool must_have_died = stay == Stay::kJoined;
    const bool must_have_left = stay == Stay::kLeft;
    if ((must_have_died && d.died != 1) || (must_have_left && d.left != 1))
      area.complain("incarnation %llu of life %u %s, and the events say that it %s", llu(n), life - 1, must_have_left ? "left in order" : "did not leave",
                    d.left != 0 ? "left" : "died");
  }
  return all;
}

void check_events(const Area& area, Conductor& conductor, const core::Attachment& own) {
  Historian& historian = conductor.historian();
  const layout::Segment& segment = *own.segment;
  const Arrivals all = check_departures(area, historian, own);
  const std::uint64_t joining = killed_in(area, {Doing::kAttach, Doing::kBegin});
  const std::uint64_t without_record = dropped(segment);
  std::printf("  participants: %llu incarnations, %llu found dead, %llu left, %llu killed before the slot was theirs, %llu without a joined event, %llu without one of their going\n",
              llu(segment.lock.next_incarnation.load(relaxed)), llu(all.died), llu(all.left), llu(all.unfinished), llu(all.unannounced), llu(all.lost));
  // Who reaps or leaves has a slot, so that what it could not record was dropped by the ring itself.
  if (const std::uint64_t by_the_ring = segment.event_head.dropped.load(relaxed); all.lost > by_the_ring)
    area.complain("%llu participants are gone without an event, and the ring dropped %llu", llu(all.lost), llu(by_the_ring));
  if (all.unfinished > joining || all.unannounced > joining + without_record)
    area.complain("%llu incarnations are unaccounted for, %llu have no joined event; %llu were killed while joining", llu(all.unfinished),
                  llu(all.unannounced), llu(joining));

  std::printf("  ring: %llu positions, %llu events, %llu abandoned by the killed, %llu passed over, %llu dropped and counted\n",
              llu(historian.positions()), llu(historian.events()), llu(historian.abandoned()), llu(historian.passed_over()), llu(without_record));
  const std::uint64_t given_out = segment.event_head.written.load(relaxed);
  if (historian.positions() != given_out || historian.events() + historian.abandoned() + historian.passed_over() != given_out)
    area.complain("the ring gave out %llu positions, %llu are accounted for", llu(given_out),
                  llu(historian.events() + historian.abandoned() + historian.passed_over()));
  if (historian.overwritten() != 0) area.complain("%llu events were overwritten before they were read: this run proves nothing", llu(historian.overwritten()));
  const Deeds& deeds = conductor.deeds();
  if (historian.abandoned() > deeds.kills + deeds.long_stops) area.complain("more positions were abandoned than processes killed");

  std::printf("  story of the colour: %llu changes told, %llu of them twice, %llu missing, %zu that fit nowhere; %llu recoveries of the lock\n", llu(historian.changes()),
              llu(historian.told_twice()), llu(historian.missing()), historian.unfitting(), llu(historian.of_kind(EventKind::kRecovered)));
  // A guest's change has no event and dies uncounted with it. The event of a dead participant is recovered from what the ring says of the changes that
  // followed, so the ring must not have come round before it was reaped.
  std::uint64_t guests = 0;
  for (std::uint32_t i = 0; i < area.used_lives(); ++i)
    if (const Life& life = area.life(i); killed(fate_of(life)) && life.guest.load(relaxed) != 0 && changes_colour(doing_of(life))) ++guests;
  std::printf("  killed while changing it: %llu without a slot; %llu that were reaped when the ring had come round\n", llu(guests), llu(historian.reaped_late()));
  if (historian.missing() > without_record + guests + historian.reaped_late())
    area.complain("%llu changes of the colour have no event, %llu were dropped", llu(historian.missing()), llu(without_record));
  if (historian.unfitting() != 0) area.complain("%zu events are of changes that were not made", historian.unfitting());
  if (historian.told_twice() > 1 + deeds.kills / 1000) area.complain("%llu changes were told twice", llu(historian.told_twice()));
  if (historian.missing() == 0 && !historian.leads_to(segment.hot.word.load())) area.complain("the events do not lead to what the hot word says");
}

// Nothing stands in the segment that is not the conductor's.
void check_leftovers(const Area& area, const core::Attachment& own) {
  const layout::Segment& s = *own.segment;
  const std::uint32_t mine = own.slot.load(relaxed);
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
    const layout::Participant& p = s.participants[slot];
    if (slot == mine) continue;
    bool clean = p.tag.load(relaxed) == 0 && p.pid.load(relaxed) == 0 && p.unpinned.load(relaxed) == 0;
    for (const layout::Word& counter : p.counters) clean &= counter.load(relaxed) == 0;
    for (const layout::Intent& intent : p.intents) clean &= intent.meta.load(relaxed) == 0;
    if (!clean) area.complain("leaked: slot %u of incarnation %llu", slot, llu(layout::incarnation_of(p.tag.load(relaxed))));
  }
  for (std::uint32_t g = 0; g < layout::kPinGroups; ++g) {
    const layout::PinGroup& group = s.pin_groups[g];
    bool clean = group.owner.load(relaxed) == 0;
    for (const layout::Word& state : group.states) clean &= !layout::pin_in_flight(state.load(relaxed));
    if (!clean) area.complain("leaked: pin group %u, owner %llu", g, llu(group.owner.load(relaxed)));
  }
  for (const layout::Lease& lease : s.leases) {
    const std::uint32_t holder = layout::unpack_lease(lease.word.load(relaxed)).holder;
    // a guest is known only by its deadline
    if (holder != 0 && !(holder == layout::kLeaseGuest && area->guests.load() != 0)) area.complain("leaked: a lease, held by slot %u", holder - 1);
  }
  for (const layout::EventSlot& e : s.events)
    if ((e.claim.load(relaxed) & 1U) != 0) area.complain("leaked: a place in the ring, claim %llx", llu(e.claim.load(relaxed)));
  if (s.journal.armed.load(relaxed) != 0) area.complain("the journal is still armed");
  if (layout::retired(s.hot.word.load(relaxed))) area.complain("the segment was retired");
}

void check_lock(const Area& area, core::Attachment& own) {
  const auto before = os::steady_now();
  {
    const core::HostLock lock(own);
    if (!lock.held() || lock.recovered()) area.complain("the lock is not free: state %d", static_cast<int>(lock.state()));
  }
  if (os::steady_now() - before > core::kLockBound) area.complain("taking the free lock took longer than its bound");
  if ((static_cast<unsigned>(own.segment->lock.mutex.__data.__lock) & ~FUTEX_WAITERS) != 0) area.complain("the mutex is held or marked");
  const os::Fd fd(::open(own.path.c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  while (::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {  // the first lock of anybody from l_start on
    if (lock.l_start != os::kFirstSlotByte + static_cast<off_t>(own.slot.load(relaxed)))
      area.complain("byte %lld of the file is still locked by somebody", static_cast<long long>(lock.l_start));
    lock.l_start += lock.l_len;
    lock.l_type = F_WRLCK;
    lock.l_len = 0;
    lock.l_pid = 0;
  }
}

void print_deeds(const Area& area, const Deeds& d) {
  std::printf("%llu kills (%llu by a timer in the midst of work, %llu of stopped processes), %llu stops (%llu beyond the lock's bound), %llu starts (%llu by exec),\n", llu(d.kills), llu(d.by_timer),
              llu(d.killed_while_stopped), llu(d.stops), llu(d.long_stops), llu(d.started), llu(d.started_by_exec));
  const auto n = [&](Command c) { return llu(d.commands[static_cast<std::size_t>(c)]); };
  std::printf("asked to fork %llu, fork twice %llu, exec %llu, end without leaving %llu, leave and return %llu; %u lives in %.1f s\n", n(Command::kFork),
              n(Command::kForkTwice), n(Command::kExec), n(Command::kVanish), n(Command::kReturn), area.used_lives(), d.seconds);
  std::printf("  killed in:");
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(Doing::kCount); ++i)
    if (const std::uint64_t killed = killed_in(area, {static_cast<Doing>(i)}))
      std::printf(" %s %llu;", std::string(to_string(static_cast<Doing>(i))).c_str(), llu(killed));
  std::printf("\n  longest (not stopped, ms):");
  for (std::uint32_t i = 1; i < static_cast<std::uint32_t>(Doing::kCount); ++i)
    std::printf(" %s %.1f;", std::string(to_string(static_cast<Doing>(i))).c_str(), static_cast<double>(area->longest_us[i].load()) / 1000);
  std::printf("\n  a wait ended at most %.1f ms after its deadline; found without a slot: %llu times\n", static_cast<double>(area->late_us.load()) / 1000,
              llu(area->guests.load()));
  const ReaderFigures& r = area->readers;
  std::printf("  readers: %llu snapshots, longest %.2f ms, gave up the processor %llu times; %llu audits, %llu pins, %llu events\n", llu(r.snapshots.load()),
              static_cast<double>(r.longest_ns.load()) / 1e6, llu(r.slept.load()), llu(r.audits.load()), llu(r.pins_seen.load()), llu(r.events_seen.load()));
  if (r.slept.load() != 0) area.complain("a reader waited %llu times", llu(r.slept.load()));
}

}  // namespace

void reconcile(Area& area, Conductor& conductor) {
  core::Attachment& own = conductor.attachment();
  print_deeds(area, conductor.deeds());
  if (core::reap_dead(own).broken) area.complain("the lock cannot be repaired");
  conductor.historian().finish();
  check_counters(area, *own.segment);
  check_events(area, conductor, own);
  check_leftovers(area, own);
  check_lock(area, own);
  if (conductor.coordinator().in_flight() != 0) area.complain("leaked: a query in flight");
  const auto files = std::filesystem::directory_iterator(area->directory);
  if (std::distance(std::filesystem::begin(files), std::filesystem::end(files)) != 1) area.complain("there is litter in %s", area->directory);
}

}  // namespace e6::soak
