// A process's private book of what it has done: written beside every operation, in program order, which is all that a SIGKILL respects.
//
//   doing = the operation        "it may have begun"
//   ... the operation ...
//   done[counter] += 1           "it has certainly happened"
//   doing = nothing
//
// So, for whoever died anywhere: done <= what it added to the segment <= done + allowance(doing). A process that was not killed has the left equality.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>

#include "area.h"
#include "os/clock.h"

namespace e6::soak {

inline constexpr std::initializer_list<Counter> kReconciled = {
    Counter::kHits,       Counter::kMisses,           Counter::kQueriesBegun,   Counter::kQueriesEnded, Counter::kMismatches,
    Counter::kDetections, Counter::kDetectionsFailed, Counter::kRefusedProbes, Counter::kResumes,      Counter::kAnnouncements};

/// What an operation that was cut short may have added to a counter without its ledger knowing. Each adds at most one.
constexpr std::uint64_t allowance(Doing doing, Counter counter) noexcept {
  switch (counter) {
    case Counter::kHits:
    case Counter::kMisses:
    case Counter::kQueriesBegun:
      return doing == Doing::kBegin;
    case Counter::kQueriesEnded:
      return doing == Doing::kEnd || doing == Doing::kEndById;
    case Counter::kMismatches:
      return doing == Doing::kMismatch;
    case Counter::kDetections:
      return doing == Doing::kDetect;
    case Counter::kDetectionsFailed:
      return doing == Doing::kFail;
    case Counter::kRefusedProbes:
      return doing == Doing::kRefused;
    case Counter::kResumes:
      return doing == Doing::kResume;
    case Counter::kAnnouncements:
      return doing == Doing::kAnnounce;
    default:
      return 0;
  }
}

/// May the operation change the colour, so that an event is due?
constexpr bool changes_colour(Doing doing) noexcept {
  switch (doing) {
    case Doing::kBegin:
    case Doing::kEnd:
    case Doing::kEndById:
    case Doing::kAnnounce:
    case Doing::kMismatch:
    case Doing::kDetect:
    case Doing::kSucceed:
    case Doing::kFail:
    case Doing::kOperate:
      return true;
    default:
      return false;
  }
}

/// One operation of a process, from here to the end of the scope.
class Step {
 public:
  Step(const Area& area, Life& life, Doing doing) noexcept : area_(area), life_(life), doing_(doing), stops_(life.stops.load(std::memory_order_relaxed)) {
    life_.since_ms.store(os::monotonic_ms(), std::memory_order_relaxed);
    // release here and below: neither may move past the operation between them
    life_.doing.store(static_cast<std::uint32_t>(doing), std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~Step() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    life_.doing.store(0, std::memory_order_release);
    life_.operations.store(life_.operations.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (undisturbed()) raise_to(area_->longest_us[static_cast<std::size_t>(doing_)], elapsed_us());
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  /// It happened.
  void done(Counter counter) noexcept {
    auto& value = life_.done[static_cast<std::size_t>(counter)];
    value.store(value.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  /// It has not been stopped since the step began.
  [[nodiscard]] bool undisturbed() const noexcept { return life_.stops.load(std::memory_order_relaxed) == stops_; }
  [[nodiscard]] std::uint64_t elapsed_us() const noexcept {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(os::steady_now() - began_).count());
  }

 private:
  const Area& area_;
  Life& life_;
  Doing doing_;
  std::uint32_t stops_;
  os::SteadyTime began_ = os::steady_now();
};

}  // namespace e6::soak
