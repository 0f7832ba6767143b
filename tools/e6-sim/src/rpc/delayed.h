// Work that is done later without a thread that waits for it.
#pragma once

#include <functional>
#include <mutex>
#include <unordered_set>

#include "text/duration.h"

namespace e6::sim {

// Thread-safe.
class Delayed {
 public:
  // `in_time` is false when the simulator ended before the delay did.
  using Work = std::function<void(bool in_time)>;

  Delayed() = default;
  Delayed(const Delayed&) = delete;
  Delayed& operator=(const Delayed&) = delete;

  // Runs `work` once, on one of gRPC's threads, or here when the end has come already.
  void after(Nanos delay, Work work);
  // From now on nothing is delayed any more; what waits is run with `in_time` false.
  void cancel_all();

 private:
  struct Pending;

  std::mutex mutex_;
  bool cancelled_ = false;
  std::unordered_set<Pending*> pending_;
};

}  // namespace e6::sim
