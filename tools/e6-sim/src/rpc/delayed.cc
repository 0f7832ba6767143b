#include "rpc/delayed.h"

#include <grpcpp/alarm.h>

#include <chrono>
#include <memory>
#include <utility>

namespace e6::sim {

// Owns itself from Set until its alarm's callback, which always comes, once.
struct Delayed::Pending {
  grpc::Alarm alarm;
  Work work;
};

void Delayed::after(Nanos delay, Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (!cancelled_) {
      auto* pending = new Pending{{}, std::move(work)};
      pending_.insert(pending);
      const auto when = std::chrono::system_clock::now() + std::chrono::nanoseconds(delay);
      // Set under the lock, so that cancel_all never meets an alarm that is not set yet. The callback runs on
      // another thread, never inside Set.
      pending->alarm.Set(when, [this, pending](bool in_time) {
        const std::unique_ptr<Pending> owned(pending);
        {
          const std::lock_guard relock(mutex_);
          pending_.erase(pending);
        }
        owned->work(in_time);
      });
      return;
    }
  }
  work(false);
}

void Delayed::cancel_all() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (Pending* pending : pending_) pending->alarm.Cancel();
}

}  // namespace e6::sim
