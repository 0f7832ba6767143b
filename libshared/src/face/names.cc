// Every word that an enum value becomes, at one place.
#include <array>

#include "e6/shared/coordinator.h"

namespace e6 {
namespace {

template <std::size_t N, typename Enum>
constexpr std::string_view pick(const std::array<std::string_view, N>& words, Enum value) noexcept {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? words[index] : std::string_view("unknown");
}

constexpr auto kCauses = std::to_array<std::string_view>(
    {"ok",            "bad-option",    "no-directory",   "no-permission",   "read-only",   "no-space", "no-descriptors", "not-a-segment",
     "foreign-owner", "foreign-mode",  "foreign-layout", "foreign-libc",    "foreign-clock", "foreign-cluster", "damaged", "retired",
     "busy",          "full",          "too-long",       "unknown",         "forked",  "timeout",
     "system",        "foreign-kernel"});
static_assert(kCauses.size() == static_cast<std::size_t>(Cause::kForeignKernel) + 1);

constexpr auto kKinds = std::to_array<std::string_view>(
    {"none", "created", "joined", "left", "died", "detection-started", "detected", "detection-failed", "pending", "rolled-back", "applied",
     "mismatch", "expired", "lease-taken-over", "recovered", "retired", "operator-set", "operator-cleared", "operator-applied",
     "resume-started", "resumed", "made-room"});
static_assert(kKinds.size() == static_cast<std::size_t>(EventKind::kMadeRoom) + 1);

constexpr auto kEventCauses = std::to_array<std::string_view>(
    {"none", "no-history", "refused", "expired", "soft-expired", "announced", "completion", "idle", "next-query", "drain-timeout", "operator",
     "owner-died", "owner-late", "both-refused", "unreachable", "denied", "suspended", "timed-out", "abandoned", "other", "unlinked",
     "cut-off", "doubted"});
static_assert(kEventCauses.size() == static_cast<std::size_t>(EventCause::kDoubted) + 1);

constexpr auto kCounters = std::to_array<std::string_view>(
    {"hits", "misses", "queries_begun", "queries_ended", "mismatches", "stale_news", "announcements", "transitions", "detections",
     "detections_failed", "refused_probes", "detection_micros", "lease_takeovers", "lock_recoveries", "lock_timeouts", "pins_overflowed",
     "events_dropped", "renewals", "resumes", "detection_le_10ms", "detection_le_50ms", "detection_le_250ms", "detection_le_1s",
     "detection_le_5s", "detection_le_30s"});
static_assert(kCounters.size() == static_cast<std::size_t>(Counter::kCount));

constexpr auto kFailures =
    std::to_array<std::string_view>({"none", "both-refused", "unreachable", "denied", "suspended", "timed-out", "other"});
constexpr auto kStates = std::to_array<std::string_view>({"NoStrategy", "Detecting", "Blue", "Green", "Transitioning", "Error"});
constexpr auto kStrategies = std::to_array<std::string_view>({"none", "blue", "green"});
constexpr auto kModes = std::to_array<std::string_view>({"shared", "guest", "fallback"});
constexpr auto kPolicies = std::to_array<std::string_view>({"on-completion", "next-query", "when-idle"});

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != b[i]) return false;
  }
  return true;
}

}  // namespace

std::string_view to_string(Strategy strategy) noexcept { return pick(kStrategies, strategy); }
std::string_view to_string(State state) noexcept { return pick(kStates, state); }
std::string_view to_string(Cause cause) noexcept { return pick(kCauses, cause); }
std::string_view to_string(EventKind kind) noexcept { return pick(kKinds, kind); }
std::string_view to_string(EventCause cause) noexcept { return pick(kEventCauses, cause); }
std::string_view to_string(Counter counter) noexcept { return pick(kCounters, counter); }
std::string_view to_string(ProbeFailure failure) noexcept { return pick(kFailures, failure); }
std::string_view to_string(Mode mode) noexcept { return pick(kModes, mode); }
std::string_view to_string(TransitionPolicy policy) noexcept { return pick(kPolicies, policy); }

std::optional<Strategy> parse_strategy(std::string_view text) noexcept {
  if (equal_ignoring_case(text, "blue")) return Strategy::kBlue;
  if (equal_ignoring_case(text, "green")) return Strategy::kGreen;
  return std::nullopt;
}

std::optional<TransitionPolicy> parse_transition_policy(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kPolicies.size(); ++i)
    if (equal_ignoring_case(text, kPolicies[i])) return static_cast<TransitionPolicy>(i);
  return std::nullopt;
}

}  // namespace e6
