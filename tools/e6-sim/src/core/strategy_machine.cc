#include "core/strategy_machine.h"

#include <algorithm>
#include <utility>

namespace e6::sim {
namespace {

std::string text(Colour colour) {
  return std::string(name(colour));
}

}  // namespace

StrategyMachine::Failure StrategyMachine::switch_abruptly(Colour to) {
  if (phase_ == Phase::kSteady && !flapping() && to == active_) {
    return text(to) + " is active already; switch to " + text(other(to));
  }
  if (to != active_) switched_from_ = active_;
  flap_period_ = 0;
  settle(to);
  return std::nullopt;
}

StrategyMachine::Failure StrategyMachine::switch_gracefully(Colour to, Nanos announce, Nanos drain,
                                                            Nanos now) {
  if (phase_ != Phase::kSteady) {
    return "a switch from " + text(from_) + " to " + text(other(from_)) +
           " is under way; wait for its end, roll it back, or switch abruptly";
  }
  if (flapping()) return "the engine is flapping; wait for its end or switch abruptly";
  if (to == active_) return text(to) + " is active already; switch to " + text(other(to));
  start_announcing(active_, false, announce, drain, now);
  return std::nullopt;
}

StrategyMachine::Failure StrategyMachine::roll_back(Nanos announce, Nanos drain, Nanos now) {
  if (phase_ == Phase::kAnnouncing && !rolling_back_) {
    start_announcing(to(), true, announce, drain, now);
    return std::nullopt;
  }
  if (rolling_back_) return "a rollback is under way; wait for its end";
  if (flapping()) return "the engine is flapping; wait for its end or switch abruptly";
  if (!switched_from_) return "there was no switch that could be rolled back; switch first";
  start_announcing(active_, false, announce, drain, now);
  return std::nullopt;
}

StrategyMachine::Failure StrategyMachine::flap(Nanos period, Nanos duration, Nanos now) {
  if (phase_ != Phase::kSteady) return "a switch is under way; wait for its end or switch abruptly";
  flap_period_ = period;
  flap_next_ = now + period;
  flap_ends_ = now + duration;
  return std::nullopt;
}

void StrategyMachine::refuse_both(Nanos duration, Nanos now) {
  refuse_both_until_ = now + duration;
}

void StrategyMachine::announce_raw(std::string value, std::optional<Nanos> duration, Nanos now) {
  raw_ = Raw{std::move(value), std::nullopt};
  if (duration) raw_->until = now + *duration;
}

void StrategyMachine::advance(Nanos now) {
  if (refuse_both_until_ && *refuse_both_until_ <= now) refuse_both_until_.reset();
  if (raw_ && raw_->until && *raw_->until <= now) raw_.reset();
  if (phase_ == Phase::kAnnouncing && phase_ends_ <= now) start_draining(phase_ends_);
  if (phase_ == Phase::kDraining && phase_ends_ <= now) settle(active_);
  while (flapping() && std::min(flap_next_, flap_ends_) <= now) {
    if (flap_next_ > flap_ends_) {
      flap_period_ = 0;
      break;
    }
    switched_from_ = active_;
    settle(other(active_));
    flap_next_ += flap_period_;
  }
}

std::optional<Nanos> StrategyMachine::next_due() const {
  std::optional<Nanos> due;
  const auto consider = [&due](Nanos at) { due = due ? std::min(*due, at) : at; };
  if (phase_ != Phase::kSteady) consider(phase_ends_);
  if (flapping()) consider(std::min(flap_next_, flap_ends_));
  if (refuse_both_until_) consider(*refuse_both_until_);
  if (raw_ && raw_->until) consider(*raw_->until);
  return due;
}

Admission StrategyMachine::admission(Colour colour) const {
  if (refuse_both_until_) return Admission::kNothing;
  if (colour == active_) return Admission::kEverything;
  if (phase_ == Phase::kAnnouncing) return Admission::kEverything;
  if (phase_ == Phase::kDraining && colour == from_) return Admission::kKnownQueries;
  return Admission::kNothing;
}

std::optional<std::string> StrategyMachine::announcement(Colour colour) const {
  if (raw_) return raw_->value;
  if (phase_ == Phase::kSteady) return std::nullopt;
  if (colour == from_ || (rolling_back_ && phase_ == Phase::kAnnouncing)) return text(to());
  return std::nullopt;
}

std::optional<Nanos> StrategyMachine::phase_ends() const {
  if (phase_ == Phase::kSteady) return std::nullopt;
  return phase_ends_;
}

void StrategyMachine::start_announcing(Colour from, bool rolling_back, Nanos announce, Nanos drain,
                                       Nanos now) {
  phase_ = Phase::kAnnouncing;
  rolling_back_ = rolling_back;
  from_ = from;
  phase_ends_ = now + announce;
  drain_ = drain;
  advance(now);  // an announcement of no length is over at once
}

void StrategyMachine::start_draining(Nanos at) {
  phase_ = Phase::kDraining;
  active_ = to();
  if (rolling_back_) {
    switched_from_.reset();
  } else {
    switched_from_ = from_;
  }
  phase_ends_ = at + drain_;
}

// The other colour is closed and what it knew is gone.
void StrategyMachine::settle(Colour active) {
  phase_ = Phase::kSteady;
  rolling_back_ = false;
  active_ = active;
  forget(other(active));
}

}  // namespace e6::sim
