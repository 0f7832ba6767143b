// A suspended cluster: one process of the host wakes it, the others wait for that.
#include <algorithm>
#include <cctype>
#include <utility>

#include "journal.h"
#include "link.h"

namespace e6::client {
namespace {

bool is(std::string_view word, std::string_view lower_case) noexcept {
  return std::equal(word.begin(), word.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

/// The right to wake the cluster; a failure is reported in every case that is not success.
class WakeLease {
 public:
  WakeLease(Coordinator& host, ResumeLease lease) noexcept : host_(host), lease_(lease) {}
  ~WakeLease() { host_.resume_end(lease_, active); }
  WakeLease(const WakeLease&) = delete;
  WakeLease& operator=(const WakeLease&) = delete;
  bool active = false;

 private:
  Coordinator& host_;
  ResumeLease lease_;
};

}  // namespace

void Link::resume(const Answer& answer, Budget& budget) {
  constexpr int kRounds = 2;  // asleep again after that: something else puts it to sleep
  if (!options_.auto_resume) {
    fail_as<ClusterSuspendedError>("the cluster at " + target_ + " is suspended and auto_resume is off: " +
                                       describe(answer) + "; resume it, or set auto_resume",
                                   answer);
  }
  if (budget.resumes++ >= kRounds) {
    fail_as<ClusterSuspendedError>(
        "the cluster at " + target_ + " is suspended again after it was resumed: " + describe(answer),
        answer);
  }
  const auto deadline = budget.call_deadline(options_.resume_timeout);
  for (bool failed_before = false;;) {
    check_stopped(budget);
    const auto until = budget.slice(deadline);
    ResumeLease lease;
    switch (host().resume_begin(until, lease)) {
      case ResumeOutcome::kResumedByOther:
        count(&Statistics::retries);
        return;
      case ResumeOutcome::kResume: {
        WakeLease wake(host(), lease);
        wake_cluster(budget, deadline);
        wake.active = true;
        count(&Statistics::retries);
        return;
      }
      case ResumeOutcome::kFailedByOther:
        // The other process's deadline and stop token are not ours: worth one attempt of the host's own.
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

// Asks for the state until it is active; asks it to wake whenever it says that it sleeps.
void Link::wake_cluster(const Budget& budget, Budget::Clock::time_point deadline) {
  const Snapshot known = host().snapshot();
  Strategy strategy = known.active != Strategy::kNone ? known.active : Strategy::kBlue;
  int refused_in_a_row = 0;
  bool asked = false;
  journal().info("{}: the cluster is suspended; resuming it", target_);
  for (;;) {
    const ChannelPtr channel = lane(strategy).channel();
    const Budget::Clock::time_point now = Budget::Clock::now();
    CallHead head{strategy, {}, now, std::min(deadline, now + options_.call_timeout), &budget.stop()};
    std::string state;
    Answer answer = send("ClusterService.status", head, nullptr, [&] {
      return channel->cluster_status(head, state);
    });
    if (answer.ok() && is(state, "suspended") && !asked) {
      head.at = Budget::Clock::now();
      answer = send("ClusterService.resume", head, nullptr, [&] {
        return channel->cluster_resume(head, state);
      });
      asked = answer.ok();
      if (asked) count(&Statistics::resumes);
    }

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
      if (is(state, "active")) {
        journal().info("{}: the cluster is active", target_);
        return;
      }
      if (is(state, "failed")) {
        fail_as<ClusterSuspendedError>("the cluster at " + target_ + " failed to resume (state 'failed')",
                                       answer);
      }
    }
    const auto next = Budget::Clock::now() + options_.resume_poll;
    if (next >= deadline) {
      fail_as<ClusterSuspendedError>(
          "the cluster at " + target_ + " did not become active in time (last state '" + state + "')",
          answer);
    }
    (void)budget.sleep(options_.resume_poll);
    if (budget.stopped()) fail_cancelled(answer);
  }
}

}  // namespace e6::client
