// Reads the ring of events as it is written, place by place, and keeps what has to add up: which positions hold an event, who came and went, and
// whether the events tell the whole story of the hot word.
#pragma once

#include <cstdint>
#include <set>
#include <unordered_map>
#include <vector>

#include "area.h"
#include "layout/segment_layout.h"

namespace e6::soak {

struct Departures {
  std::uint8_t joined = 0;
  std::uint8_t left = 0;
  std::uint8_t died = 0;
};

class Historian {
 public:
  Historian(const layout::Segment& segment, Area& area) : segment_(segment), area_(area) {}

  /// Reads what is new. To be called so often that the ring does not wrap in between: whoever writes waits for `AreaHeader::read_position`.
  void poll();
  /// When nobody writes any more: what was claimed and is not written by now never will be.
  void finish();

  [[nodiscard]] std::uint64_t positions() const noexcept { return next_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  /// Positions without an event: given to a writer that died before it had written, ...
  [[nodiscard]] std::uint64_t abandoned() const noexcept { return abandoned_; }
  /// ... or passed over because a slower writer was still in that place, ...
  [[nodiscard]] std::uint64_t passed_over() const noexcept { return passed_over_; }
  /// ... or overwritten before they were read: then this run proves nothing.
  [[nodiscard]] std::uint64_t overwritten() const noexcept { return overwritten_; }

  [[nodiscard]] const std::vector<Departures>& departures() const noexcept { return departures_; }
  [[nodiscard]] std::uint64_t of_kind(EventKind kind) const noexcept { return kinds_[static_cast<std::size_t>(kind)]; }

  /// Participants that died while changing the colour and were reaped only when all that the ring knew of that change had been overwritten.
  [[nodiscard]] std::uint64_t reaped_late() const noexcept { return reaped_late_; }

  /// The story of the hot word, from a fresh segment's zero: changes told in an unbroken chain, changes missing in it, and events that fit nowhere.
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
  /// Changes that a dead process had meant as well as the one who made them: readers take the second event for the first (core/event_ring.h).
  [[nodiscard]] std::uint64_t told_twice() const noexcept { return told_twice_; }
  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }
  [[nodiscard]] std::size_t unfitting() const noexcept { return waiting_.size(); }
  /// Does the chain end at these epochs?
  [[nodiscard]] bool leads_to(std::uint64_t hot_word) const noexcept;

 private:
  enum class Found { kEvent, kNothingYet, kLater };
  Found look(std::uint64_t position);
  void take(std::uint64_t position, std::uint64_t what, std::uint64_t epochs, std::uint64_t writer);
  void advance();
  void skip_gap();

  const layout::Segment& segment_;
  Area& area_;
  std::uint64_t next_ = 0;                  // the first position that was not looked at
  std::set<std::uint64_t> unwritten_;       // looked at, and not written then
  std::uint64_t events_ = 0, abandoned_ = 0, passed_over_ = 0, overwritten_ = 0, reaped_late_ = 0;
  std::uint64_t kinds_[256] = {};
  std::vector<Departures> departures_;      // by incarnation
  // changes whose beginning the story has not reached: epochs before -> epochs after
  std::unordered_map<std::uint64_t, std::uint64_t> told_;  // both epochs of every change so far -> its writer
  std::unordered_multimap<std::uint32_t, std::uint32_t> waiting_;
  std::uint32_t at_ = 0;                    // epochs that the story has reached
  std::uint64_t changes_ = 0, missing_ = 0, told_twice_ = 0;
};

}  // namespace e6::soak
