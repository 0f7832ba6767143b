#include "readers.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "core/event_ring.h"
#include "core/pins.h"
#include "core/totals.h"
#include "e6/shared/inspect.h"
#include "layout/hot_word.h"
#include "os/clock.h"
#include "os/fd.h"
#include "worker.h"

namespace e6::soak {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::uint64_t kAbandonedMs = 20'000;

bool over(const Area& area) {
  if (os::monotonic_ms() > area->conductor_ms.load(relaxed) + kAbandonedMs) ::_exit(3);
  return area->stop.load(relaxed) != 0;
}

unsigned long long llu(std::uint64_t value) { return value; }

long voluntary_switches() noexcept {
  rusage usage;
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

/// What two looks, one after the other, must have in common.
void compare(const Area& area, const Snapshot& before, const Snapshot& now, std::uint64_t apart_ms) {
  const std::uint32_t steps = (now.epoch.active - before.epoch.active) & layout::kEpochMask;
  if (steps > layout::kEpochMask / 2)
    area.complain("the epoch went back from %u to %u", before.epoch.active, now.epoch.active);
  if (steps == 0 && now.active != before.active) area.complain("the active colour changed within epoch %u", now.epoch.active);
  const std::uint32_t pending_steps = (now.epoch.pending - before.epoch.pending) & layout::kPendingEpochMask;
  // further apart it may have gone round
  if (apart_ms < 50 && pending_steps > layout::kPendingEpochMask / 2)
    area.complain("the pending epoch went back from %u to %u", before.epoch.pending, now.epoch.pending);
  if (steps == 0 && pending_steps == 0 && apart_ms < 50 && now.pending != before.pending)
    area.complain("the pending colour changed within epoch %u/%u", now.epoch.active, now.epoch.pending);
}

void check(const Area& area, const Snapshot& s) {
  const bool torn = (s.pending != Strategy::kNone && s.pending == s.active) || (s.usable && s.active == Strategy::kNone) ||
                    (s.both_refused && s.active != Strategy::kNone) || s.active > Strategy::kGreen || s.pending > Strategy::kGreen ||
                    s.remaining_ms > 60'000 + 250;
  if (torn)
    area.complain("a snapshot makes no sense: active %d pending %d usable %d remaining %u ms", static_cast<int>(s.active), static_cast<int>(s.pending),
                  s.usable, s.remaining_ms);
}

/// Pins belong to somebody at every instant: an owner's slot is given up only after its pins are.
void check_pins(const Area& area, const layout::Segment& segment) {
  std::uint64_t seen = 0;
  for (std::uint32_t g = 0; g < layout::kPinGroups; ++g) {
    const layout::PinGroup& group = segment.pin_groups[g];
    const std::uint64_t owner = group.owner.load(std::memory_order_acquire);
    if (owner == 0) continue;
    const std::uint32_t slot = layout::owner_slot(owner);
    const std::uint64_t tag = slot < layout::kParticipants ? segment.participants[slot].tag.load(std::memory_order_acquire) : 0;
    if (group.owner.load(std::memory_order_acquire) == owner && layout::pack_owner(slot, layout::incarnation_of(tag)) != owner)
      area.complain("pin group %u belongs to incarnation %llu, its slot %u has %llu", g, llu(owner >> 16), slot, llu(layout::incarnation_of(tag)));
    for (std::uint32_t i = 0; i < layout::kPinsPerGroup; ++i) {
      std::string id, engine;
      Epoch epoch;
      if (!core::read_pin(segment.pin_bodies[g * layout::kPinsPerGroup + i], group.states[i], &id, &engine, &epoch)) continue;
      ++seen;
      const bool shared = id.rfind("query-", 0) == 0;
      if (shared ? "engine-" + id.substr(6) != engine : id.rfind("private-", 0) != 0)
        area.complain("a pin is torn: query %s at %s", id.c_str(), engine.c_str());
    }
  }
  area->readers.pins_seen.fetch_add(seen, relaxed);
}

void check_report(const Area& area, const std::string& path) {
  const inspect::Report report = inspect::look(path);
  for (const Error& e : report.problems) area.complain("inspect: %s", e.sentence().c_str());
  if (!report.readable || !report.live || report.retired) area.complain("inspect: the segment is not what it was");
  std::uint64_t last = 0;
  for (const Event& e : report.events) {
    if (e.sequence < last || e.kind == EventKind::kNone || e.kind > EventKind::kMadeRoom ||
        e.realtime_ns == 0)
      area.complain("inspect: half an event at position %llu", llu(e.sequence));
    last = e.sequence;
  }
  area->readers.events_seen.fetch_add(report.events.size(), relaxed);
}

}  // namespace

void run_reader(Area& area) {
  Life& life = area.life(area.begin_life(true));
  auto attached = Coordinator::attach(worker_options(area, 0));
  if (!attached.coordinator) {
    area.complain("a reader could not attach: %s", attached.error.sentence().c_str());
    ::_exit(3);
  }
  Coordinator& c = *attached.coordinator;
  Snapshot before = c.snapshot();
  std::uint64_t before_ms = os::monotonic_ms();
  while (!over(area)) {
    const long switches = voluntary_switches();
    std::uint64_t longest = 0;
    auto last = os::steady_now();
    constexpr int kLooks = 2000;
    for (int i = 0; i < kLooks; ++i) {
      const Snapshot now = c.snapshot();
      const auto t = os::steady_now();
      longest = std::max(longest, static_cast<std::uint64_t>((t - last).count()));
      last = t;
      const std::uint64_t now_ms = os::monotonic_ms();
      check(area, now);
      compare(area, before, now, now_ms - before_ms);
      before = now;
      before_ms = now_ms;
    }
    area->readers.slept.fetch_add(static_cast<std::uint64_t>(voluntary_switches() - switches), relaxed);
    area->readers.snapshots.fetch_add(kLooks, relaxed);
    raise_to(area->readers.longest_ns, longest);
    life.operations.fetch_add(1, relaxed);
    life.since_ms.store(os::monotonic_ms(), relaxed);
    ::usleep(2000);
  }
  attached.coordinator.reset();
  life.fate.store(static_cast<std::uint32_t>(Fate::kFinished), std::memory_order_release);
  ::_exit(0);
}

void run_auditor(Area& area) {
  Life& life = area.life(area.begin_life(true));
  const std::string path = inspect::path_of(worker_options(area, 0).cluster, area->directory, ::geteuid());
  const os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  void* at = fd.valid() ? ::mmap(nullptr, sizeof(layout::Segment), PROT_READ, MAP_SHARED, fd.get(), 0) : MAP_FAILED;
  if (at == MAP_FAILED) {
    area.complain("the auditor could not map %s", path.c_str());
    ::_exit(3);
  }
  const auto& segment = *static_cast<const layout::Segment*>(at);
  std::array<std::uint64_t, layout::kCounters> before{};
  while (!over(area)) {
    check_pins(area, segment);
    const auto sums = core::sum_counters(segment);
    for (std::size_t i = 0; i < static_cast<std::size_t>(Counter::kCount); ++i)
      if (sums[i] < before[i])
        area.complain("the host's sum of %s went back from %llu to %llu", std::string(to_string(static_cast<Counter>(i))).c_str(), llu(before[i]), llu(sums[i]));
    before = sums;
    if (life.operations.load(relaxed) % 8 == 0) check_report(area, path);
    area->readers.audits.fetch_add(1, relaxed);
    life.operations.fetch_add(1, relaxed);
    life.since_ms.store(os::monotonic_ms(), relaxed);
    ::usleep(3000);
  }
  life.fate.store(static_cast<std::uint32_t>(Fate::kFinished), std::memory_order_release);
  ::_exit(0);
}

}  // namespace e6::soak
