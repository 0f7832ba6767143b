// After every operation: does the host know what it ought to?
#include <algorithm>

#include "clock.h"
#include "layout/hot_word.h"
#include "world.h"

namespace e6::simulation {
namespace {

std::string text(const Expectation::Colours& c, std::uint64_t epoch, std::uint64_t pending_epoch) {
  return "active " + std::string(to_string(c.active)) + ", pending " + std::string(to_string(c.pending)) + ", refused" +
         (c.refused_blue ? " blue" : "") + (c.refused_green ? " green" : "") + ", expiry " + std::to_string(c.expiry_unit) + ", epoch " +
         std::to_string(epoch) + "." + std::to_string(pending_epoch);
}

Strategy colour(std::uint8_t bits) { return bits == 1 ? Strategy::kBlue : bits == 2 ? Strategy::kGreen : Strategy::kNone; }

}  // namespace

std::uint32_t World::running() const noexcept {
  return static_cast<std::uint32_t>(std::count_if(workers_.begin(), workers_.end(), [](const auto& w) { return w->running(); }));
}

// The slots tell: whoever was reaped is no longer there under its incarnation.
bool World::reaped_a_running_query() {
  return std::erase_if(dead_with_queries_, [&](const Dead& dead) {
           return layout::incarnation_of(segment_->participants[dead.slot].tag.load()) != dead.incarnation;
         }) != 0;
}

void World::compare(const std::string& after) {
  if (segment_ == nullptr || !violation_.empty()) return;
  const layout::HotWord w = layout::unpack(segment_->hot.word.load());
  const Expectation::Colours& e = expected_.colours();
  Expectation::Colours seen;
  seen.active = colour(w.active);
  seen.pending = colour(w.pending);
  seen.refused_blue = (w.refused & 1U) != 0;
  seen.refused_green = (w.refused & 2U) != 0;
  seen.expiry_unit = w.expiry;
  if (e.changes != epochs_seen_) ++figures_.changes;
  epochs_seen_ = e.changes;
  // Epochs never go back: they are the counts of the changes that were expected.
  const std::uint64_t epoch = e.changes & layout::kEpochMask;
  const std::uint64_t pending_epoch = e.pending_changes & layout::kPendingEpochMask;
  const bool same = seen.active == e.active && seen.pending == e.pending && seen.refused_blue == e.refused_blue && seen.refused_green == e.refused_green &&
                    w.epoch == epoch && w.pending_epoch == pending_epoch && w.expiry == e.expiry_unit;
  if (!same)
    violated("after " + after + " the host knows: " + text(seen, w.epoch, w.pending_epoch) + "; it ought to know: " + text(e, epoch, pending_epoch));
}

void World::violated(const std::string& what) {
  if (violation_.empty()) violation_ = what;
}

}  // namespace e6::simulation
