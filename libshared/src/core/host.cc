#include "core/host.h"

#include <cerrno>
#include <new>
#include <utility>

#include "core/commit.h"
#include "core/in_words.h"
#include "core/participants.h"
#include "core/pins.h"
#include "os/clock.h"

namespace e6::core {
namespace {

using layout::Change;
using layout::HotWord;
using layout::StrategyEvent;
using layout::unpack;

constexpr Strategy colour(std::uint8_t bits) noexcept {
  return bits == 1 ? Strategy::kBlue : bits == 2 ? Strategy::kGreen : Strategy::kNone;
}

constexpr std::uint32_t units(std::chrono::milliseconds span) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(span.count()) / layout::kExpiryUnitMs);
}

// The soft limit is 80 % of the TTL. Jitter of +-2 % of the TTL keeps the hosts of a fleet from re-checking together.
std::uint32_t soft_units(const Options& options, const Place& place) noexcept {
  const std::uint64_t mix = os::realtime_ns() ^ static_cast<std::uint64_t>(place.cluster.size()) << 7;
  const std::uint64_t permille = 180 + mix / 1000 % 41;
  return static_cast<std::uint32_t>(units(options.ttl) * permille / 1000);
}

}  // namespace

Host::Host(Options options, Place place)
    : options_(std::move(options)),
      place_(std::move(place)),
      soft_units_(soft_units(options_, place_)),
      alone_(Alone::of(place_.cluster)) {}

[[gnu::hot]] std::uint32_t Host::expiry_after(std::uint64_t now_ms, std::chrono::milliseconds span) const noexcept {
  return layout::expiry_unit(now_ms + static_cast<std::uint64_t>(span.count()));
}

[[gnu::hot]] Snapshot Host::read(std::uint64_t word, std::uint64_t now_ms) const noexcept {
  const HotWord w = unpack(word);
  const std::uint32_t left = layout::units_left(w.expiry, layout::expiry_unit(now_ms));
  Snapshot s;
  s.active = colour(w.active);
  s.pending = colour(w.pending);
  s.epoch = {w.epoch, w.pending_epoch};
  s.usable = s.active != Strategy::kNone && left != 0;
  s.soft_expired = s.usable && left <= soft_units_;
  s.both_refused = w.active == 0 && w.refused == 3 && left != 0;
  s.remaining_ms = s.usable || s.both_refused ? left * static_cast<std::uint32_t>(layout::kExpiryUnitMs) : 0;
  return s;
}

[[gnu::hot]] Snapshot Host::snapshot() noexcept {
  // acquire: pairs with the release in settle(), so that the attachment is whole
  const Attachment* a = attachment_.load(std::memory_order_acquire);
  if (a != nullptr && a->shared()) [[likely]] {
    // acquire: pairs with the swaps in commit()
    const std::uint64_t word = a->segment->hot.word.load(std::memory_order_acquire);
    if (!layout::retired(word)) [[likely]]
      return read(word, os::monotonic_ms());
  }
  return read(ground().word().load(std::memory_order_acquire), os::monotonic_ms());
}

[[gnu::hot]] void Host::add(const Ground& g, Counter which, std::uint64_t by) noexcept {
  if (g.shared())
    count(*g.a, which, by);
  else
    fallback_counters_[static_cast<std::size_t>(which)].fetch_add(by, std::memory_order_relaxed);
}

void Host::tell(const Ground& g, Event event) noexcept {
  if (g.shared()) {
    event = record(*g.a, event);
  } else {
    event.realtime_ns = os::realtime_ns();
    event.monotonic_ms = os::monotonic_ms();
    event.pid = g.a->pid;
  }
  notify(event);
}

Committed Host::change(const Ground& g, const StrategyEvent& event, EventKind kind, EventCause cause) noexcept {
  if (g.shared()) {
    Event recorded;
    const Committed c = commit(*g.a, event, kind, cause, &recorded);
    if (recorded.kind != EventKind::kNone) notify(recorded);
    return c;
  }
  const Committed c = swap_in(g.word(), event);
  const HotWord before = unpack(c.before);
  const HotWord after = unpack(c.after);
  if (before.epoch != after.epoch || before.pending_epoch != after.pending_epoch) tell(g, describe(c.before, c.after, kind, cause));
  return c;
}

bool Host::apply_pending(const Ground& g, std::uint64_t word, std::uint64_t now_ms, EventCause cause) noexcept {
  const HotWord w = unpack(word);
  StrategyEvent e;
  e.change = Change::kApply;
  e.epoch = w.epoch;
  e.pending_epoch = w.pending_epoch;
  e.expiry = expiry_after(now_ms, options_.ttl);
  const bool applied = change(g, e, cause == EventCause::kOperator ? EventKind::kOperatorApplied : EventKind::kApplied, cause).changed();
  if (applied) add(g, Counter::kTransitions);
  return applied;
}

[[gnu::hot]] bool Host::may_apply(std::uint64_t word, std::uint64_t now_ms) noexcept {
  const HotWord w = unpack(word);
  // past the hard limit a probe decides, the pending colour first
  return w.pending != 0 && w.active != 0 && layout::units_left(w.expiry, layout::expiry_unit(now_ms)) != 0;
}

bool Host::drained_too_long(const Ground& g, std::uint64_t now_ms) const noexcept {
  const std::uint64_t since = g.shared() ? g.a->segment->pending.since_ms.load(std::memory_order_relaxed) : g.thread->pending_since_ms;
  if (since > now_ms) now_ms = os::monotonic_ms();  // written since this call began, which may have waited
  if (since > now_ms) return true;                  // written by nobody who knows the time
  return now_ms - since >= static_cast<std::uint64_t>(options_.drain_timeout.count());
}

std::uint32_t Host::running(const Ground& g, std::uint32_t enough) noexcept {
  if (!g.shared()) return g.thread->in_flight();
  std::uint32_t n = count_in_flight(*g.a, enough);
  // queries that began on a segment which this process has left since
  for (const Attachment* a = g.a->previous; a != nullptr && n < enough; a = a->previous)
    if (a->shared() && a->process == g.a->process) n += count_in_flight(*a, enough - n);
  return n;
}

bool Host::idle(const Ground& g) noexcept { return running(g, 1) == 0; }

[[gnu::hot]] void Host::apply_if_due_at_begin(const Ground& g, std::uint64_t now_ms) noexcept {
  const std::uint64_t word = g.word().load(std::memory_order_acquire);
  if (!may_apply(word, now_ms)) [[likely]]
    return;
  if (options_.policy == TransitionPolicy::kNextQuery)
    apply_pending(g, word, now_ms, EventCause::kNextQuery);
  else if (drained_too_long(g, now_ms))
    apply_pending(g, word, now_ms, EventCause::kDrainTimeout);
  else if (idle(g))
    apply_pending(g, word, now_ms, EventCause::kIdle);
}

[[gnu::hot]] void Host::apply_if_due_at_end(const Ground& g, std::uint64_t now_ms) noexcept {
  const std::uint64_t word = g.word().load(std::memory_order_acquire);
  if (!may_apply(word, now_ms)) [[likely]]
    return;
  switch (options_.policy) {
    case TransitionPolicy::kOnCompletion:
      apply_pending(g, word, now_ms, EventCause::kCompletion);
      return;
    case TransitionPolicy::kNextQuery:
      return;
    case TransitionPolicy::kWhenIdle:
      if (drained_too_long(g, now_ms))
        apply_pending(g, word, now_ms, EventCause::kDrainTimeout);
      else if (idle(g))
        apply_pending(g, word, now_ms, EventCause::kIdle);
      return;
  }
}

[[gnu::hot]] std::optional<QueryTicket> Host::begin_query() noexcept {
  const std::uint64_t now_ms = os::monotonic_ms();
  look_after(here(), now_ms);
  const Ground g = ground();
  apply_if_due_at_begin(g, now_ms);
  const Snapshot s = read(g.word().load(std::memory_order_acquire), now_ms);
  add(g, s.usable ? Counter::kHits : Counter::kMisses);
  if (!s.usable) return std::nullopt;
  return begin_query_on(s.active, s.epoch);
}

[[gnu::hot]] QueryTicket Host::begin_query_on(Strategy strategy, Epoch epoch) noexcept {
  const Ground g = ground();
  QueryTicket t;
  t.host_ = this;
  t.process_ = os::process_generation();
  t.strategy_ = strategy;
  t.epoch_ = epoch;
  if (g.shared()) {
    t.place_ = g.a;
    t.claim_ = begin_pin(*g.a, strategy, epoch);
  } else {
    t.claim_ = g.thread->begin(strategy, epoch);
    if (t.claim_ == 0) add(g, Counter::kPinsOverflowed);
  }
  add(g, Counter::kQueriesBegun);
  return t;
}

[[gnu::hot]] Error Host::bind(QueryTicket& ticket, std::string_view query_id, std::string_view engine) noexcept {
  if (!ticket.active()) return in_words(Cause::kUnknown, 0, "bind", "the ticket stands for no query");
  if (ticket.process_ != os::process_generation())
    return in_words(Cause::kForked, 0, "bind", "the query was begun before a fork, in the parent");
  if (query_id.empty() || query_id.size() > layout::kMaxQueryId || engine.size() > layout::kMaxEngine)
    return in_words(Cause::kTooLong, 0, [&] {
      return Error{Cause::kTooLong, 0, "bind",
                   "query id of " + std::to_string(query_id.size()) + " bytes (1 to 96), engine address of " +
                       std::to_string(engine.size()) + " bytes (0 to 120)"};
    });
  if (ticket.place_ == nullptr)
    return in_words(Cause::kFull, ENOMEM, [&] {
      (void)thread_state(*this).bind(ticket.claim_, query_id, engine);
      return Error{};
    });
  const Cause cause = bind_pin(*static_cast<Attachment*>(ticket.place_), ticket.claim_, query_id, engine);
  return cause == Cause::kOk ? Error{} : in_words(cause, 0, "bind", "the query goes on; other processes cannot find it");
}

std::optional<Pin> Host::find_query(std::string_view query_id) noexcept {
  const Ground g = ground();
  try {
    if (!g.shared()) return g.thread->find(query_id);
    for (const Attachment* a = g.a; a != nullptr; a = a->previous)
      if (a->shared())
        if (auto pin = find_pin(*a->segment, query_id)) return pin;
  } catch (const std::bad_alloc&) {
    add(g, Counter::kPinsOverflowed);
  }
  return std::nullopt;
}

[[gnu::hot]] void Host::end_query(QueryTicket& ticket) noexcept {
  if (!ticket.active()) return;
  QueryTicket t = std::move(ticket);
  t.host_ = nullptr;
  if (t.process_ != os::process_generation()) return;  // the parent's
  if (t.place_ != nullptr && static_cast<Attachment*>(t.place_)->process.load(std::memory_order_acquire) == 0) return;  // left already
  const Ground g = ground();
  if (t.place_ == nullptr)
    (void)thread_state(*this).end(t.claim_);
  else if (!end_pin(*static_cast<Attachment*>(t.place_), t.claim_))
    return;  // ended by its id, and counted there
  add(g, Counter::kQueriesEnded);
  apply_if_due_at_end(g, os::monotonic_ms());
}

[[gnu::hot]] bool Host::end_query(std::string_view query_id) noexcept {
  const Ground g = ground();
  bool ended = false;
  if (!g.shared()) {
    ended = g.thread->end(query_id);
  } else {
    for (const Attachment* a = g.a; a != nullptr && !ended; a = a->previous)
      if (a->shared()) ended = end_pin_by_id(*a->segment, query_id);
  }
  if (!ended) return false;
  add(g, Counter::kQueriesEnded);
  apply_if_due_at_end(g, os::monotonic_ms());
  return true;
}

bool Host::announce(Strategy announced, Epoch epoch) noexcept {
  if (announced == Strategy::kNone) return false;
  const Ground g = ground();
  StrategyEvent e;
  e.change = Change::kAnnounce;
  e.colour = static_cast<std::uint8_t>(announced);
  e.epoch = epoch.active;
  e.pending_epoch = epoch.pending;
  const std::uint64_t now_ms = os::monotonic_ms();
  const std::uint64_t word = g.word().load(std::memory_order_acquire);
  if (unpack(layout::next(word, e)).pending != unpack(word).pending) {
    // before the change: dying in between must not make a new pending colour look old
    if (g.shared())
      g.a->segment->pending.since_ms.store(now_ms, std::memory_order_relaxed);
    else
      g.thread->pending_since_ms = now_ms;
  }
  const Committed c = change(g, e, EventKind::kPending, EventCause::kAnnounced);
  if (!c.changed()) {
    const HotWord w = unpack(c.before);
    if (w.epoch != epoch.active || w.pending_epoch != epoch.pending) add(g, Counter::kStaleNews);
    return false;
  }
  add(g, Counter::kAnnouncements);
  if (unpack(c.after).pending == 0) return true;
  if (options_.policy != TransitionPolicy::kNextQuery && idle(g)) apply_pending(g, c.after, now_ms, EventCause::kIdle);
  return true;
}

[[gnu::hot]] void Host::confirm(Strategy strategy, Epoch epoch) noexcept {
  const Ground g = ground();
  StrategyEvent e;
  e.change = Change::kConfirm;
  e.colour = static_cast<std::uint8_t>(strategy);
  e.epoch = epoch.active;
  e.expiry = expiry_after(os::monotonic_ms(), options_.ttl);
  e.step = units(options_.ttl) / 10;
  const std::uint64_t word = g.word().load(std::memory_order_acquire);
  if (layout::next(word, e) == word) [[likely]]
    return;
  if (change(g, e, EventKind::kNone, EventCause::kNone).changed()) add(g, Counter::kRenewals);
}

bool Host::mismatch(Strategy strategy, Epoch epoch) noexcept {
  const Ground g = ground();
  StrategyEvent e;
  e.change = Change::kMismatch;
  e.colour = static_cast<std::uint8_t>(strategy);
  e.epoch = epoch.active;
  add(g, Counter::kMismatches);
  if (change(g, e, EventKind::kMismatch, EventCause::kRefused).changed()) return true;
  add(g, Counter::kStaleNews);
  return false;
}

bool Host::operate(Change what, Strategy strategy) noexcept {
  const Ground g = ground();
  const std::uint64_t now_ms = os::monotonic_ms();
  if (what == Change::kApply) return apply_pending(g, g.word().load(std::memory_order_acquire), now_ms, EventCause::kOperator);
  StrategyEvent e;
  e.change = what;
  e.colour = static_cast<std::uint8_t>(strategy);
  EventKind kind = EventKind::kOperatorCleared;
  if (what == Change::kSet) {
    e.expiry = expiry_after(now_ms, options_.ttl);
    kind = EventKind::kOperatorSet;
  } else if (what == Change::kExpire) {
    e.expiry = layout::expiry_unit(now_ms);
    kind = EventKind::kExpired;
  }
  return change(g, e, kind, EventCause::kOperator).changed();
}

std::uint32_t Host::in_flight() noexcept {
  const Ground g = ground();
  return running(g, ~0U);
}

std::vector<Event> Host::recent_events(std::size_t limit) {
  const Ground g = ground();
  return g.shared() ? read_events(*g.a->segment, limit) : std::vector<Event>{};
}

std::uint64_t Host::counter(Counter which) const noexcept {
  const auto index = static_cast<std::size_t>(which);
  if (index >= layout::kCounters) return 0;
  std::uint64_t sum = fallback_counters_[index].load(std::memory_order_relaxed);
  const std::uint64_t process = os::process_generation();
  for (const Attachment* a = attachment_.load(std::memory_order_acquire); a != nullptr; a = a->previous)
    if (a->process == process && a->shared() && a->has_slot()) sum += a->self().counters[index].load(std::memory_order_relaxed);
  return sum;
}

}  // namespace e6::core
