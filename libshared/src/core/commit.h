// The commit point of every strategy operation: next(word, event), swapped in; with an event that dies with nobody.
#pragma once

#include <cstdint>

#include "core/attachment.h"
#include "layout/transition.h"

namespace e6::core {

struct Committed {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  [[nodiscard]] bool changed() const noexcept { return before != after; }
};

/// Applies `event` to a word that no other process shares, or whose change needs no record.
/// Crash: before the swap nothing happened; after it the change stands.
Committed swap_in(layout::Word& word, const layout::StrategyEvent& event) noexcept;

/// Applies `event` to the segment's hot word and records what became of it as `kind` because of `cause`. `recorded` is filled if an event was due
/// (any change but a renewal).
/// Crash: before the swap nothing happened; after it the change stands, and the intent lets the reaper record its event.
Committed commit(const Attachment& a, const layout::StrategyEvent& event, EventKind kind, EventCause cause, Event* recorded) noexcept;

/// Puts `word` into a hot word that knows nothing yet, and records it. False if it knows something by now.
/// Crash: as commit.
bool commit_first(const Attachment& a, std::uint64_t word, EventKind kind, EventCause cause) noexcept;

/// Records the events of changes that a dead participant committed and did not record. Under the lock.
/// Crash: may be done again.
void recover_intents(const Attachment& a, std::uint32_t slot) noexcept;

/// The event that stands for going from one word to another.
Event describe(std::uint64_t before, std::uint64_t after, EventKind kind, EventCause cause) noexcept;

}  // namespace e6::core
