// What a doubtful answer means. An engine passes on texts of its own, which may quote a statement,
// a value or what a storage service said: "status: 456" in such a text is no refusal. One
// authentication, which carries no statement, shows whether the colour serves.
#include <algorithm>
#include <cstdint>

#include "journal.h"
#include "link.h"
#include "session_end.h"

namespace e6::client {
namespace {

constexpr std::chrono::milliseconds kBetween{1'000};  // verifications of one host
constexpr std::chrono::milliseconds kLook{10};        // at what another process is finding out

}  // namespace

// An engine that words the end of a session in its own way is served, too: after such a text the
// new session takes the place of the old one, which stays with the queries that have it.
Link::FreshSession Link::use_of(const Answer& doubtful) noexcept {
  return doubtful.meaning == Meaning::kAccessDenied ? FreshSession::kReplaces
                                                    : FreshSession::kSpare;
}

// Was `strategy` accepted by a probe of any process that began after `since_ms`? `verified_ms`:
// when the latest verification began, whatever became of it; 0 if the host remembers none.
bool Link::accepted_since(Strategy strategy, std::uint64_t since_ms,
                          std::uint64_t& verified_ms) const {
  constexpr std::size_t kEvents = 256;
  verified_ms = 0;
  std::uint64_t started_ms = 0;
  bool accepted = false;
  for (const Event& event : host().recent_events(kEvents)) {
    if (event.kind == EventKind::kDetectionStarted) {
      started_ms = event.monotonic_ms;
      if (event.cause == EventCause::kDoubted) verified_ms = started_ms;
    }
    if (event.kind == EventKind::kDetected && event.to == strategy && started_ms > since_ms)
      accepted = true;
  }
  return accepted;
}

// On a colour that the host has left, or where nobody else may look: this connection's own
// business.
Link::Verdict Link::log_in_anew(const Answer& doubtful, Budget& budget) {
  const auto wait = std::chrono::nanoseconds(here().verified_ns.load(std::memory_order_relaxed)) +
                    kBetween - Budget::Clock::now().time_since_epoch();
  if (wait.count() > 0 && !budget.sleep(std::chrono::ceil<std::chrono::milliseconds>(wait)))
    return Verdict::kUnknown;
  note(here().verified_ns);
  const ChannelPtr channel = lane(doubtful.strategy).channel();
  SessionPtr session;
  const Answer answer = authenticate(
      *channel, head_of(doubtful.strategy, budget, options_.call_timeout), true, session);
  switch (answer.meaning) {
    case Meaning::kOk: {
      SessionEnder ender(budget);
      keep_session(doubtful.strategy, std::move(session), use_of(doubtful), ender);
      return Verdict::kServes;
    }
    case Meaning::kWrongStrategy:
      return Verdict::kRefused;
    case Meaning::kSuspended:
      return Verdict::kSuspended;
    default:
      return Verdict::kUnknown;
  }
}

// At most one process of the host authenticates, at most once a second, and only a verification
// that began after the answer counts: one from before says nothing about a switch since.
Link::Verdict Link::verdict_on(const Answer& doubtful, Budget& budget) {
  const auto since_ms = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(Budget::Clock::now().time_since_epoch())
          .count());
  for (;;) {
    if (budget.stopped() || budget.expired()) return Verdict::kUnknown;
    const Snapshot now = host().snapshot();
    if (now.active == Strategy::kNone) return Verdict::kRefused;  // somebody has found out
    if (!now.usable) {
      detect(budget);
      return host().snapshot().active == doubtful.strategy ? Verdict::kServes : Verdict::kRefused;
    }
    if (now.active != doubtful.strategy || host().mode() == Mode::kFallback)
      return log_in_anew(doubtful, budget);
    std::uint64_t verified_ms = 0;
    if (accepted_since(doubtful.strategy, since_ms, verified_ms)) return Verdict::kServes;
    const auto next =
        std::chrono::milliseconds(verified_ms) + kBetween - Budget::Clock::now().time_since_epoch();
    if (next.count() > 0) {
      (void)budget.sleep(std::min(std::chrono::ceil<std::chrono::milliseconds>(next), kLook));
      continue;
    }
    const Detection found = host().detect_verify(doubtful.strategy);
    if (found.outcome != Detection::Outcome::kProbe) {
      (void)budget.sleep(kLook);
      continue;
    }
    const Answer answer = probe_with(found.lease, budget, use_of(doubtful));
    switch (answer.meaning) {
      case Meaning::kOk:
        return answer.strategy == doubtful.strategy ? Verdict::kServes : Verdict::kRefused;
      case Meaning::kWrongStrategy:
        return Verdict::kRefused;
      case Meaning::kSuspended:
        return Verdict::kSuspended;
      default:
        return Verdict::kUnknown;
    }
  }
}

void Link::verify(Answer& answer, const Budget& budget) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(budget.deadline() -
                                                                          Budget::Clock::now());
  const auto patience = std::min(left, host().options().detection_timeout);
  ConnectionOptions once = options_;
  once.max_retry_attempts = 1;
  Budget own(once, std::max(patience, std::chrono::milliseconds(0)),
             CallOptions{.stop = budget.stop()});
  own.may_wake = false;  // whether the cluster is worth waking is for the call itself
  journal().debug("{}: {}; its words may be quoted, so that an authentication shall tell", target_,
                  describe(answer));
  Verdict verdict = Verdict::kUnknown;
  try {
    verdict = verdict_on(answer, own);
  } catch (const ClusterSuspendedError&) {
    verdict = Verdict::kSuspended;
  } catch (const Error& error) {
    journal().debug("{}: {} could not be verified: {}", target_, answer.call, error.what());
  }
  answer.doubtful = false;
  switch (verdict) {
    case Verdict::kServes:
    case Verdict::kUnknown:
      answer.meaning = Meaning::kOther;
      return;
    case Verdict::kRefused:
      answer.meaning = Meaning::kWrongStrategy;
      break;
    case Verdict::kSuspended:
      answer.meaning = Meaning::kSuspended;
      break;
  }
  answer.verified = true;
  tell_failure(answer);
}

}  // namespace e6::client
