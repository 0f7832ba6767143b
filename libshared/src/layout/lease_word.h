// What a lease's 64 bits mean.
//
//   63                 40 39               28 27                         0
//   +--------------------+-------------------+----------------------------+
//   | fence           24 | holder         12 | deadline                28 |
//   +--------------------+-------------------+----------------------------+
//
// fence     counts grants; a holder's news counts only while the fence is its own
// holder    participant slot + 1; 0 nobody; 4095 a process without a slot (known only by its deadline)
// deadline  CLOCK_MONOTONIC in units of 16 ms, modulo 2^28 (49 days); after it the lease may be taken over from a living holder
#pragma once

#include <cstdint>

namespace e6::layout {

inline constexpr std::uint32_t kLeaseHolderMask = (1U << 12) - 1;
inline constexpr std::uint32_t kLeaseGuest = kLeaseHolderMask;
inline constexpr std::uint32_t kLeaseFenceMask = (1U << 24) - 1;
inline constexpr std::uint32_t kLeaseDeadlineMask = (1U << 28) - 1;
inline constexpr std::uint64_t kLeaseUnitMs = 16;
/// The furthest deadline that is believed: the largest detection time-out (600 s), doubled.
inline constexpr std::uint32_t kFurthestLease = 1'200'000 / kLeaseUnitMs;

struct LeaseWord {
  std::uint32_t fence = 0;
  std::uint32_t holder = 0;
  std::uint32_t deadline = 0;
};

constexpr std::uint64_t pack(const LeaseWord& l) noexcept {
  return std::uint64_t{l.fence & kLeaseFenceMask} << 40 | std::uint64_t{l.holder & kLeaseHolderMask} << 28 |
         std::uint64_t{l.deadline & kLeaseDeadlineMask};
}

constexpr LeaseWord unpack_lease(std::uint64_t bits) noexcept {
  return {static_cast<std::uint32_t>(bits >> 40), static_cast<std::uint32_t>(bits >> 28) & kLeaseHolderMask,
          static_cast<std::uint32_t>(bits) & kLeaseDeadlineMask};
}

constexpr std::uint32_t lease_unit(std::uint64_t monotonic_ms) noexcept {
  return static_cast<std::uint32_t>(monotonic_ms / kLeaseUnitMs) & kLeaseDeadlineMask;
}

/// Milliseconds until the deadline; 0 when it has passed or cannot be a deadline of this clock.
constexpr std::uint64_t lease_ms_left(std::uint32_t deadline, std::uint64_t now_ms) noexcept {
  const std::uint32_t distance = (deadline - lease_unit(now_ms)) & kLeaseDeadlineMask;
  return distance > kFurthestLease ? 0 : distance * kLeaseUnitMs;
}

/// How a lease ended without a colour. 63..40 fence, 15..8 failure, 7..0 status code. Zero: nothing yet.
constexpr std::uint64_t pack_failure(std::uint32_t fence, std::uint32_t failure, std::uint32_t code) noexcept {
  return std::uint64_t{fence & kLeaseFenceMask} << 40 | std::uint64_t{failure & 0xffU} << 8 | std::uint64_t{code & 0xffU};
}

}  // namespace e6::layout
