// What the 64 bits mean that decide every request.
//
//   63            44 43        32 31                   6 5     4 3     2 1    0
//   +---------------+------------+----------------------+-------+-------+------+
//   | epoch      20 | pending 12 | expiry            26 | refu- | pend- | act- |
//   |               | epoch      | (quarter seconds)    | sed 2 | ing 2 | ive 2|
//   +---------------+------------+----------------------+-------+-------+------+
//
// active, pending   0 none, 1 blue, 2 green; active 3 marks a retired segment (all other bits zero)
// refused           bit 0 blue, bit 1 green: refused by the engine since the last usable colour; 3 is the state Error
// expiry            CLOCK_MONOTONIC in quarter seconds, modulo 2^26 (194 days): when active stops being usable, or when Error ends
// A word of zero means: nothing known.
#pragma once

#include <cstdint>

namespace e6::layout {

inline constexpr std::uint64_t kNone = 0;
inline constexpr std::uint64_t kBlue = 1;
inline constexpr std::uint64_t kGreen = 2;
inline constexpr std::uint64_t kRetiredMark = 3;

inline constexpr std::uint32_t kEpochMask = (1U << 20) - 1;
inline constexpr std::uint32_t kPendingEpochMask = (1U << 12) - 1;
inline constexpr std::uint32_t kExpiryMask = (1U << 26) - 1;

/// Milliseconds in a unit of expiry.
inline constexpr std::uint64_t kExpiryUnitMs = 250;
/// The furthest expiry that is believed: the largest TTL (1800 s) and one unit. Anything beyond is the residue of a wrapped or foreign clock.
inline constexpr std::uint32_t kFurthestExpiry = 1800 * 4 + 1;

struct HotWord {
  std::uint8_t active = 0;
  std::uint8_t pending = 0;
  std::uint8_t refused = 0;
  std::uint32_t expiry = 0;
  std::uint32_t pending_epoch = 0;
  std::uint32_t epoch = 0;
  friend constexpr bool operator==(const HotWord&, const HotWord&) = default;
};

constexpr std::uint64_t pack(const HotWord& w) noexcept {
  return (std::uint64_t{w.active} & 3U) | (std::uint64_t{w.pending} & 3U) << 2 | (std::uint64_t{w.refused} & 3U) << 4 |
         std::uint64_t{w.expiry & kExpiryMask} << 6 | std::uint64_t{w.pending_epoch & kPendingEpochMask} << 32 |
         std::uint64_t{w.epoch & kEpochMask} << 44;
}

constexpr HotWord unpack(std::uint64_t bits) noexcept {
  HotWord w;
  w.active = static_cast<std::uint8_t>(bits & 3U);
  w.pending = static_cast<std::uint8_t>(bits >> 2 & 3U);
  w.refused = static_cast<std::uint8_t>(bits >> 4 & 3U);
  w.expiry = static_cast<std::uint32_t>(bits >> 6) & kExpiryMask;
  w.pending_epoch = static_cast<std::uint32_t>(bits >> 32) & kPendingEpochMask;
  w.epoch = static_cast<std::uint32_t>(bits >> 44) & kEpochMask;
  return w;
}

/// The word of a retired segment. Nothing follows it.
inline constexpr std::uint64_t kRetiredWord = kRetiredMark;
constexpr bool retired(std::uint64_t bits) noexcept { return (bits & 3U) == kRetiredMark; }

/// Quarter seconds of a monotonic time in milliseconds, modulo 2^26.
constexpr std::uint32_t expiry_unit(std::uint64_t monotonic_ms) noexcept {
  return static_cast<std::uint32_t>(monotonic_ms / kExpiryUnitMs) & kExpiryMask;
}

/// Units left until `expiry`; 0 when it has passed or lies further away than any TTL can put it.
constexpr std::uint32_t units_left(std::uint32_t expiry, std::uint32_t now) noexcept {
  const std::uint32_t distance = (expiry - now) & kExpiryMask;
  return distance > kFurthestExpiry ? 0 : distance;
}

/// Both fit what a colour may be in the word.
constexpr bool is_colour(std::uint64_t value) noexcept { return value == kBlue || value == kGreen; }
constexpr std::uint8_t refused_bit(std::uint8_t colour) noexcept { return static_cast<std::uint8_t>(colour & 3U); }

}  // namespace e6::layout
