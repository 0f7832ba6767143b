// Detection: one process of the host probes, the others take its answer.
#include <algorithm>
#include <utility>

#include "core/commit.h"
#include "core/host.h"
#include "core/lease.h"
#include "core/participants.h"
#include "os/clock.h"

namespace e6::core {
namespace {

using layout::Change;
using layout::HotWord;
using layout::StrategyEvent;
using layout::unpack;
using Outcome = Detection::Outcome;


constexpr Strategy colour(std::uint8_t bits) noexcept {
  return bits == 1 ? Strategy::kBlue : bits == 2 ? Strategy::kGreen : Strategy::kNone;
}

/// The pending colour if there is one, then the colour that was not just refused, then the rest; without history blue, green.
void fill_order(const HotWord& w, Strategy (&order)[2]) noexcept {
  Strategy first = Strategy::kBlue;
  if (layout::is_colour(w.pending))
    first = colour(w.pending);
  else if (layout::is_colour(w.active))
    first = colour(w.active);
  else if (w.refused == 1 || w.refused == 2)
    first = other(colour(w.refused));
  order[0] = first;
  order[1] = other(first);
}

EventCause why(const HotWord& w) noexcept {
  if (w.refused == 3) return EventCause::kBothRefused;
  if (w.refused != 0) return EventCause::kRefused;
  return w.active != 0 ? EventCause::kExpired : EventCause::kNoHistory;
}

EventCause cause_of(ProbeFailure failure) noexcept {
  switch (failure) {
    case ProbeFailure::kBothRefused:
      return EventCause::kBothRefused;
    case ProbeFailure::kUnreachable:
      return EventCause::kUnreachable;
    case ProbeFailure::kDenied:
      return EventCause::kDenied;
    case ProbeFailure::kSuspended:
      return EventCause::kSuspended;
    case ProbeFailure::kTimedOut:
      return EventCause::kTimedOut;
    case ProbeFailure::kNone:
    case ProbeFailure::kOther:
      break;
  }
  return EventCause::kOther;
}

/// Reads how the grant with this fence ended, if it left word.
bool failure_of(const layout::Lease& lease, std::uint64_t held, ProbeFailure& failure, std::uint32_t& code) noexcept {
  const std::uint64_t word = lease.failure.load(std::memory_order_acquire);
  if (held == 0 || word == 0 || word >> 40 != held >> 40) return false;
  const std::uint64_t kind = word >> 8 & 0xffU;
  failure = kind <= static_cast<std::uint64_t>(ProbeFailure::kOther) ? static_cast<ProbeFailure>(kind) : ProbeFailure::kOther;
  code = static_cast<std::uint32_t>(word & 0xffU);
  return failure != ProbeFailure::kNone;
}

layout::Lease& detection_lease(const Attachment& a) noexcept { return a.segment->leases[layout::kDetectionLease]; }

}  // namespace

// A third of the time-out, so that those who wait for a stopped prober still have time to probe themselves; whoever is at work extends it.
std::chrono::milliseconds Host::lease_span() const noexcept {
  return std::max(options_.detection_timeout / 3, std::chrono::milliseconds(300));
}

bool Host::valid(std::uint64_t process, std::uint64_t word) const noexcept { return word != 0 && process == os::process_generation(); }

Host::Ground Host::ground_of(void* place) noexcept {
  Ground g;
  g.a = static_cast<Attachment*>(place);
  if (!g.a->shared()) g.thread = &thread_state(*this);
  return g;
}

Detection Host::look(const Ground& g, std::uint64_t now_ms) noexcept {
  Detection d;
  d.snapshot = read(g.word().load(std::memory_order_acquire), now_ms);
  if (d.snapshot.usable) {
    d.outcome = Outcome::kUsable;
  } else if (d.snapshot.both_refused) {
    d.outcome = Outcome::kFailed;
    d.failure = ProbeFailure::kBothRefused;
  } else {
    d.outcome = Outcome::kBusy;
  }
  return d;
}

// `held`: the grant whose end was waited for, 0 none. True when `answer` is final; else `held` is the grant of somebody else.
// Crash: a lease that was taken is freed by whoever reaps this process, or passed over at its deadline.
bool Host::claim_detection(const Ground& g, std::uint64_t now_ms, Wanted wanted, Detection& answer,
                           std::uint64_t& held) noexcept {
  std::uint64_t granted = kLocalLease;
  if (g.shared()) {
    const ClaimResult c = claim_lease(*g.a, detection_lease(*g.a), now_ms, lease_span());
    if (c.claim == Claim::kHeld) {
      held = c.word;
      return false;
    }
    granted = c.word;
    if (c.claim != Claim::kGranted) {
      const bool late = c.claim == Claim::kFromLate;
      Event taken;
      taken.kind = EventKind::kLeaseTakenOver;
      taken.cause = late ? EventCause::kOwnerLate : EventCause::kOwnerDied;
      if (c.former_slot < layout::kParticipants) taken.about_pid = g.a->segment->participants[c.former_slot].pid.load(std::memory_order_relaxed);
      add(g, Counter::kLeaseTakeovers);
      if (late) {  // it may come back: everything it learned is old news from here on
        StrategyEvent fence;
        fence.change = Change::kFence;
        fence.epoch = unpack(g.word().load(std::memory_order_acquire)).epoch;
        (void)change(g, fence, EventKind::kLeaseTakenOver, EventCause::kOwnerLate);
      } else {
        const HotWord w = unpack(g.word().load(std::memory_order_acquire));
        taken.epoch = {w.epoch, w.pending_epoch};
        tell(g, taken);
      }
    }
    // the previous holder may have ended between our look and our claim
    Detection again = look(g, now_ms);
    if (again.outcome == Outcome::kBusy && failure_of(detection_lease(*g.a), held, again.failure, again.failure_code))
      again.outcome = Outcome::kFailed;
    const bool usable = again.outcome == Outcome::kUsable;
    const bool nevertheless =
        usable && (wanted == Wanted::kVerification ||
                   (wanted == Wanted::kRecheck && again.snapshot.soft_expired));
    if (again.outcome != Outcome::kBusy && !nevertheless) {
      (void)release_lease(detection_lease(*g.a), granted, 0);
      answer = again;
      return true;
    }
  }
  const std::uint64_t word = g.word().load(std::memory_order_acquire);
  const HotWord w = unpack(word);
  answer.outcome = Outcome::kProbe;
  answer.snapshot = read(word, now_ms);
  answer.lease.word = granted;
  answer.lease.process = os::process_generation();
  answer.lease.place = g.a;
  answer.lease.epoch = {w.epoch, w.pending_epoch};
  answer.lease.started_ns = os::steady_now().time_since_epoch().count();
  fill_order(w, answer.lease.order);
  add(g, Counter::kDetections);
  Event e;
  e.kind = EventKind::kDetectionStarted;
  e.cause = !answer.snapshot.usable             ? why(w)
            : wanted == Wanted::kVerification ? EventCause::kDoubted
                                              : EventCause::kSoftExpired;
  e.from = answer.snapshot.active;
  e.to = answer.lease.order[0];
  e.epoch = answer.lease.epoch;
  tell(g, e);
  return true;
}

Detection Host::detect_begin(std::chrono::steady_clock::time_point deadline) noexcept {
  deadline = std::min(deadline, os::steady_now() + options_.detection_timeout);
  std::uint64_t waited_for = 0;
  const Attachment* waited_on = nullptr;
  for (;;) {
    const std::uint64_t now_ms = os::monotonic_ms();
    const Ground g = ground();
    if (std::exchange(waited_on, g.a) != g.a) waited_for = 0;  // another segment counts its grants anew
    const std::uint32_t news = g.shared() ? detection_lease(*g.a).news.load(std::memory_order_acquire) : 0;
    Detection d = look(g, now_ms);
    if (d.outcome != Outcome::kBusy) return d;
    if (g.shared() && failure_of(detection_lease(*g.a), waited_for, d.failure, d.failure_code)) {
      d.outcome = Outcome::kFailed;
      return d;
    }
    if (claim_detection(g, now_ms, Wanted::kColour, d, waited_for)) {
      // By the one who may probe, not by all who find that somebody must: looking after n participants n times would keep everybody from his deadline.
      if (d.outcome == Outcome::kProbe && g.shared()) (void)reap_dead(*g.a);
      return d;
    }
    if (os::steady_now() >= deadline) {
      d.outcome = Outcome::kTimeout;
      return d;
    }
    await_news(detection_lease(*g.a), news, deadline);
  }
}

Detection Host::detect_try() noexcept {
  const std::uint64_t now_ms = os::monotonic_ms();
  const Ground g = ground();
  Detection d = look(g, now_ms);
  const bool recheck = d.outcome == Outcome::kUsable && d.snapshot.soft_expired;
  if (d.outcome != Outcome::kBusy && !recheck) return d;
  std::uint64_t held = 0;
  if (!claim_detection(g, now_ms, Wanted::kRecheck, d, held)) d.outcome = Outcome::kBusy;
  return d;
}

// Crash: as claim_detection.
Detection Host::detect_verify(Strategy strategy) noexcept {
  const std::uint64_t now_ms = os::monotonic_ms();
  const Ground g = ground();
  Detection d = look(g, now_ms);
  std::uint64_t held = 0;
  if (d.outcome == Outcome::kFailed) return d;
  if (!claim_detection(g, now_ms, Wanted::kVerification, d, held)) {
    d.outcome = Outcome::kBusy;
  } else if (d.outcome == Outcome::kProbe && strategy != Strategy::kNone) {
    d.lease.order[0] = strategy;
    d.lease.order[1] = other(strategy);
  }
  return d;
}

void Host::detect_refused(const DetectionLease& lease, Strategy strategy) noexcept {
  (void)strategy;
  if (!valid(lease.process, lease.word)) return;
  add(ground_of(lease.place), Counter::kRefusedProbes);
  detect_extend(lease);
}

void Host::detect_extend(const DetectionLease& lease) noexcept {
  if (!valid(lease.process, lease.word)) return;
  const Ground g = ground_of(lease.place);
  if (g.shared()) extend_lease(detection_lease(*g.a), lease.word, os::monotonic_ms(), lease_span());
}

void Host::note_duration(const Ground& g, const DetectionLease& lease) noexcept {
  const std::int64_t ns = os::steady_now().time_since_epoch().count() - lease.started_ns;
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0) / 1000);
  add(g, Counter::kDetectionMicros, micros);
  constexpr std::pair<std::uint64_t, Counter> kBuckets[] = {
      {10'000, Counter::kDetectionLe10ms},  {50'000, Counter::kDetectionLe50ms},   {250'000, Counter::kDetectionLe250ms},
      {1'000'000, Counter::kDetectionLe1s}, {5'000'000, Counter::kDetectionLe5s}, {30'000'000, Counter::kDetectionLe30s}};
  for (const auto& [bound, bucket] : kBuckets)
    if (micros <= bound) add(g, bucket);
}

bool Host::detect_succeed(const DetectionLease& lease, Strategy strategy) noexcept {
  if (!valid(lease.process, lease.word) || strategy == Strategy::kNone) return false;
  const Ground g = ground_of(lease.place);
  note_duration(g, lease);
  if (g.shared() && !lease_stands(detection_lease(*g.a), lease.word)) {
    add(g, Counter::kStaleNews);
    return false;
  }
  StrategyEvent e;
  e.change = Change::kDetected;
  e.colour = static_cast<std::uint8_t>(strategy);
  e.epoch = lease.epoch.active;
  e.expiry = expiry_after(os::monotonic_ms(), options_.ttl);
  if (strategy == lease.order[1]) e.refused = layout::refused_bit(static_cast<std::uint8_t>(lease.order[0]));
  const EventCause cause = EventCause::kNone;
  const Committed c = change(g, e, EventKind::kDetected, cause);
  const HotWord before = unpack(c.before);
  const HotWord after = unpack(c.after);
  const bool accepted = before.epoch == lease.epoch.active && after.active == e.colour;
  if (accepted && before.epoch == after.epoch && before.pending_epoch == after.pending_epoch)
    tell(g, describe(c.before, c.after, EventKind::kDetected, cause));  // the same colour again: a renewal, and still news
  if (!accepted) add(g, Counter::kStaleNews);
  if (g.shared()) (void)release_lease(detection_lease(*g.a), lease.word, 0);
  return accepted;
}

void Host::detect_fail(const DetectionLease& lease, ProbeFailure failure, std::uint32_t code) noexcept {
  if (!valid(lease.process, lease.word)) return;
  const Ground g = ground_of(lease.place);
  note_duration(g, lease);
  add(g, Counter::kDetectionsFailed);
  if (g.shared() && !lease_stands(detection_lease(*g.a), lease.word)) {
    add(g, Counter::kStaleNews);
    return;
  }
  if (failure == ProbeFailure::kBothRefused) {
    StrategyEvent e;
    e.change = Change::kBothRefused;
    e.epoch = lease.epoch.active;
    // a whole unit more: a pause of less than a unit would already be over when it is written
    e.expiry = layout::expiry_unit(os::monotonic_ms() + static_cast<std::uint64_t>(options_.negative_ttl.count()) + layout::kExpiryUnitMs - 1);
    (void)change(g, e, EventKind::kDetectionFailed, EventCause::kBothRefused);
  } else {
    const HotWord w = unpack(g.word().load(std::memory_order_acquire));
    Event e;
    e.kind = EventKind::kDetectionFailed;
    e.cause = cause_of(failure);
    e.epoch = {w.epoch, w.pending_epoch};
    tell(g, e);
  }
  if (!g.shared()) return;
  const std::uint32_t fence = layout::unpack_lease(lease.word).fence;
  (void)release_lease(detection_lease(*g.a), lease.word, layout::pack_failure(fence, static_cast<std::uint32_t>(failure), code));
}

void Host::detect_abandon(const DetectionLease& lease) noexcept {
  if (!valid(lease.process, lease.word)) return;
  const Ground g = ground_of(lease.place);
  Event e;
  e.kind = EventKind::kDetectionFailed;
  e.cause = EventCause::kAbandoned;
  e.epoch = lease.epoch;
  if (!g.shared() || release_lease(detection_lease(*g.a), lease.word, 0)) tell(g, e);
}

}  // namespace e6::core
