#include "core/pins.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>

#include "core/hash.h"
#include "core/liveness.h"
#include "os/clock.h"

namespace e6::core {
namespace {

using layout::kPinsPerGroup;
using layout::PinBody;
using layout::PinGroup;
using layout::PinPhase;
using layout::Word;
constexpr auto relaxed = std::memory_order_relaxed;

constexpr std::uint64_t phase(PinPhase p) noexcept { return static_cast<std::uint64_t>(p); }

constexpr PinClaim make_claim(std::uint32_t index, std::uint64_t generation) noexcept { return generation << 32 | (index + 1U); }
constexpr std::uint32_t index_of(PinClaim claim) noexcept { return static_cast<std::uint32_t>(claim) - 1U; }
constexpr std::uint64_t generation_of(PinClaim claim) noexcept { return claim >> 32; }

[[gnu::hot]] Word& state_at(layout::Segment& segment, std::uint32_t index) noexcept {
  return segment.pin_groups[index / kPinsPerGroup % layout::kPinGroups].states[index % kPinsPerGroup];
}

std::uint64_t key_of(std::string_view query_id) noexcept { return fnv1a(query_id.data(), query_id.size()) | 1U; }

[[gnu::hot]] void store_text(Word* words, std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min<std::size_t>(8, text.size() - at));
    words[at / 8].store(word, relaxed);
  }
}

using Text = std::array<char, layout::kMaxEngine>;
static_assert(layout::kMaxQueryId <= layout::kMaxEngine);

std::string_view load_text(const Word* words, std::size_t length, Text& bytes) noexcept {
  for (std::size_t at = 0; at < length; at += 8) {
    const std::uint64_t word = words[at / 8].load(relaxed);
    std::memcpy(bytes.data() + at, &word, std::min<std::size_t>(8, length - at));
  }
  return {bytes.data(), length};
}

/// Takes a pin of an owned group that is free; the generation counts its uses.
[[gnu::hot]] std::optional<PinClaim> take_in_group(layout::Segment& segment, std::uint32_t group, Strategy colour, Epoch epoch) noexcept {
  for (std::uint32_t i = 0; i < kPinsPerGroup; ++i) {
    Word& state = segment.pin_groups[group].states[i];
    std::uint64_t seen = state.load(relaxed);
    if (layout::pin_in_flight(seen)) continue;
    const std::uint64_t generation = (layout::pin_generation(seen) + 1) & 0xffffffffU;
    const std::uint64_t mine = layout::pack_pin(generation, static_cast<std::uint64_t>(colour), PinPhase::kInFlight);
    // acquire: pairs with the release of whoever ended the last use
    if (!state.compare_exchange_strong(seen, mine, std::memory_order_acquire, relaxed)) continue;
    // the new use must be seen before any of its bytes; pairs with the fence in read_bound
    std::atomic_thread_fence(std::memory_order_release);
    PinBody& body = segment.pin_bodies[group * kPinsPerGroup + i];
    body.key.store(0, relaxed);
    body.lengths.store(0, relaxed);
    body.began_ms.store(os::monotonic_ms(), relaxed);
    body.epochs.store(std::uint64_t{epoch.active} << 32 | epoch.pending, relaxed);
    return make_claim(group * kPinsPerGroup + i, generation);
  }
  return std::nullopt;
}

/// Claims a group that nobody owns and remembers it.
std::optional<std::uint32_t> claim_group(Attachment& a) noexcept {
  const Writer self = a.writer();
  const std::uint64_t owner = layout::pack_owner(self.slot, self.incarnation);
  // slots start their search apart from each other
  const std::uint32_t start = self.slot * 7U % layout::kPinGroups;
  for (std::uint32_t n = 0; n < layout::kPinGroups; ++n) {
    const std::uint32_t group = (start + n) % layout::kPinGroups;
    std::uint64_t none = 0;
    if (!a.segment->pin_groups[group].owner.compare_exchange_strong(none, owner, std::memory_order_acq_rel, relaxed)) continue;
    for (auto& place : a.groups) {
      std::uint32_t empty = 0;
      if (place.compare_exchange_strong(empty, group + 1, std::memory_order_release, relaxed)) return group;
    }
    return group;  // not reached: there are as many places as groups
  }
  return std::nullopt;
}

}  // namespace

[[gnu::hot]] PinClaim begin_pin(Attachment& a, Strategy colour, Epoch epoch) noexcept {
  if (!a.has_slot()) return 0;
  for (auto& place : a.groups) {
    const std::uint32_t group = place.load(std::memory_order_acquire);
    if (group == 0) break;
    if (const auto claim = take_in_group(*a.segment, group - 1, colour, epoch)) return *claim;
  }
  // another thread may take all of a new group first; each round finds one more group or none
  while (const auto group = claim_group(a))
    if (const auto claim = take_in_group(*a.segment, *group, colour, epoch)) return *claim;
  a.self().unpinned.fetch_add(1, relaxed);
  count(a, Counter::kPinsOverflowed);
  return kOnlyCounted;
}

[[gnu::hot]] Cause bind_pin(const Attachment& a, PinClaim claim, std::string_view query_id, std::string_view engine) noexcept {
  if (query_id.empty() || query_id.size() > layout::kMaxQueryId || engine.size() > layout::kMaxEngine) return Cause::kTooLong;
  if (claim == 0 || claim == kOnlyCounted) return Cause::kFull;
  const std::uint32_t index = index_of(claim);
  Word& state = state_at(*a.segment, index);
  std::uint64_t seen = state.load(relaxed);
  if (layout::pin_generation(seen) != generation_of(claim) || layout::pin_phase(seen) != phase(PinPhase::kInFlight))
    return Cause::kUnknown;
  PinBody& body = a.segment->pin_bodies[index % layout::kPins];
  // again, because it may be another thread that binds than the one that began; pairs with the fence in read_bound
  std::atomic_thread_fence(std::memory_order_release);
  store_text(body.query_id, query_id);
  store_text(body.engine, engine);
  body.lengths.store(query_id.size() | engine.size() << 8, relaxed);
  body.key.store(key_of(query_id), relaxed);
  // release: the body is whole before the pin can be found; pairs with the acquire load in find
  const std::uint64_t bound = layout::pack_pin(generation_of(claim), layout::pin_colour(seen), PinPhase::kBound);
  return state.compare_exchange_strong(seen, bound, std::memory_order_release, relaxed) ? Cause::kOk : Cause::kUnknown;
}

[[gnu::hot]] bool end_pin(Attachment& a, PinClaim claim) noexcept {
  if (claim == 0) return true;
  if (claim == kOnlyCounted) {
    if (!a.has_slot()) return true;  // left meanwhile; the count went with the slot
    std::uint32_t left = a.self().unpinned.load(relaxed);
    while (left != 0 && !a.self().unpinned.compare_exchange_weak(left, left - 1, relaxed)) {
    }
    return true;
  }
  Word& state = state_at(*a.segment, index_of(claim));
  std::uint64_t seen = state.load(relaxed);
  while (layout::pin_generation(seen) == generation_of(claim) && layout::pin_phase(seen) != phase(PinPhase::kIdle)) {
    const std::uint64_t idle = layout::pack_pin(generation_of(claim), 0, PinPhase::kIdle);
    if (state.compare_exchange_weak(seen, idle, std::memory_order_release, relaxed)) return layout::pin_in_flight(seen);
  }
  return false;
}

namespace {

/// What stands in the place of a bound pin.
struct BoundPin {
  Text query_id_bytes;
  Text engine_bytes;
  std::string_view query_id;
  std::string_view engine;
  Epoch epoch;
  std::uint64_t state = 0;  // when it was read
};

/// False unless the pin is bound and stayed so.
bool read_bound(const PinBody& body, const Word& state, BoundPin& out) noexcept {
  // acquire: pairs with the release in bind_pin
  const std::uint64_t seen = state.load(std::memory_order_acquire);
  if (layout::pin_phase(seen) != phase(PinPhase::kBound)) return false;
  const std::uint64_t lengths = body.lengths.load(relaxed);
  out.query_id = load_text(body.query_id, std::min<std::size_t>(lengths & 0xffU, layout::kMaxQueryId), out.query_id_bytes);
  out.engine = load_text(body.engine, std::min<std::size_t>(lengths >> 8 & 0xffU, layout::kMaxEngine), out.engine_bytes);
  const std::uint64_t epochs = body.epochs.load(relaxed);
  out.epoch = {static_cast<std::uint32_t>(epochs >> 32), static_cast<std::uint32_t>(epochs)};
  out.state = seen;
  // the copy must be complete before the state is looked at again; pairs with the fences in take_in_group and bind_pin
  std::atomic_thread_fence(std::memory_order_acquire);
  return state.load(relaxed) == seen;
}

/// Calls `use(state, pin)` for the bound pin of that id; true once `use` says so.
template <typename Use>
bool with_bound(layout::Segment& segment, std::string_view query_id, const Use& use) {
  const std::uint64_t key = key_of(query_id);
  for (std::uint32_t group = 0; group < layout::kPinGroups; ++group) {
    PinGroup& g = segment.pin_groups[group];
    if (g.owner.load(relaxed) == 0) continue;
    for (std::uint32_t i = 0; i < kPinsPerGroup; ++i) {
      // acquire: pairs with the release in bind_pin
      const std::uint64_t seen = g.states[i].load(std::memory_order_acquire);
      const PinBody& body = segment.pin_bodies[group * kPinsPerGroup + i];
      if (layout::pin_phase(seen) != phase(PinPhase::kBound) || body.key.load(relaxed) != key) continue;
      BoundPin pin;
      // from here on its state is that of the copy: the place may have come into another use since it was looked at
      if (read_bound(body, g.states[i], pin) && pin.query_id == query_id && use(g.states[i], pin)) return true;
    }
  }
  return false;
}

}  // namespace

bool read_pin(const PinBody& body, const Word& state, std::string* query_id, std::string* engine, Epoch* epoch) {
  BoundPin pin;
  if (!read_bound(body, state, pin)) return false;
  *query_id = pin.query_id;
  *engine = pin.engine;
  *epoch = pin.epoch;
  return true;
}

std::optional<Pin> find_pin(const layout::Segment& segment, std::string_view query_id) {
  std::optional<Pin> found;
  // with_bound writes nothing by itself
  with_bound(const_cast<layout::Segment&>(segment), query_id, [&](const Word&, const BoundPin& pin) {
    const std::uint64_t colour = layout::pin_colour(pin.state);
    found = Pin{colour == 1 ? Strategy::kBlue : colour == 2 ? Strategy::kGreen : Strategy::kNone, pin.epoch, std::string(pin.engine)};
    return true;
  });
  return found;
}

bool end_pin_by_id(layout::Segment& segment, std::string_view query_id) noexcept {
  return with_bound(segment, query_id, [](Word& state, const BoundPin& pin) {
    std::uint64_t seen = pin.state;
    const std::uint64_t ended = layout::pack_pin(layout::pin_generation(seen), 0, PinPhase::kEndedElsewhere);
    return state.compare_exchange_strong(seen, ended, std::memory_order_release, relaxed);
  });
}

std::uint32_t count_in_flight(const Attachment& a, std::uint32_t enough) noexcept {
  std::bitset<layout::kParticipants> known;
  std::bitset<layout::kParticipants> dead;
  const auto alive = [&](std::uint32_t slot) {
    if (slot >= layout::kParticipants) return false;
    if (!known[slot]) {
      known[slot] = true;
      dead[slot] = certainly_dead(a, slot);
    }
    return !dead[slot];
  };
  std::uint32_t in_flight = 0;
  for (const PinGroup& g : a.segment->pin_groups) {
    const std::uint64_t owner = g.owner.load(relaxed);
    if (owner == 0) continue;
    for (const Word& state : g.states) {
      if (!layout::pin_in_flight(state.load(relaxed)) || !alive(layout::owner_slot(owner))) continue;
      if (++in_flight >= enough) return in_flight;
    }
  }
  for (std::uint32_t slot = 0; slot < layout::kParticipants; ++slot) {
    const layout::Participant& p = a.segment->participants[slot];
    if (p.tag.load(relaxed) == 0) continue;
    const std::uint32_t unpinned = p.unpinned.load(relaxed);
    if (unpinned == 0 || !alive(slot)) continue;
    in_flight += unpinned;
    if (in_flight >= enough) return in_flight;
  }
  return in_flight;
}

bool free_pins_of(layout::Segment& segment, std::uint32_t slot) noexcept {
  bool in_flight = false;
  for (PinGroup& g : segment.pin_groups) {
    const std::uint64_t owner = g.owner.load(relaxed);
    if (owner == 0 || layout::owner_slot(owner) != slot) continue;
    for (Word& state : g.states) {
      const std::uint64_t seen = state.load(relaxed);
      in_flight |= layout::pin_in_flight(seen);
      state.store(layout::pack_pin(layout::pin_generation(seen), 0, PinPhase::kIdle), relaxed);
    }
    g.owner.store(0, std::memory_order_release);  // pairs with the claimant's acquire
  }
  return in_flight;
}

}  // namespace e6::core
