// What the host's segment says about the time of the storm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arguments.h"
#include "e6/shared/inspect.h"
#include "e6/shared/strategy.h"

namespace e6::storm {

struct HostFigures {
  bool shared = false;  // there is a segment; what follows is filled only then
  std::string segment;
  State state = State::kNoStrategy;
  Strategy active = Strategy::kNone;
  Strategy pending = Strategy::kNone;
  std::uint64_t changed_ns = 0;  // CLOCK_MONOTONIC of the latest change of the active colour; 0 if there was none
  std::uint64_t in_flight = 0;
  // Since the storm began:
  std::uint64_t transitions = 0;
  std::uint64_t detections = 0;
  std::uint64_t detections_failed = 0;
  std::uint64_t refused_probes = 0;
  std::uint64_t mismatches = 0;
  std::uint64_t lease_takeovers = 0;
  std::uint64_t lock_recoveries = 0;
  std::uint64_t lock_timeouts = 0;
  std::vector<Event> events;  // of strategy, oldest first
};

/// Looks at the segment read-only, as e6-shm does; takes no part.
class HostView {
 public:
  /// Remembers the figures of now as the beginning. Without sharing there is nothing to see.
  explicit HostView(const Arguments& arguments);
  [[nodiscard]] HostFigures look() const;
  /// The colour alone, for the live view.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;  // empty without sharing
  std::vector<std::uint64_t> totals_;
  std::uint64_t events_ = 0;
};

}  // namespace e6::storm
