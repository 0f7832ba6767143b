// Whether the cluster is awake: what ClusterService.status says.
#pragma once

#include <optional>
#include <string_view>

#include "text/duration.h"

namespace e6::sim {

// Not thread-safe: EngineCore calls it under its mutex.
class ClusterPower {
 public:
  enum class State : unsigned char { kActive, kSuspended, kResuming, kFailed };

  explicit ClusterPower(Nanos resume_takes) : default_takes_(resume_takes), takes_(resume_takes) {}

  // From now on the engines answer 503. A resume will take so long, or the default, and may be made to fail.
  void suspend(std::optional<Nanos> resume_takes, bool resume_fails);
  // Starts waking; nothing happens when awake or waking already. A failed resume may be tried again.
  void resume(Nanos now, std::optional<Nanos> takes = std::nullopt);

  void advance(Nanos now);
  std::optional<Nanos> next_due() const;

  State state() const { return state_; }
  bool awake() const { return state_ == State::kActive; }

 private:
  State state_ = State::kActive;
  Nanos default_takes_;
  Nanos takes_;
  bool fails_ = false;
  Nanos ready_at_ = 0;
};

// The word of the wire: active, suspended, resuming or failed.
std::string_view name(ClusterPower::State state);

}  // namespace e6::sim
