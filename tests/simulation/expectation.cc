#include "expectation.h"

#include <algorithm>

#include "clock.h"

namespace e6::simulation {
namespace {

constexpr std::uint64_t kUnitMs = 250;
constexpr std::uint64_t kLeaseUnitMs = 16;

std::uint64_t unit(std::uint64_t ms) noexcept { return ms / kUnitMs; }
std::uint64_t span(std::chrono::milliseconds ms) noexcept { return static_cast<std::uint64_t>(ms.count()); }

}  // namespace

std::uint64_t Expectation::units_left() const noexcept { return now_.expiry_unit > unit(now_ms()) ? now_.expiry_unit - unit(now_ms()) : 0; }
bool Expectation::usable() const noexcept { return now_.active != Strategy::kNone && units_left() != 0; }
bool Expectation::both_refused() const noexcept {
  return now_.active == Strategy::kNone && now_.refused_blue && now_.refused_green && units_left() != 0;
}

void Expectation::change_active(Strategy colour) noexcept {
  now_.active = colour;
  ++now_.changes;
  changed_ = tick_;
}
void Expectation::change_pending(Strategy colour) noexcept {
  if (now_.pending == colour) return;
  now_.pending = colour;
  ++now_.pending_changes;
  pending_changed_ = tick_;
}
void Expectation::renew() noexcept { now_.expiry_unit = unit(now_ms() + span(options_.ttl)); }

void Expectation::apply_if_usable() {
  if (now_.pending == Strategy::kNone || !usable()) return;
  apply();
}
void Expectation::apply() {
  if (now_.pending == Strategy::kNone || now_.active == Strategy::kNone) return;
  change_active(now_.pending);
  change_pending(Strategy::kNone);
  forget_refusals();
  renew();
}

bool Expectation::drained_too_long() const noexcept { return now_ms() - pending_since_ms_ >= span(options_.drain_timeout); }

void Expectation::begin(std::uint32_t running, bool reaped_a_running_query) {
  if (reaped_a_running_query) end(running);
  if (options_.policy == TransitionPolicy::kNextQuery || drained_too_long() || running == 0) apply_if_usable();
}

void Expectation::end(std::uint32_t running) {
  switch (options_.policy) {
    case TransitionPolicy::kOnCompletion:
      apply_if_usable();
      return;
    case TransitionPolicy::kNextQuery:
      return;
    case TransitionPolicy::kWhenIdle:
      if (drained_too_long() || running == 0) apply_if_usable();
      return;
  }
}

void Expectation::announce(Strategy announced, Tick sent, std::uint32_t running) {
  if (!current(sent) || sent < pending_changed_ || now_.active == Strategy::kNone || announced == Strategy::kNone) return;
  if (announced == now_.active) return change_pending(Strategy::kNone);
  if (announced == now_.pending) return;
  change_pending(announced);
  pending_since_ms_ = now_ms();
  // Nobody is disturbed when nothing runs. An expired colour is left to a probe, which tries the announced one first.
  if (options_.policy != TransitionPolicy::kNextQuery && running == 0) apply();
}

void Expectation::confirm(Strategy colour, Tick sent) {
  if (!current(sent) || colour != now_.active || colour == Strategy::kNone) return;
  const std::uint64_t renewed = unit(now_ms() + span(options_.ttl));
  const std::uint64_t step = unit(span(options_.ttl)) / 10;
  if (renewed > now_.expiry_unit && renewed - now_.expiry_unit >= step) now_.expiry_unit = renewed;
}

void Expectation::mismatch(Strategy colour, Tick sent) {
  if (!current(sent) || colour != now_.active || colour == Strategy::kNone) return;
  forget_refusals();
  (colour == Strategy::kBlue ? now_.refused_blue : now_.refused_green) = true;
  now_.expiry_unit = 0;
  change_active(Strategy::kNone);
}

void Expectation::set(Strategy colour) {
  change_active(colour);
  change_pending(Strategy::kNone);
  forget_refusals();
  renew();
}

void Expectation::clear() {
  if (now_.active == Strategy::kNone && now_.pending == Strategy::kNone && !now_.refused_blue && !now_.refused_green) return;
  change_active(Strategy::kNone);
  change_pending(Strategy::kNone);
  forget_refusals();
  now_.expiry_unit = 0;
}

void Expectation::expire() {
  if (now_.active == Strategy::kNone) return;
  change_active(now_.active);
  now_.expiry_unit = unit(now_ms());
}

std::uint64_t Expectation::lease_deadline() const noexcept {
  const std::uint64_t duration = std::max<std::uint64_t>(span(options_.detection_timeout) / 3, 300);
  return (now_ms() + duration + kLeaseUnitMs) / kLeaseUnitMs;
}

Expectation::Claim Expectation::claim(std::uint32_t worker, bool recheck) {
  if (usable() && !recheck) return Claim::kUsable;
  if (both_refused()) return Claim::kBothRefused;
  if (grant_ && !holder_is_dead_) {
    if (grant_->deadline_unit > now_ms() / kLeaseUnitMs) return Claim::kHeld;
    change_active(now_.active);  // the late one may come back: what it learned is old from here on
  }
  grant_ = Grant{++serial_, worker, lease_deadline()};
  holder_is_dead_ = false;
  return Claim::kGranted;
}

Strategy Expectation::first_to_try() const noexcept {
  if (now_.pending != Strategy::kNone) return now_.pending;
  if (now_.active != Strategy::kNone) return now_.active;
  return now_.refused_blue && !now_.refused_green ? Strategy::kGreen : Strategy::kBlue;
}

void Expectation::died(std::uint32_t worker) noexcept {
  if (grant_ && grant_->worker == worker) holder_is_dead_ = true;
}

void Expectation::progress(std::uint64_t serial) {
  if (grant_ && grant_->serial == serial) grant_->deadline_unit = lease_deadline();
}

void Expectation::succeed(std::uint64_t serial, Tick granted, Strategy colour, Strategy first) {
  if (!grant_ || grant_->serial != serial) return;
  grant_.reset();
  if (!current(granted)) return;
  if (now_.active != colour) change_active(colour);
  if (now_.pending == colour || (colour != first && now_.pending == first)) change_pending(Strategy::kNone);
  forget_refusals();
  renew();
}

void Expectation::fail_both(std::uint64_t serial, Tick granted) {
  if (!grant_ || grant_->serial != serial) return;
  grant_.reset();
  if (!current(granted)) return;
  change_active(Strategy::kNone);
  change_pending(Strategy::kNone);
  now_.refused_blue = now_.refused_green = true;
  now_.expiry_unit = unit(now_ms() + span(options_.negative_ttl) + kUnitMs - 1);
}

void Expectation::give_back(std::uint64_t serial) {
  if (grant_ && grant_->serial == serial) grant_.reset();
}

}  // namespace e6::simulation
