#include "base.h"

#include <unistd.h>

#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "../access/coordinator_access.h"
#include "core/commit.h"
#include "core/event_ring.h"
#include "core/totals.h"
#include "finding.h"
#include "hosts.h"
#include "layout/hot_word.h"
#include "layout/transition.h"
#include "virtual_time.h"

namespace e6::fuzz {
namespace {

using layout::Segment;
constexpr std::align_val_t kAlign{alignof(Segment)};
constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::uint32_t kAlive = 4;
constexpr std::uint32_t kProcesses = 6;
constexpr std::uint32_t kFirstDead = kAlive;

Image copy_of(const Segment& segment, std::uint32_t alive) {
  Image image;
  image.segment.reset(static_cast<Segment*>(::operator new(sizeof(Segment), kAlign)));
  std::memcpy(static_cast<void*>(image.segment.get()), static_cast<const void*>(&segment), sizeof(Segment));
  image.alive = alive;
  return image;
}

/// Hosts of this one process, each a participant by the descriptor it has of its own.
class Crowd {
 public:
  explicit Crowd(const core::Place& place) {
    Options options;
    options.cluster = place.cluster;
    options.directory = place.directory;
    options.policy = TransitionPolicy::kWhenIdle;
    for (std::uint32_t i = 0; i < kProcesses; ++i) {
      hosts_.push_back(std::make_unique<core::Host>(options, place));
      if (hosts_.back()->acquire(true, e6::FallbackWarning::kWhenObserved))
        give_up("make a segment");
    }
  }
  ~Crowd() {
    for (auto& host : hosts_) forget(*host);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  core::Host& operator[](std::size_t i) { return *hosts_[i]; }
  [[nodiscard]] Segment& segment() { return *access::attachment_of(*hosts_[0]).segment; }

 private:
  std::vector<std::unique_ptr<core::Host>> hosts_;
};

void leave_half_done(Segment& s) {
  layout::Intent& intent = s.participants[kFirstDead].intents[0];
  const std::uint64_t before = s.hot.word.load(relaxed);
  layout::StrategyEvent apply;
  apply.change = layout::Change::kApply;
  apply.epoch = layout::unpack(before).epoch;
  apply.pending_epoch = layout::unpack(before).pending_epoch;
  intent.before.store(before, relaxed);
  intent.after.store(layout::next(before, apply), relaxed);
  intent.realtime_ns.store(kStartRealtimeNs, relaxed);
  intent.meta.store(std::uint64_t{1} << 63 | static_cast<std::uint64_t>(EventKind::kApplied) << 8, relaxed);
  const std::uint64_t position = s.event_head.written.fetch_add(1, relaxed);
  s.events[position % layout::kEventSlots].claim.store((position + 1) << 16 | std::uint64_t{kFirstDead + 1} << 1 | 1U, relaxed);
}

Image busy(const core::Place& place) {
  Crowd crowd(place);
  const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  Detection d = crowd[0].detect_begin(soon);
  if (!crowd[0].detect_succeed(d.lease, Strategy::kBlue)) give_up("find a colour");
  std::vector<QueryTicket> tickets;
  for (std::uint32_t i = 0; i < 3 * kProcesses; ++i) {
    core::Host& host = crowd[i % kProcesses];
    auto ticket = host.begin_query();
    if (!ticket) give_up("begin a query");
    if (i % 3 != 2 && host.bind(*ticket, "query-" + std::to_string(i), "10.0.0." + std::to_string(i) + ":9000")) give_up("bind a query");
    tickets.push_back(std::move(*ticket));
  }
  if (!crowd[1].announce(Strategy::kGreen, crowd[1].snapshot().epoch)) give_up("announce a colour");
  ResumeLease resume;
  if (crowd[kProcesses - 1].resume_begin(soon, resume) != ResumeOutcome::kResume) give_up("take a lease");
  leave_half_done(crowd.segment());
  return copy_of(crowd.segment(), kAlive);
}

Image owner_died(const Segment& from) {
  Image image = copy_of(from, kAlive);
  core::arm_fold(*image.segment, kProcesses - 1, static_cast<std::uint64_t>(EventKind::kDied));
  image.segment->lock.mutex.__data.__lock = 0x40000000;  // FUTEX_OWNER_DIED, as the kernel leaves it
  return image;
}

Image fresh(const core::Place& place) {
  core::SegmentRef ref;
  if (core::attach_segment(place, ref)) give_up("make a segment");
  return copy_of(*static_cast<const Segment*>(ref.mapping.data()), 0);
}

Image full(const Segment& from) {
  Image image = copy_of(from, layout::kParticipants);
  Segment& s = *image.segment;
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
    layout::Participant& p = s.participants[slot];
    p.tag.store(layout::pack_tag(slot + 1, layout::Phase::kReady), relaxed);
    p.joined_realtime_ns.store(kStartRealtimeNs, relaxed);
    p.pid.store(1000 + slot, relaxed);
    for (auto& counter : p.counters) counter.store(slot, relaxed);
    for (auto& intent : p.intents) intent.meta.store(0, relaxed);
  }
  for (std::uint32_t group = 0; group < layout::kPinGroups; ++group) {
    s.pin_groups[group].owner.store(layout::pack_owner(group % layout::kParticipants, group % layout::kParticipants + 1), relaxed);
    for (std::uint32_t i = 0; i < layout::kPinsPerGroup; ++i) {
      layout::Word& state = s.pin_groups[group].states[i];
      if (!layout::pin_in_flight(state.load(relaxed))) state.store(layout::pack_pin(1, layout::kGreen, layout::PinPhase::kInFlight), relaxed);
    }
  }
  s.lock.next_incarnation.store(layout::kParticipants, relaxed);
  for (auto& e : s.events) e.claim.store(e.claim.load(relaxed) & ~std::uint64_t{1}, relaxed);
  for (std::uint32_t i = 0; i < 2 * layout::kEventSlots; ++i) {
    Event e;
    e.kind = EventKind::kJoined;
    e.realtime_ns = kStartRealtimeNs + i;
    e.pid = 1000 + i % layout::kParticipants;
    (void)core::push_event(s, core::Writer{i % layout::kParticipants, 1, e.pid}, e, s.hot.word.load(relaxed));
  }
  return image;
}

}  // namespace

void Image::Free::operator()(Segment* s) const noexcept { ::operator delete(static_cast<void*>(s), kAlign); }

std::array<Image, kBases> make_images(const core::Place& place) {
  const VirtualTime time;
  std::array<Image, kBases> images;
  images[static_cast<std::size_t>(Base::kFresh)] = fresh(place);
  Image& first = images[static_cast<std::size_t>(Base::kBusy)] = busy(place);
  images[static_cast<std::size_t>(Base::kOwnerDied)] = owner_died(*first.segment);
  images[static_cast<std::size_t>(Base::kFull)] = full(*first.segment);
  ::unlink(place.path().c_str());
  return images;
}

}  // namespace e6::fuzz
