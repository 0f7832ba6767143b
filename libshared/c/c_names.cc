// The C interface (e6shm.h): numbers as words, and back.
#include <string_view>

#include "call.h"
#include "convert.h"

using namespace e6::c;  // NOLINT(google-build-using-namespace): this is the implementation of one interface

namespace {

constexpr const char* kUndefined = "undefined";

// libshared's names are literals, so there is a zero byte behind them; a test looks at every one.
const char* text(std::string_view name) noexcept {
  return name.data();
}

template <class Enum>
const char* name(std::int32_t value, Enum first, Enum last) noexcept {
  if (value < static_cast<std::int32_t>(first) || value > static_cast<std::int32_t>(last)) return kUndefined;
  return text(to_string(static_cast<Enum>(value)));
}

}  // namespace

const char* e6shm_status_name(std::int32_t status) noexcept {
  if (status <= 0 && status >= E6SHM_ERR_FOREIGN_KERNEL)
    return name(-status, e6::Cause::kOk, e6::Cause::kForeignKernel);
  switch (status) {
    case E6SHM_ERR_BAD_ARGUMENT:
      return "bad-argument";
    case E6SHM_ERR_BAD_HANDLE:
      return "bad-handle";
    case E6SHM_ERR_BAD_TICKET:
      return "bad-ticket";
    case E6SHM_ERR_ENDED:
      return "ended";
    case E6SHM_ERR_NO_STRATEGY:
      return "no-strategy";
    case E6SHM_ERR_LATE:
      return "late";
    case E6SHM_ERR_NO_MEMORY:
      return "no-memory";
    default:
      return kUndefined;
  }
}

const char* e6shm_strategy_name(e6shm_strategy_t strategy) noexcept {
  return name(strategy, e6::Strategy::kNone, e6::Strategy::kGreen);
}

std::int32_t e6shm_strategy_parse(const char* input, std::size_t length,
                                  e6shm_strategy_t* strategy) noexcept {
  zero(strategy);
  return guarded("e6shm_strategy_parse", [&](const Call& call) -> std::int32_t {
    if (strategy == nullptr) return call.null("strategy");
    if (input == nullptr) return call.null("text");
    std::string_view given;
    if (const std::int32_t status = text_in(call, "text", input, length, given); status != E6SHM_OK)
      return status;
    const auto parsed = e6::parse_strategy(given);
    if (!parsed) return call.fail(E6SHM_ERR_BAD_ARGUMENT, "`text` is neither blue nor green");
    *strategy = out(*parsed);
    return E6SHM_OK;
  });
}

e6shm_strategy_t e6shm_strategy_other(e6shm_strategy_t strategy) noexcept {
  return strategy == E6SHM_BLUE ? E6SHM_GREEN : strategy == E6SHM_GREEN ? E6SHM_BLUE : E6SHM_NONE;
}

const char* e6shm_policy_name(e6shm_policy_t policy) noexcept {
  if (policy == E6SHM_POLICY_UNSET) return "unset";
  if (policy < E6SHM_POLICY_UNSET || policy > E6SHM_POLICY_WHEN_IDLE) return kUndefined;
  return name(policy - E6SHM_POLICY_ON_COMPLETION, e6::TransitionPolicy::kOnCompletion,
              e6::TransitionPolicy::kWhenIdle);
}

std::int32_t e6shm_policy_parse(const char* input, std::size_t length, e6shm_policy_t* policy) noexcept {
  zero(policy);
  return guarded("e6shm_policy_parse", [&](const Call& call) -> std::int32_t {
    if (policy == nullptr) return call.null("policy");
    if (input == nullptr) return call.null("text");
    std::string_view given;
    if (const std::int32_t status = text_in(call, "text", input, length, given); status != E6SHM_OK)
      return status;
    const auto parsed = e6::parse_transition_policy(given);
    if (!parsed)
      return call.fail(E6SHM_ERR_BAD_ARGUMENT, "`text` is none of on-completion, next-query and when-idle");
    *policy = out(*parsed);
    return E6SHM_OK;
  });
}

const char* e6shm_mode_name(e6shm_mode_t mode) noexcept {
  switch (mode) {
    case E6SHM_MODE_SHARED:
      return text(to_string(e6::Mode::kShared));
    case E6SHM_MODE_GUEST:
      return text(to_string(e6::Mode::kGuest));
    case E6SHM_MODE_FALLBACK:
      return text(to_string(e6::Mode::kFallback));
    default:
      return kUndefined;
  }
}

const char* e6shm_failure_name(e6shm_failure_t failure) noexcept {
  return name(failure, e6::ProbeFailure::kNone, e6::ProbeFailure::kOther);
}

const char* e6shm_counter_name(std::int32_t counter) noexcept {
  if (counter == kCounters) return kUndefined;
  return name(counter, e6::Counter::kHits, e6::Counter::kCount);
}

const char* e6shm_event_name(std::int32_t kind) noexcept {
  return name(kind, e6::EventKind::kNone, e6::EventKind::kMadeRoom);
}

const char* e6shm_event_cause_name(std::int32_t cause) noexcept {
  return name(cause, e6::EventCause::kNone, e6::EventCause::kDoubted);
}
