// Which colour serves what, when: the switch between colours as a state machine on a clock that the caller
// holds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "e6/sim/colour.h"
#include "text/duration.h"

namespace e6::sim {

// What a colour lets in.
enum class Admission : unsigned char {
  kEverything,
  kKnownQueries,  // draining: only calls about queries that it has already
  kNothing,       // every call is refused with 456
};

enum class Phase : unsigned char { kSteady, kAnnouncing, kDraining };

// The phases of a graceful switch from A to B; an abrupt one goes straight from steady to steady.
//
//            announce over            drain over
//   steady ----------------> draining -----------> steady
//   (A)      announcing A->B  (B; A drains)         (B)
//
// A rollback while A->B is announced becomes announcing B->A: both serve, every response of either colour
// carries A, then B drains. A is the active colour throughout.
//
// Not thread-safe: EngineCore calls it under its mutex. Every function that takes `now` expects advance(now)
// before.
class StrategyMachine {
 public:
  explicit StrategyMachine(Colour active) : active_(active) {}

  // Commands. On failure: a sentence that says why and what to do; nothing has changed then.
  using Failure = std::optional<std::string>;
  Failure switch_abruptly(Colour to);
  Failure switch_gracefully(Colour to, Nanos announce, Nanos drain, Nanos now);
  Failure roll_back(Nanos announce, Nanos drain, Nanos now);
  // Switches abruptly every `period` until `duration` is over.
  Failure flap(Nanos period, Nanos duration, Nanos now);
  void refuse_both(Nanos duration, Nanos now);
  // Every response carries this value, whatever it is; no duration means until stop_raw_announcement.
  void announce_raw(std::string value, std::optional<Nanos> duration, Nanos now);
  void stop_raw_announcement() { raw_.reset(); }
  // The engines of this colour lose what they know (they were stopped).
  void forget(Colour colour) { ++generation_[index(colour)]; }

  // Time. advance applies every change that is due at `now` or before, in order.
  void advance(Nanos now);
  std::optional<Nanos> next_due() const;

  // What holds since the last advance.
  Admission admission(Colour colour) const;
  // What responses of this colour carry as new_strategy.
  std::optional<std::string> announcement(Colour colour) const;
  // Changes whenever everything that the colour's engines knew is gone.
  std::uint64_t generation(Colour colour) const { return generation_[index(colour)]; }

  Colour active() const { return active_; }
  Phase phase() const { return phase_; }
  Colour from() const { return from_; }
  Colour to() const { return other(from_); }
  std::optional<Nanos> phase_ends() const;
  bool rolling_back() const { return rolling_back_; }
  bool flapping() const { return flap_period_ > 0; }
  bool refusing_both() const { return refuse_both_until_.has_value(); }

 private:
  struct Raw {
    std::string value;
    std::optional<Nanos> until;
  };

  void start_announcing(Colour from, bool rolling_back, Nanos announce, Nanos drain, Nanos now);
  void start_draining(Nanos at);
  void settle(Colour active);

  Colour active_;
  Phase phase_ = Phase::kSteady;
  bool rolling_back_ = false;
  Colour from_ = Colour::kBlue;  // meaningful while not steady
  Nanos phase_ends_ = 0;
  Nanos drain_ = 0;
  std::optional<Colour> switched_from_;  // what a rollback goes back to

  Nanos flap_period_ = 0;  // 0: not flapping
  Nanos flap_next_ = 0;
  Nanos flap_ends_ = 0;

  std::optional<Nanos> refuse_both_until_;
  std::optional<Raw> raw_;
  std::array<std::uint64_t, kColours> generation_{1, 1};
};

}  // namespace e6::sim
