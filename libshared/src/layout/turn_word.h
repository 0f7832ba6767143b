// The word that says which byte of the segment file stands outside of the host-wide lock's mutex (core/host_lock.cc).
//
//   63                                         1       0
//   +-------------------------------------------+---------+
//   | deaths answered; their remainder: the byte | entered |
//   +-------------------------------------------+---------+
//
// The word only counts up. Even: nobody has been inside since the byte was changed, so a mark of a dead owner in the mutex is the one that it was changed
// for. Odd: somebody has been inside under this byte, so a mark is that of an owner who died under it, and is answered by counting on.
// It is input like every word of a segment: whatever stands in it names one of the bytes.
#pragma once

#include <cstdint>

namespace e6::layout {

inline constexpr std::uint32_t kTurnBytes = 16;  ///< so many owners may be dying at a time, with memory to give back before their files are closed

/// Which of the bytes, 0 to kTurnBytes - 1.
constexpr std::uint32_t turn_byte(std::uint64_t turn) noexcept { return static_cast<std::uint32_t>(turn >> 1) % kTurnBytes; }
constexpr bool turn_entered(std::uint64_t turn) noexcept { return (turn & 1) != 0; }
/// Somebody is inside for the first time under this byte.
constexpr std::uint64_t enter_turn(std::uint64_t turn) noexcept { return turn | 1; }
/// An owner died inside: the next byte.
constexpr std::uint64_t answer_death(std::uint64_t turn) noexcept { return (turn | 1) + 1; }

static_assert(!turn_entered(0) && turn_byte(0) == 0);  // as in a fresh segment
static_assert(turn_entered(enter_turn(6)) && turn_byte(enter_turn(6)) == turn_byte(6));
static_assert(answer_death(enter_turn(6)) == 8 && turn_byte(8) != turn_byte(6) && !turn_entered(8));
static_assert(turn_byte(~std::uint64_t{0}) < kTurnBytes && answer_death(~std::uint64_t{0}) == 0);

}  // namespace e6::layout
