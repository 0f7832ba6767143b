// A suspended cluster: one process of the host wakes it, the others wait for that.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "journal.h"
#include "link.h"
#include "text/ascii.h"
#include "text/one_line.h"

namespace e6::client {

/// The right to wake the cluster. It ends as given up, for reasons that are nobody else's, unless something else is said.
class WakeLease {
 public:
  WakeLease(Coordinator& host, ResumeLease lease) noexcept : host_(host), lease_(lease) {}
  ~WakeLease() {
    switch (end_) {
      case End::kGivenUp:
        host_.resume_abandon(lease_);
        break;
      case End::kNotNeeded:
        host_.resume_not_needed(lease_);
        break;
      case End::kResumed:
      case End::kFailed:
        host_.resume_end(lease_, end_ == End::kResumed);
    }
  }
  WakeLease(const WakeLease&) = delete;
  WakeLease& operator=(const WakeLease&) = delete;

  void still_at_it() const noexcept { host_.resume_extend(lease_); }
  /// The cluster is active; did it sleep?
  void succeed(bool slept) noexcept { end_ = slept ? End::kResumed : End::kNotNeeded; }
  /// The cluster cannot be woken: the answer for everybody who waits.
  void fail() noexcept { end_ = End::kFailed; }

 private:
  enum class End : std::uint8_t { kGivenUp, kResumed, kNotNeeded, kFailed };
  Coordinator& host_;
  ResumeLease lease_;
  End end_ = End::kGivenUp;
};

using ascii::equal_ignoring_case;

// False if the cluster was found active at once: nothing that it knew is gone.
bool Link::resume(const Answer& answer, Budget& budget) {
  constexpr int kWakings = 2;  // asleep again after that: something else puts it to sleep
  if (!options_.auto_resume) {
    fail_as<ClusterSuspendedError>("the cluster at " + target_ + " is suspended and auto_resume is off: " +
                                       describe(answer) + "; resume it, or set auto_resume",
                                   answer);
  }
  if (!budget.may_wake) {
    fail_as<ClusterSuspendedError>("the cluster at " + target_ +
                                       " is suspended, and a health check does not wake it: " +
                                       describe(answer) + "; a query does",
                                   answer);
  }
  if (budget.wakings >= kWakings) {
    fail_as<ClusterSuspendedError>(
        "the cluster at " + target_ + " is suspended again after it was resumed: " + describe(answer),
        answer);
  }
  // Refused as suspended once more, although it is active: what stands before the cluster is behind it (an ingress that has not looked lately, an upstream
  // that restarts). That is worth waiting for as long as a cluster that wakes up.
  const auto deadline = budget.resume_deadline(options_.resume_timeout);
  if (budget.suspensions++ > 0 && (!budget.pause() || Budget::Clock::now() >= deadline)) {
    if (budget.stopped()) fail_cancelled(answer);
    fail_as<ClusterSuspendedError>("the cluster at " + target_ + " still refuses calls as suspended, although it was said to be active: " + describe(answer) +
                                       "; look at what stands between this client and the cluster",
                                   answer);
  }
  for (bool failed_before = false;;) {
    check_stopped(budget);
    const auto until = budget.slice(deadline);
    ResumeLease lease;
    switch (host().resume_begin(until, lease)) {
      case ResumeOutcome::kResumedByOther:
        count(&Statistics::retries);
        return true;
      case ResumeOutcome::kResume: {
        WakeLease wake(host(), lease);
        const bool slept = wake_cluster(wake, budget, deadline);
        wake.succeed(slept);
        if (slept) ++budget.wakings;
        count(&Statistics::retries);
        return slept;
      }
      case ResumeOutcome::kNotNeeded:
        count(&Statistics::retries);
        return false;
      case ResumeOutcome::kFailedByOther:
        // It may have been the last one's last look: worth one of our own.
        if (!std::exchange(failed_before, true)) continue;
        fail_as<ClusterSuspendedError>(
            "the cluster at " + target_ + " is suspended, and another process of this host could not resume it",
            answer);
      case ResumeOutcome::kTimeout:
        if (until != deadline) continue;
        fail_as<ClusterSuspendedError>("the cluster at " + target_ + " was not resumed in time", answer);
    }
  }
}

// Asks for the state until it is active; asks it to wake whenever it says that it sleeps. False if it was active all the time.
bool Link::wake_cluster(WakeLease& wake, const Budget& budget, Budget::Clock::time_point deadline) {
  constexpr std::chrono::milliseconds kBeat{1'000};
  const std::function<void()> still_at_it = [&wake] { wake.still_at_it(); };
  const Snapshot known = host().snapshot();
  Strategy strategy = known.active != Strategy::kNone ? known.active : Strategy::kBlue;
  const Budget::Clock::time_point began = Budget::Clock::now();
  wake.still_at_it();
  int refused_in_a_row = 0;
  bool asked = false;
  bool slept = false;
  journal().info("{}: the cluster is suspended; resuming it", target_);
  for (;;) {
    const ChannelPtr channel = lane(strategy).channel();
    const Budget::Clock::time_point now = Budget::Clock::now();
    CallHead head{strategy, {}, now, std::min(deadline, now + options_.call_timeout), &budget.stop(), &still_at_it};
    std::string state;
    Answer answer = send("ClusterService.status", head, nullptr, [&] {
      return channel->cluster_status(head, state);
    });
    if (answer.ok() && equal_ignoring_case(state, "suspended") && !asked) {
      head.at = Budget::Clock::now();
      answer = send("ClusterService.resume", head, nullptr, [&] {
        return channel->cluster_resume(head, state);
      });
      asked = answer.ok();
      if (asked) count(&Statistics::resumes);
    }

    wake.still_at_it();
    if (budget.stopped()) fail_cancelled(answer);
    if (answer.meaning == Meaning::kWrongStrategy) {
      strategy = other(strategy);
      // Refused by both: not worth a poll's pause once, then it is.
      if (++refused_in_a_row < 2) continue;
      refused_in_a_row = 0;
    } else if (answer.meaning == Meaning::kAccessDenied || answer.meaning == Meaning::kOther || answer.meaning == Meaning::kTls) {
      fail_as<ClusterSuspendedError>(
          "the cluster at " + target_ + " is suspended and cannot be resumed: " + describe(answer), answer);
    } else if (answer.ok()) {
      refused_in_a_row = 0;
      if (equal_ignoring_case(state, "active")) {
        journal().info("{}: the cluster is active", target_);
        return slept;
      }
      slept = true;
      if (equal_ignoring_case(state, "failed")) {
        wake.fail();
        fail_as<ClusterSuspendedError>("the cluster at " + target_ + " failed to resume (state 'failed')",
                                       answer);
      }
    }
    const auto next = Budget::Clock::now() + options_.resume_poll;
    if (next >= deadline) {
      if (Budget::Clock::now() - began >= options_.resume_timeout - options_.resume_poll) wake.fail();  // else the time was our own, and others have more
      fail_as<ClusterSuspendedError>("the cluster at " + target_ +
                                         " did not become active in time (last state '" +
                                         cut(redacted(state, nullptr), 40, "...") + "')",
                                     answer);
    }
    for (auto left = options_.resume_poll; left.count() > 0 && !budget.stopped(); left -= kBeat) {
      (void)budget.sleep(std::min(left, kBeat));
      wake.still_at_it();
    }
    if (budget.stopped()) fail_cancelled(answer);
  }
}

}  // namespace e6::client
