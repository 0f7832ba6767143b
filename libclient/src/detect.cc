// Finding the active colour: at most one process of the host probes, the others take its answer.
#include <algorithm>
#include <functional>
#include <utility>

#include "journal.h"
#include "link.h"
#include "session_end.h"
#include "tls_trouble.h"

namespace e6::client {

/// The right to probe; given back in every case, or others would wait for the lease's deadline.
class ProbeLease {
 public:
  ProbeLease(Coordinator& host, DetectionLease lease) noexcept : host_(host), lease_(lease) {}
  ~ProbeLease() {
    if (open_) host_.detect_abandon(lease_);
  }
  ProbeLease(const ProbeLease&) = delete;
  ProbeLease& operator=(const ProbeLease&) = delete;

  [[nodiscard]] const DetectionLease& lease() const noexcept { return lease_; }
  bool succeed(Strategy strategy) noexcept {
    open_ = false;
    return host_.detect_succeed(lease_, strategy);
  }
  void fail(ProbeFailure failure, int code) noexcept {
    open_ = false;
    host_.detect_fail(lease_, failure, static_cast<std::uint32_t>(code));
  }

 private:
  Coordinator& host_;
  DetectionLease lease_;
  bool open_ = true;
};

namespace {

ProbeFailure failure_of(Meaning meaning) noexcept {
  switch (meaning) {
    case Meaning::kWrongStrategy:
      return ProbeFailure::kBothRefused;
    case Meaning::kUnavailable:
      return ProbeFailure::kUnreachable;
    case Meaning::kAccessDenied:
      return ProbeFailure::kDenied;
    case Meaning::kSuspended:
      return ProbeFailure::kSuspended;
    case Meaning::kTimedOut:
      return ProbeFailure::kTimedOut;
    default:
      return ProbeFailure::kOther;
  }
}

// What another process of the host reported, as if this one had been answered so.
Answer reported(const Detection& detection) {
  Answer answer;
  answer.call = "authenticate";
  answer.code = static_cast<int>(detection.failure_code);
  answer.epoch = detection.snapshot.epoch;
  answer.details = "reported by the process of this host that probed";
  switch (detection.failure) {
    case ProbeFailure::kBothRefused:
      answer.meaning = Meaning::kWrongStrategy;
      break;
    case ProbeFailure::kUnreachable:
      answer.meaning = Meaning::kUnavailable;
      break;
    case ProbeFailure::kDenied:
      answer.meaning = Meaning::kAccessDenied;
      break;
    case ProbeFailure::kSuspended:
      answer.meaning = Meaning::kSuspended;
      break;
    case ProbeFailure::kTimedOut:
      answer.meaning = Meaning::kTimedOut;
      break;
    default:
      break;
  }
  return answer;
}

// How often a prober that both colours refused looks again before it says so to the whole host, which then waits out the
// negative TTL. Once in any case: a cluster that switched between the two looks refuses both and serves the first by now. A cluster
// that served the host a moment ago is in the middle of a switch, and worth half a second.
class Looks {
 public:
  explicit Looks(bool patient) noexcept : until_(Budget::Clock::now() + (patient ? kPatience : kPatience * 0)) {}
  bool another(const Budget& budget) {
    if (std::exchange(first_, false)) return true;
    if (Budget::Clock::now() >= until_ || !budget.sleep(pause_)) return false;
    pause_ = std::min(pause_ * 2, kLongestPause);
    return true;
  }

 private:
  static constexpr std::chrono::milliseconds kPatience{500};
  static constexpr std::chrono::milliseconds kLongestPause{80};
  Budget::Clock::time_point until_;
  std::chrono::milliseconds pause_{10};
  bool first_ = true;
};

}  // namespace

// A probe is an authentication; the session of the colour that takes it is kept for this connection.
Answer Link::probe(ProbeLease& lease, Budget& budget, FreshSession use) {
  count(&Statistics::detections);
  const auto started = Budget::Clock::now();
  const auto timeout = std::min(options_.call_timeout, host().options().detection_timeout);
  CallHead head = head_of(Strategy::kNone, budget, timeout);
  // An engine that takes longer to answer than the host is patient with a silent prober is not to be probed by one worker after the other.
  const std::function<void()> still_at_it = [this, &lease] { host().detect_extend(lease.lease()); };
  head.meanwhile = &still_at_it;
  Answer answer;
  answer.call = "authenticate";
  const auto& order = lease.lease().order;
  Looks looks(served_lately());
  for (std::size_t look = 0;; ++look) {
    const Strategy strategy = order[look % 2];
    journal().info("{}: trying {}", target_, to_string(strategy));
    head.strategy = strategy;
    head.at = Budget::Clock::now();
    const ChannelPtr channel = lane(strategy).channel();
    SessionPtr session;
    answer = authenticate(*channel, head, true, session);
    if (answer.ok()) {
      SessionEnder ender(budget);  // waits after the host has been told
      keep_session(strategy, std::move(session), use, ender);
      const bool in_time = lease.succeed(strategy);
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Budget::Clock::now() - started);
      journal().info("{}: {} accepted after {} ms{}", target_, to_string(strategy), took.count(),
                     in_time ? "" : "; the host knows something newer");
      return answer;
    }
    if (answer.meaning != Meaning::kWrongStrategy) break;
    count(&Statistics::refused_probes);
    host().detect_refused(lease.lease(), strategy);
    journal().info("{}: {} refused: {}", target_, to_string(strategy), answer.words());
    if (look > 0 && !looks.another(budget)) break;
  }
  // Our caller's wish or haste is nobody else's failure: the lease is abandoned.
  const bool in_haste = answer.meaning == Meaning::kTimedOut && head.deadline == budget.deadline();
  if (budget.stopped() || in_haste) return answer;
  // Neither are our TLS settings.
  const bool tls = options_.tls.enabled && !answer.from_engine &&
                   tls_trouble(answer.code, answer.details, true) == TlsTrouble::kClosed;
  if (tls || answer.meaning == Meaning::kTls) {
    journal().error("{}: no active strategy found: {}", target_, describe(answer));
    return answer;
  }
  lease.fail(failure_of(answer.meaning), answer.code);
  journal().error("{}: no active strategy found: {}", target_, describe(answer));
  return answer;
}

Answer Link::probe_with(const DetectionLease& held, Budget& budget, FreshSession use) {
  ProbeLease lease(host(), held);
  return probe(lease, budget, use);
}

void Link::keep_session(Strategy strategy, SessionPtr session, FreshSession use,
                        SessionEnder& ender) {
  if (use == FreshSession::kReplaces) {
    replace_session(strategy, lane(strategy).keep(std::move(session)), ender);
  } else if (!lane(strategy).offer(session)) {
    replace_session(strategy, std::move(session), ender);
  }
}

// A stop request cannot wake the host's futex, so that it is looked for in between.
Detection Link::await_detection(const Budget& budget) {
  for (;;) {
    check_stopped(budget);
    const auto until = budget.slice(budget.deadline());
    Detection found = host().detect_begin(until);
    if (found.outcome != Detection::Outcome::kTimeout || until == budget.deadline()) return found;
  }
}

void Link::detect(Budget& budget) {
  for (;;) {
    Detection found = await_detection(budget);
    Answer answer;
    bool own = false;
    switch (found.outcome) {
      case Detection::Outcome::kUsable:
        count(&Statistics::detection_waits);
        return;
      case Detection::Outcome::kProbe: {
        answer = probe_with(found.lease, budget, FreshSession::kReplaces);
        own = true;
        break;
      }
      case Detection::Outcome::kFailed:
        count(&Statistics::detection_waits);
        answer = reported(found);
        break;
      case Detection::Outcome::kTimeout:
      case Detection::Outcome::kBusy:
        answer = reported(found);
        answer.meaning = Meaning::kTimedOut;
        answer.code = code::kDeadlineExceeded;
        answer.details = "another process of this host was still probing";
        break;
    }
    if (answer.ok()) return;
    if (budget.stopped()) fail_cancelled(answer);

    if (answer.meaning == Meaning::kWrongStrategy) {
      wait_out_both_refused(answer, budget);
    } else if (!own && (answer.meaning == Meaning::kAccessDenied || answer.meaning == Meaning::kTimedOut ||
                        answer.meaning == Meaning::kOther)) {
      // The other process's credentials or patience need not be ours.
      if (!budget.again() || !budget.pause()) budget.stopped() ? fail_cancelled(answer) : fail(answer);
    } else {
      repeat_new_work(answer, nullptr, Repeat::kSafe, budget);
    }
  }
}

// A cluster that served this host a moment ago and now refuses both colours is in the middle of a switch: nodes
// of both colours behind one address, or one after the other faster than a probe. That is worth every attempt that a
// refusal may have; without such a past one more look is all, because something is wrong with the cluster or its name.
// Each look comes after the time for which the host agreed not to probe.
void Link::wait_out_both_refused(const Answer& answer, Budget& budget) {
  constexpr std::chrono::milliseconds kWorthWaiting{2500};
  const Snapshot now = host().snapshot();
  const std::chrono::milliseconds left(now.both_refused ? now.remaining_ms : 0);
  const bool look_again = budget.both_refused++ == 0 ? budget.again() : served_lately() && budget.again_after_refusal();
  const bool again = look_again && left <= kWorthWaiting && budget.sleep(left + std::chrono::milliseconds(10));
  if (!again) {
    if (budget.stopped()) fail_cancelled(answer);
    fail_as<AuthenticationError>(target_ + " refused both strategies, blue and green: " + describe(answer) +
                                     "; check the cluster's deployment, the host and the cluster name",
                                 answer);
  }
  count(&Statistics::retries);
}

// Past the soft limit one process of the host looks again while everybody goes on with what they have. Its failure is nobody's as long as the colour is
// usable, not even that of the call that happened to be chosen for it: which waits for half of its own time at most.
void Link::recheck(const Budget& budget) {
  constexpr std::chrono::seconds kPause{5};  // for this connection, in case it fails
  constexpr std::chrono::milliseconds kPatience{2'000};
  Here& mine = here();
  const auto now = Budget::Clock::now();
  if (now.time_since_epoch().count() < mine.next_recheck_ns.load(std::memory_order_relaxed)) return;
  mine.next_recheck_ns.store((now + kPause).time_since_epoch().count(), std::memory_order_relaxed);
  Detection found = host().detect_try();
  if (found.outcome != Detection::Outcome::kProbe) return;
  const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(budget.deadline() - now) / 2;
  Budget own(options_, std::min(kPatience, half), CallOptions{.stop = budget.stop()});
  try {
    (void)probe_with(found.lease, own, FreshSession::kSpare);
  } catch (const Error& error) {  // a channel that cannot be made
    journal().debug("{}: the colour could not be looked at again: {}", target_, error.what());
  }
}

}  // namespace e6::client
