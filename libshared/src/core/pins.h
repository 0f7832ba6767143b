// Which query runs on which colour. Each participant writes only the pins it owns, without a lock; anybody may look a query up, and may mark a
// bound one as ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/attachment.h"

namespace e6::core {

/// Names a pin and its use: index + 1 | generation << 32. 0: not even counted (no slot).
using PinClaim = std::uint64_t;
/// All pins were taken: the query is counted, and nothing more.
inline constexpr PinClaim kOnlyCounted = ~PinClaim{0};

/// Takes a pin for a query of `colour`; when all are taken the query is only counted.
/// Crash: the group belongs to a dead slot and is freed by the reaper.
PinClaim begin_pin(Attachment& a, Strategy colour, Epoch epoch) noexcept;

/// Writes the query's id and engine address, then publishes them. kTooLong, kFull (not pinned) or kUnknown (already ended).
/// Crash: the pin is in flight and not findable.
Cause bind_pin(const Attachment& a, PinClaim claim, std::string_view query_id, std::string_view engine) noexcept;

/// Gives the pin back. Does nothing if it was ended elsewhere and is in another use by now. False if the query had been ended elsewhere.
/// Crash: one swap; before it the reaper ends the query.
bool end_pin(Attachment& a, PinClaim claim) noexcept;

/// A bound query by its id. Lock-free, bounded.
std::optional<Pin> find_pin(const layout::Segment& segment, std::string_view query_id);
/// Marks a bound query as ended, whoever owns it. False if there is none.
/// Crash: one swap; the place stays its owner's.
bool end_pin_by_id(layout::Segment& segment, std::string_view query_id) noexcept;

/// Queries in flight of participants that may be alive; stops at `enough`. Bounded; a system call per participant that has one.
std::uint32_t count_in_flight(const Attachment& a, std::uint32_t enough) noexcept;

/// Frees the pins of a slot, whose owner is gone. Under the lock. True if a query was in flight. Crash: may be done again.
bool free_pins_of(layout::Segment& segment, std::uint32_t slot) noexcept;

/// Copies the texts of a bound pin if it stays the same use meanwhile.
bool read_pin(const layout::PinBody& body, const layout::Word& state, std::string* query_id, std::string* engine, Epoch* epoch);

}  // namespace e6::core
