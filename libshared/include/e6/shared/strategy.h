// The colours of a cluster and what one look at the host's knowledge tells about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace e6 {

/// A colour of the cluster. `kNone` while unknown.
enum class Strategy : std::uint8_t { kNone = 0, kBlue = 1, kGreen = 2 };

/// The lower-case wire name: "blue", "green"; "none" for kNone.
[[nodiscard]] std::string_view to_string(Strategy strategy) noexcept;

/// Parses a colour regardless of case; surrounding spaces are not accepted.
/// Returns nothing for anything but blue or green: the caller decides whether that is worth a warning.
[[nodiscard]] std::optional<Strategy> parse_strategy(std::string_view text) noexcept;

/// The other colour; kNone for kNone.
[[nodiscard]] constexpr Strategy other(Strategy strategy) noexcept {
  switch (strategy) {
    case Strategy::kBlue:
      return Strategy::kGreen;
    case Strategy::kGreen:
      return Strategy::kBlue;
    case Strategy::kNone:
      break;
  }
  return Strategy::kNone;
}

/// The moment of the host's knowledge in which a request was sent. News that stems from the request carries it back,
/// and has no effect once the host has moved on. Plain values: copy it, keep it across threads, never across a fork.
struct Epoch {
  std::uint32_t active = 0;   ///< counts changes of the active colour (20 bits, wraps)
  std::uint32_t pending = 0;  ///< counts changes of the pending colour (12 bits, wraps)
  friend bool operator==(const Epoch&, const Epoch&) = default;
};

/// The host's state in the words that `e6-shm` shows.
enum class State : std::uint8_t {
  kNoStrategy,     ///< nothing known, nobody is probing
  kDetecting,      ///< no usable colour, one process of the host is probing
  kBlue,           ///< blue is active
  kGreen,          ///< green is active
  kTransitioning,  ///< a colour is active and the other one is pending
  kError,          ///< both colours were refused a moment ago
};

/// "NoStrategy", "Detecting", "Blue", "Green", "Transitioning" or "Error".
[[nodiscard]] std::string_view to_string(State state) noexcept;

/// One consistent look at the host's knowledge. Everything comes from a single 64-bit load.
struct Snapshot {
  Strategy active = Strategy::kNone;   ///< colour for new queries; may be past its expiry, see `usable`
  Strategy pending = Strategy::kNone;  ///< announced and not yet applied
  Epoch epoch;
  bool usable = false;       ///< `active` is a colour and has not expired
  bool soft_expired = false; ///< usable, but past the soft limit: one process of the host should re-check
  bool both_refused = false; ///< both colours were refused a moment ago; nobody probes until `remaining_ms` is over
  std::uint32_t remaining_ms = 0;  ///< until the hard limit (or the end of both_refused); 250 ms resolution
};

}  // namespace e6
