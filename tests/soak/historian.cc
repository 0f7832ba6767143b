#include "historian.h"

#include <algorithm>

#include "layout/hot_word.h"
#include "ledger.h"

namespace e6::soak {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;

constexpr std::uint64_t position_of(std::uint64_t claim) noexcept { return (claim >> 16) - 1; }
constexpr bool being_written(std::uint64_t claim) noexcept { return (claim & 1U) != 0; }
constexpr std::uint64_t incarnation_of_owner(std::uint64_t owner) noexcept { return owner >> 16; }

}  // namespace

Historian::Found Historian::look(std::uint64_t position) {
  const layout::EventSlot& slot = segment_.events[position % layout::kEventSlots];
  // acquire: pairs with the release store by which push_event marks the place written
  const std::uint64_t claim = slot.claim.load(std::memory_order_acquire);
  if (claim == 0 || position_of(claim) < position) return Found::kNothingYet;
  if (position_of(claim) > position) return Found::kLater;
  if (being_written(claim)) return Found::kNothingYet;
  const std::uint64_t what = slot.what.load(relaxed);
  const std::uint64_t epochs = slot.epochs.load(relaxed);
  const std::uint64_t writer = slot.writer.load(relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);  // the copy before the second look at the claim, as in read_slot
  if (slot.claim.load(relaxed) != claim) return Found::kLater;
  take(position, what, epochs, writer);
  return Found::kEvent;
}

void Historian::poll() {
  for (auto it = unwritten_.begin(); it != unwritten_.end();) {
    const Found found = look(*it);
    if (found == Found::kLater) ++abandoned_;  // the ring has come round, and it is not this one's event that stands there
    it = found == Found::kNothingYet ? std::next(it) : unwritten_.erase(it);
  }
  const std::uint64_t written = segment_.event_head.written.load(std::memory_order_acquire);
  for (; next_ < written; ++next_) {
    const std::uint64_t claim = segment_.events[next_ % layout::kEventSlots].claim.load(relaxed);
    const bool occupied = being_written(claim) && position_of(claim) < next_;
    const Found found = look(next_);
    if (found == Found::kLater) ++overwritten_;
    if (found != Found::kNothingYet) continue;
    if (occupied)
      ++passed_over_;
    else
      unwritten_.insert(next_);
  }
  area_->read_position.store(next_, relaxed);
  advance();
}

void Historian::finish() {
  poll();
  abandoned_ += unwritten_.size();
  unwritten_.clear();
  while (!waiting_.empty() && missing_ < 1000) {
    const std::size_t before = waiting_.size();
    skip_gap();
    if (waiting_.size() == before) break;
  }
}

void Historian::take(std::uint64_t position, std::uint64_t what, std::uint64_t epochs, std::uint64_t writer) {
  ++events_;
  const auto kind = static_cast<EventKind>(what & 0xffU);
  ++kinds_[what & 0xffU];
  if (kind == EventKind::kNone || kind > EventKind::kMadeRoom)
    area_.complain("an event of no kind: %llu", static_cast<unsigned long long>(what));
  const auto after = static_cast<std::uint32_t>(epochs >> 32);
  const auto before = static_cast<std::uint32_t>(epochs);
  if (after != before) {
    const auto [first, is_new] = told_.emplace(epochs, writer);
    if (is_new)
      waiting_.emplace(before, after);
    else if (++told_twice_; first->second == writer)
      area_.complain("a change was told twice in the name of one participant");
  }
  if (kind != EventKind::kJoined && kind != EventKind::kLeft && kind != EventKind::kDied) return;
  const std::uint64_t incarnation = incarnation_of_owner(writer);
  if (incarnation >= area_->incarnations) return area_.complain("an event by incarnation %llu", static_cast<unsigned long long>(incarnation));
  if (departures_.size() <= incarnation) departures_.resize(incarnation + 1024);
  Departures& d = departures_[incarnation];
  if (kind == EventKind::kJoined) ++d.joined;
  if (kind == EventKind::kLeft) ++d.left;
  if (kind != EventKind::kDied) return;
  ++d.died;
  const Incarnation& said = area_.incarnation(incarnation);
  const std::uint32_t life = said.life_plus_one.load(std::memory_order_acquire);
  if (life == 0) return;
  const Life& dead = area_.life(life - 1);
  if (position >= dead.position.load(relaxed) + layout::kEventSlots && changes_colour(static_cast<Doing>(dead.doing.load(relaxed)))) ++reaped_late_;
  const auto fate = static_cast<Fate>(area_.life(life - 1).fate.load(std::memory_order_acquire));
  const auto stay = static_cast<Stay>(said.stay.load(std::memory_order_acquire));
  if (fate == Fate::kLiving && stay == Stay::kJoined)
    area_.complain("false death: incarnation %llu is said to have died, and life %u lives", static_cast<unsigned long long>(incarnation), life - 1);
}

void Historian::advance() {
  for (auto it = waiting_.find(at_); it != waiting_.end(); it = waiting_.find(at_)) {
    at_ = it->second;
    waiting_.erase(it);
    ++changes_;
  }
}

// The change that follows `at_` was told by nobody: goes on with the nearest one that was.
void Historian::skip_gap() {
  const auto distance = [&](std::uint32_t to) {
    const std::uint32_t active = ((to >> 12) - (at_ >> 12)) & layout::kEpochMask;
    const std::uint32_t pending = (to - at_) & layout::kPendingEpochMask;
    return active << 12 | pending;
  };
  const auto nearest =
      std::min_element(waiting_.begin(), waiting_.end(), [&](const auto& a, const auto& b) { return distance(a.first) < distance(b.first); });
  if (nearest == waiting_.end() || distance(nearest->first) >> 31 != 0) return;  // what is left lies behind
  ++missing_;
  at_ = nearest->first;
  advance();
}

bool Historian::leads_to(std::uint64_t hot_word) const noexcept {
  const layout::HotWord w = layout::unpack(hot_word);
  return at_ == (w.epoch << 12 | w.pending_epoch);
}

}  // namespace e6::soak
