// The right to do something once per host: claimed, released and taken over by compare-and-swap on one word; those who wait sleep on a futex
// in slices short enough to notice by themselves that the holder died.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/attachment.h"
#include "layout/lease_word.h"

namespace e6::core {

enum class Claim : std::uint8_t {
  kGranted,   ///< nobody held it
  kFromDead,  ///< its holder was certainly dead
  kFromLate,  ///< its holder may be alive and is past its deadline: fence off its news
  kHeld,      ///< somebody else holds it
};

/// What a claim gives in fallback, where there is nobody to share with.
inline constexpr std::uint64_t kLocalLease = ~std::uint64_t{0};

struct ClaimResult {
  Claim claim = Claim::kHeld;
  std::uint64_t word = 0;          ///< granted: the word that was written; held: the word that was seen
  std::uint32_t former_slot = kNoSlot;  ///< of the holder it was taken from
};

/// Tries to take the lease until `now_ms + duration`. Never waits.
/// Crash: the lease is held by a dead slot, which the next claimant sees.
ClaimResult claim_lease(const Attachment& a, layout::Lease& lease, std::uint64_t now_ms, std::chrono::milliseconds duration) noexcept;

/// Does the grant `word` still stand? Its deadline may have been moved since.
bool lease_stands(const layout::Lease& lease, std::uint64_t word) noexcept;

/// Moves the deadline of a grant that still stands: its holder made progress.
/// Crash: the old deadline or the new one stands; the holder's death shows before either.
void extend_lease(layout::Lease& lease, std::uint64_t word, std::uint64_t now_ms, std::chrono::milliseconds duration) noexcept;

/// Writes down how the grant ended (0: nothing to tell), gives it back and wakes everybody who waits. False if it had been taken over.
/// Crash: the failure may be written and the lease still held: as if the holder had died while working.
bool release_lease(layout::Lease& lease, std::uint64_t word, std::uint64_t failure) noexcept;

/// Gives back what a dead participant held. Under the lock or not.
/// Crash: may be done again.
void free_leases_of(layout::Segment& segment, std::uint32_t slot) noexcept;

/// Sleeps until the lease is given back, for one slice or until `deadline`; `news` is the futex value read before the lease was looked at.
void await_news(const layout::Lease& lease, std::uint32_t news, std::chrono::steady_clock::time_point deadline) noexcept;

}  // namespace e6::core
