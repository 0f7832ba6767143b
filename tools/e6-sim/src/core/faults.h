// What is made to go wrong on request: added latency, injected errors, denied access.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/methods.h"
#include "core/refusal.h"
#include "text/duration.h"

namespace e6::sim {

// Not thread-safe: EngineCore calls it under its mutex.
class Faults {
 public:
  // Adds to what the methods take anyway, replacing what was added to them before.
  void set_latency(const MethodFilter& filter, Nanos latency, Nanos jitter);
  // Whether a failing call has done its work: an engine may accept a statement and lose its answer.
  enum class When : unsigned char { kBeforeTheWork, kAfterTheWork };
  // Fails the matching calls: `count` of them, or each with probability `rate` until cleared.
  void inject_error(const MethodFilter& filter, int code, std::string details,
                    std::optional<std::int64_t> count, double rate,
                    When when = When::kBeforeTheWork);
  void clear_errors() { errors_.clear(); }
  void deny(Nanos duration, Nanos now) { deny_until_ = now + duration; }

  // The added latency of this call; draws the jitter.
  Nanos latency(Method method);
  // The error this call shall end with; uses up one of a counted error.
  std::optional<Refusal> error(Method method, When when = When::kBeforeTheWork);
  bool denying() const { return deny_until_.has_value(); }

  void advance(Nanos now);
  std::optional<Nanos> next_due() const { return deny_until_; }

 private:
  struct Latency {
    Nanos fixed = 0;
    Nanos jitter = 0;
  };
  struct Error {
    MethodFilter filter;
    int code;
    std::string details;
    std::optional<std::int64_t> left;
    double rate;
    When when;
  };

  std::array<Latency, kMethods> latency_{};
  std::vector<Error> errors_;
  std::optional<Nanos> deny_until_;
  std::minstd_rand random_{20240229};  // a fixed seed: runs can be compared
};

}  // namespace e6::sim
