// What a call does while its answer takes long. It tells its caller that it still waits, gives up
// when no connection comes about, and makes a health check beside itself now and then. For
// channel*.cc only.
//
// Why a health check: a gRPC server counts a ping as a strike unless it has sent something since
// the ping before, and the third strike ends the connection. The answer to a health check is
// something sent. It keeps the connection's pings (keepalive_time) allowed, and the pings find a
// peer that has vanished. Where the settings make pings rare, the health check finds it: its own
// silence then counts.
#pragma once

#include <chrono>
#include <memory>

#include "channel_stubs.h"

namespace e6::client {

/// Looks after one call whose answer comes out of `answers`. Used by the thread that waits for it.
class Channel::CallWait {
 public:
  using Clock = std::chrono::steady_clock;

  CallWait(Stubs& stubs, grpc::ClientContext& context, grpc::CompletionQueue& answers,
           const CallHead& head);
  ~CallWait();
  CallWait(const CallWait&) = delete;
  CallWait& operator=(const CallWait&) = delete;

  /// Does what is due, and says when to look again.
  [[nodiscard]] Clock::time_point look();
  /// To be told of everything that comes out of the queue. True if it was the call's answer.
  [[nodiscard]] bool is_answer(const void* tag);
  /// The answer is there: how the wait ended.
  [[nodiscard]] Stubs::Waited ended() const;
  /// Takes the health check back, if one is on its way. True if the call's own answer came
  /// meanwhile.
  bool stop_checking();

 private:
  class LivenessCheck;
  void give_up(Stubs::Waited why);
  [[nodiscard]] bool take_next_check(Clock::time_point now) const noexcept;
  void check_reached(Clock::time_point now, Clock::time_point& next);
  void check_liveness(Clock::time_point now, Clock::time_point& next);

  Stubs& stubs_;
  grpc::ClientContext& context_;
  grpc::CompletionQueue& answers_;
  const CallHead& head_;
  std::unique_ptr<LivenessCheck> check_;  // on its way, or null
  bool reached_ = false;
  Stubs::Waited end_ = Stubs::Waited::kAnswered;
};

}  // namespace e6::client
