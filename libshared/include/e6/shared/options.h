// Settings of a coordinator. Code wins over the environment, the environment over the default.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "e6/shared/error.h"

namespace e6 {

/// When a pending colour becomes the active one.
enum class TransitionPolicy : std::uint8_t {
  kOnCompletion,  ///< at the next clear or cancel of any query on the host, or at once when none is in flight
  kNextQuery,     ///< new queries take it at once
  kWhenIdle,      ///< when no query of the host is in flight, at the latest after the drain time-out
};
[[nodiscard]] std::string_view to_string(TransitionPolicy policy) noexcept;  ///< "on-completion", "next-query", "when-idle"
[[nodiscard]] std::optional<TransitionPolicy> parse_transition_policy(std::string_view text) noexcept;

struct Options {
  /// `host:port[/cluster-name]` or an explicit id; lower-cased. 1 to 200 characters. Required.
  std::string cluster;
  /// Where segments live. Environment: E6_SHM_DIR. An absolute path.
  std::string directory = "/dev/shm";
  /// Share with this group (mode 0660) instead of the own user only (0600): a name, or a number
  /// from 0 to 4294967294, which needs no name. A name that consists of digits counts as a name.
  /// Environment: E6_SHM_GROUP.
  std::string group;
  /// How long a colour is believed without news. 60 to 1800 s. Environment: E6DATA_STRATEGY_CACHE_TIMEOUT (seconds).
  std::chrono::milliseconds ttl{300'000};
  /// For how long nobody probes again after both colours were refused. 100 ms to 60 s. Environment: E6_SHM_NEGATIVE_TTL (seconds).
  std::chrono::milliseconds negative_ttl{1'000};
  /// The longest a detection may take, for the one who probes and those who wait. 1 to 600 s.
  /// Environment: E6DATA_STRATEGY_DETECTION_TIMEOUT (seconds).
  std::chrono::milliseconds detection_timeout{30'000};
  /// Environment: E6_SHM_POLICY.
  TransitionPolicy policy = TransitionPolicy::kOnCompletion;
  /// The longest a pending colour waits for queries to end. 1 to 3600 s. Environment: E6_SHM_DRAIN_TIMEOUT (seconds).
  std::chrono::milliseconds drain_timeout{60'000};
  /// Without a segment: false falls back to thread-local state, true makes it an error. Environment: E6_SHM_REQUIRED (0 or 1).
  bool required = false;
  /// False never uses a segment (thread-local state from the start). Environment: E6_SHM_SHARE (0 or 1).
  bool share = true;
  /// Once per process and cluster a process that has to work without a segment says so on standard
  /// error, unless an observer takes that over (Observer::on_fallback); a forked child does not
  /// repeat it. False: nothing is written. Environment: E6_SHM_FALLBACK_WARNING (0 or 1).
  bool fallback_warning = true;
  /// Survive a segment file that is cut off while mapped: a handler for SIGBUS that acts only on the library's own mappings and hands everything
  /// else to the handler that was there before. Environment: E6_SHM_SIGBUS_GUARD (0 or 1).
  bool sigbus_guard = true;

  /// The defaults, overlaid with the environment. Throws nothing; `error` names the first variable whose value is bad.
  [[nodiscard]] static Options from_environment(Error* error);
  /// Checks every range and normalises `cluster`. Ok or the first offence.
  [[nodiscard]] Error validate();
};

}  // namespace e6
