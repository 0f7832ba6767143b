// What the host ought to know, by the rules of the design and in other terms than libshared's: a piece of news counts when its request was sent
// after the last change, where libshared compares epochs. The scheduler applies every operation here too and compares the outcome.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "e6/shared/options.h"
#include "e6/shared/strategy.h"

namespace e6::simulation {

/// A moment in the order of events; every operation has its own.
using Tick = std::uint64_t;

class Expectation {
 public:
  explicit Expectation(const Options& options) : options_(options) {}

  struct Colours {
    Strategy active = Strategy::kNone;
    Strategy pending = Strategy::kNone;
    bool refused_blue = false;
    bool refused_green = false;
    std::uint64_t expiry_unit = 0;  ///< quarter seconds
    std::uint64_t changes = 0;          ///< how often the epoch must have moved
    std::uint64_t pending_changes = 0;  ///< and the pending one
  };
  /// The right to probe, as granted.
  struct Grant {
    std::uint64_t serial = 0;
    std::uint32_t worker = 0;
    std::uint64_t deadline_unit = 0;  ///< 16 ms
  };
  enum class Claim : std::uint8_t { kUsable, kBothRefused, kHeld, kGranted };

  [[nodiscard]] const Colours& colours() const noexcept { return now_; }
  [[nodiscard]] bool usable() const noexcept;
  [[nodiscard]] bool both_refused() const noexcept;
  /// 0 when neither is usable nor both were refused.
  [[nodiscard]] std::uint64_t units_left() const noexcept;

  /// A new moment. To be called before every operation.
  Tick tick() noexcept { return ++tick_; }
  [[nodiscard]] Tick last_tick() const noexcept { return tick_; }

  // What each operation ought to do. `running`: queries of living processes in flight.
  void begin(std::uint32_t running, bool reaped_a_running_query);
  void end(std::uint32_t running);
  void announce(Strategy announced, Tick sent, std::uint32_t running);
  void confirm(Strategy colour, Tick sent);
  void mismatch(Strategy colour, Tick sent);
  void set(Strategy colour);
  void clear();
  void expire();
  void apply();

  /// `recheck`: a usable colour past its soft limit is no reason not to probe.
  Claim claim(std::uint32_t worker, bool recheck);
  [[nodiscard]] const std::optional<Grant>& grant() const noexcept { return grant_; }
  /// The order in which the colours are to be tried now.
  [[nodiscard]] Strategy first_to_try() const noexcept;
  void died(std::uint32_t worker) noexcept;
  void progress(std::uint64_t serial);
  void succeed(std::uint64_t serial, Tick granted, Strategy colour, Strategy first);
  void fail_both(std::uint64_t serial, Tick granted);
  void give_back(std::uint64_t serial);

 private:
  [[nodiscard]] bool current(Tick sent) const noexcept { return sent >= changed_; }
  void change_active(Strategy colour) noexcept;
  void change_pending(Strategy colour) noexcept;
  void forget_refusals() noexcept { now_.refused_blue = now_.refused_green = false; }
  void renew() noexcept;
  void apply_if_usable();
  [[nodiscard]] bool drained_too_long() const noexcept;
  [[nodiscard]] std::uint64_t lease_deadline() const noexcept;

  const Options options_;
  Colours now_;
  Tick tick_ = 0;
  Tick changed_ = 0;          ///< the last change of the epoch
  Tick pending_changed_ = 0;  ///< and of the pending one
  std::uint64_t pending_since_ms_ = 0;
  std::uint64_t serial_ = 0;
  std::optional<Grant> grant_;
  bool holder_is_dead_ = false;
};

}  // namespace e6::simulation
