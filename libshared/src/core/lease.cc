#include "core/lease.h"

#include <algorithm>

#include "core/liveness.h"
#include "os/futex.h"

namespace e6::core {
namespace {

// Long enough that 256 waiters cost little, short enough that a dead holder is noticed within tens of milliseconds.
constexpr std::chrono::milliseconds kSlice{12};

constexpr bool same_grant(std::uint64_t a, std::uint64_t b) noexcept {
  const layout::LeaseWord x = layout::unpack_lease(a);
  const layout::LeaseWord y = layout::unpack_lease(b);
  return x.fence == y.fence && x.holder == y.holder && x.holder != 0;
}

constexpr std::uint32_t deadline_after(std::uint64_t now_ms, std::chrono::milliseconds duration) noexcept {
  return layout::lease_unit(now_ms + static_cast<std::uint64_t>(duration.count()) + layout::kLeaseUnitMs);
}

}  // namespace

ClaimResult claim_lease(const Attachment& a, layout::Lease& lease, std::uint64_t now_ms, std::chrono::milliseconds duration) noexcept {
  ClaimResult result;
  // acquire: pairs with the release in release_lease: a claimant sees the hot word as its predecessor left it
  std::uint64_t seen = lease.word.load(std::memory_order_acquire);
  for (;;) {
    const layout::LeaseWord old = layout::unpack_lease(seen);
    result.claim = Claim::kGranted;
    if (old.holder != 0) {
      result.former_slot = old.holder == layout::kLeaseGuest ? kNoSlot : old.holder - 1;
      const bool nobody = result.former_slot != kNoSlot && result.former_slot >= layout::kParticipants;  // no such slot: a damaged word
      if (nobody || (result.former_slot != kNoSlot && certainly_dead(a, result.former_slot))) {
        result.claim = Claim::kFromDead;
      } else if (layout::lease_ms_left(old.deadline, now_ms) == 0) {
        result.claim = Claim::kFromLate;
      } else {
        result.claim = Claim::kHeld;
        result.word = seen;
        return result;
      }
    }
    layout::LeaseWord mine;
    mine.fence = old.fence + 1;
    mine.holder = a.has_slot() ? a.slot.load(std::memory_order_relaxed) + 1 : layout::kLeaseGuest;
    mine.deadline = deadline_after(now_ms, duration);
    const std::uint64_t word = layout::pack(mine);
    if (lease.word.compare_exchange_strong(seen, word, std::memory_order_acq_rel, std::memory_order_acquire)) {
      result.word = word;
      return result;
    }
  }
}

bool lease_stands(const layout::Lease& lease, std::uint64_t word) noexcept {
  return same_grant(lease.word.load(std::memory_order_acquire), word);
}

void extend_lease(layout::Lease& lease, std::uint64_t word, std::uint64_t now_ms, std::chrono::milliseconds duration) noexcept {
  std::uint64_t seen = lease.word.load(std::memory_order_acquire);
  if (!same_grant(seen, word)) return;
  layout::LeaseWord extended = layout::unpack_lease(seen);
  extended.deadline = deadline_after(now_ms, duration);
  // failing means that it was just taken over: then there is nothing to extend
  (void)lease.word.compare_exchange_strong(seen, layout::pack(extended), std::memory_order_acq_rel, std::memory_order_relaxed);
}

bool release_lease(layout::Lease& lease, std::uint64_t word, std::uint64_t failure) noexcept {
  std::uint64_t seen = lease.word.load(std::memory_order_acquire);
  if (!same_grant(seen, word)) return false;
  // a late holder may overwrite its successor's failure here; waiters compare the fence in it and then ask for themselves
  if (failure != 0) lease.failure.store(failure, std::memory_order_relaxed);
  layout::LeaseWord freed = layout::unpack_lease(word);
  freed.holder = 0;
  freed.deadline = 0;
  do {
    // release: pairs with the acquire loads of claimants and waiters
    if (lease.word.compare_exchange_strong(seen, layout::pack(freed), std::memory_order_acq_rel, std::memory_order_acquire)) {
      lease.news.fetch_add(1, std::memory_order_release);
      os::futex_wake_all(lease.news);
      return true;
    }
  } while (same_grant(seen, word));
  return false;
}

void free_leases_of(layout::Segment& segment, std::uint32_t slot) noexcept {
  for (layout::Lease& lease : segment.leases) {
    const std::uint64_t word = lease.word.load(std::memory_order_acquire);
    if (layout::unpack_lease(word).holder == slot + 1) (void)release_lease(lease, word, 0);
  }
}

void await_news(const layout::Lease& lease, std::uint32_t news, std::chrono::steady_clock::time_point deadline) noexcept {
  const auto left = deadline - std::chrono::steady_clock::now();
  os::futex_wait(lease.news, news, std::min<std::chrono::nanoseconds>(left, kSlice));
}

}  // namespace e6::core
