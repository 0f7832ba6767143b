// Resuming a suspended cluster: one process of the host does it, the others take its result.
#include <optional>
#include <utility>

#include "core/host.h"
#include "core/lease.h"
#include "os/clock.h"

namespace e6::core {
namespace {

constexpr std::uint32_t kResumeOk = 1;
constexpr std::uint32_t kResumeFailed = 2;
constexpr std::uint32_t kResumeNotNeeded = 3;
// A cluster takes up to 300 s to resume; after this a holder that may be alive is passed over ...
constexpr std::chrono::milliseconds kResumeSpan{330'000};
// ... and after this one that has said that it is at work, and says so no more.
constexpr std::chrono::milliseconds kSilence{30'000};

/// How the resume with this grant ended, if it left word.
std::optional<ResumeOutcome> resumed_by_other(const layout::Lease& lease, std::uint64_t held) noexcept {
  // acquire: pairs with release_lease, which leaves word before it frees the lease
  const std::uint64_t word = lease.failure.load(std::memory_order_acquire);
  const std::uint64_t result = word >> 8 & 0xffU;
  if (held == 0 || word >> 40 != held >> 40 || result == 0) return std::nullopt;
  return result == kResumeOk          ? ResumeOutcome::kResumedByOther
         : result == kResumeNotNeeded ? ResumeOutcome::kNotNeeded
                                      : ResumeOutcome::kFailedByOther;
}

layout::Lease& resume_lease(const Attachment& a) noexcept { return a.segment->leases[layout::kResumeLease]; }

}  // namespace

ResumeOutcome Host::resume_begin(std::chrono::steady_clock::time_point deadline, ResumeLease& lease) noexcept {
  lease = ResumeLease{};
  std::uint64_t waited_for = 0;
  const Attachment* waited_on = nullptr;
  for (;;) {
    const std::uint64_t now_ms = os::monotonic_ms();
    const Ground g = ground();
    if (std::exchange(waited_on, g.a) != g.a) waited_for = 0;  // another segment counts its grants anew
    std::uint64_t granted = kLocalLease;
    std::uint32_t news = 0;
    if (g.shared()) {
      layout::Lease& shared = resume_lease(*g.a);
      news = shared.news.load(std::memory_order_acquire);
      if (const auto ended = resumed_by_other(shared, waited_for)) return *ended;
      const ClaimResult c = claim_lease(*g.a, shared, now_ms, kResumeSpan);
      granted = c.claim == Claim::kHeld ? 0 : c.word;
      if (granted == 0) waited_for = c.word;
      if (c.claim == Claim::kFromDead || c.claim == Claim::kFromLate) add(g, Counter::kLeaseTakeovers);
      if (granted != 0) {  // the previous holder may have ended between our look and our claim
        if (const auto ended = resumed_by_other(shared, waited_for)) {
          (void)release_lease(shared, granted, 0);
          return *ended;
        }
      }
    }
    if (granted != 0) {
      lease = {granted, os::process_generation(), g.a};
      add(g, Counter::kResumes);
      Event e;
      e.kind = EventKind::kResumeStarted;
      e.cause = EventCause::kSuspended;
      tell(g, e);
      return ResumeOutcome::kResume;
    }
    if (os::steady_now() >= deadline) return ResumeOutcome::kTimeout;
    await_news(resume_lease(*g.a), news, deadline);
  }
}

void Host::resume_extend(const ResumeLease& lease) noexcept {
  if (!valid(lease.process, lease.word)) return;
  const Ground g = ground_of(lease.place);
  if (g.shared()) extend_lease(resume_lease(*g.a), lease.word, os::monotonic_ms(), kSilence);
}

void Host::resume_abandon(const ResumeLease& lease) noexcept {
  if (!valid(lease.process, lease.word)) return;
  const Ground g = ground_of(lease.place);
  const layout::HotWord w = layout::unpack(g.word().load(std::memory_order_acquire));
  Event e;
  e.kind = EventKind::kDetectionFailed;
  e.cause = EventCause::kAbandoned;
  e.epoch = {w.epoch, w.pending_epoch};
  if (!g.shared() || release_lease(resume_lease(*g.a), lease.word, 0)) tell(g, e);
}

void Host::resume_end(const ResumeLease& lease, bool active) noexcept {
  end_resume(lease, active ? kResumeOk : kResumeFailed);
}

void Host::resume_not_needed(const ResumeLease& lease) noexcept { end_resume(lease, kResumeNotNeeded); }

void Host::end_resume(const ResumeLease& lease, std::uint32_t how) noexcept {
  if (!valid(lease.process, lease.word)) return;
  const Ground g = ground_of(lease.place);
  if (g.shared()) {
    const std::uint32_t fence = layout::unpack_lease(lease.word).fence;
    if (!release_lease(resume_lease(*g.a), lease.word, layout::pack_failure(fence, how, 0))) return;
  }
  Event e;
  e.kind = how == kResumeFailed ? EventKind::kDetectionFailed : EventKind::kResumed;
  e.cause = how == kResumeFailed ? EventCause::kSuspended : EventCause::kNone;
  tell(g, e);
}

}  // namespace e6::core
