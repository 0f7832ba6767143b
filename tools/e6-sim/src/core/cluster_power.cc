#include "core/cluster_power.h"

namespace e6::sim {

void ClusterPower::suspend(std::optional<Nanos> resume_takes, bool resume_fails) {
  state_ = State::kSuspended;
  takes_ = resume_takes.value_or(default_takes_);
  fails_ = resume_fails;
}

void ClusterPower::resume(Nanos now, std::optional<Nanos> takes) {
  if (state_ != State::kSuspended && state_ != State::kFailed) return;
  state_ = State::kResuming;
  ready_at_ = now + takes.value_or(takes_);
  advance(now);
}

void ClusterPower::advance(Nanos now) {
  if (state_ != State::kResuming || ready_at_ > now) return;
  state_ = fails_ ? State::kFailed : State::kActive;
  fails_ = false;  // the next attempt succeeds
}

std::optional<Nanos> ClusterPower::next_due() const {
  if (state_ != State::kResuming) return std::nullopt;
  return ready_at_;
}

std::string_view name(ClusterPower::State state) {
  switch (state) {
    case ClusterPower::State::kActive:
      return "active";
    case ClusterPower::State::kSuspended:
      return "suspended";
    case ClusterPower::State::kResuming:
      return "resuming";
    case ClusterPower::State::kFailed:
      return "failed";
  }
  return "failed";
}

}  // namespace e6::sim
