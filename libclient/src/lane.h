// One colour of one connection: its channel, its session, and the authentication that at most one thread
// makes at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "answer.h"
#include "budget.h"
#include "channel.h"

namespace e6::client {

/// What authenticate gave. Never written to a log, a message or the segment.
struct Session {
  explicit Session(std::string session_id, std::string engine_address = {})
      : id(std::move(session_id)), engine(std::move(engine_address)) {}
  const std::string id;
  const std::string engine;  ///< `engineIP` of the answer; often empty
  /// The number of the last properties it was given (properties.h); relaxed, a set of properties may be given twice.
  mutable std::atomic<std::uint64_t> properties{0};
};
using SessionPtr = std::shared_ptr<const Session>;
using ChannelPtr = std::shared_ptr<Channel>;

/// Thread-safe. Queries hold their channel and session themselves, so that they keep them when the lane has
/// new ones.
class Lane {
 public:
  /// Authenticates on the channel; leaves the session in its second argument when it succeeded.
  using Authenticate = std::function<Answer(Channel&, SessionPtr&)>;

  struct Opened {
    ChannelPtr channel;
    SessionPtr session;  ///< null if there is none; then `answer` says why
    Answer answer;
    bool took_a_call = false;  ///< somebody authenticated meanwhile: the host may know something newer
  };

  Lane(const ConnectionOptions& options, Strategy strategy) noexcept
      : options_(options), strategy_(strategy) {}

  /// The lane's channel and session. Without a session one thread authenticates, the others wait for its
  /// answer, success or failure, until the budget's deadline (then: kTimedOut) or a stop request (kCancelled).
  [[nodiscard]] Opened open(const Budget& budget, const Authenticate& authenticate);
  /// What open gives when there is a session; without one all is null, and nothing was waited for.
  [[nodiscard]] Opened opened();
  /// The session, if there is one. Nothing is made and nothing waited for.
  [[nodiscard]] SessionPtr session();
  /// The channel alone, made if there is none. Throws what Channel throws.
  [[nodiscard]] ChannelPtr channel();
  /// What was closed, so that its sessions can be ended on the engine.
  struct Closed {
    ChannelPtr channel;  ///< null if there was none
    SessionPtr session;  ///< null if there was none
    std::vector<SessionPtr> replaced;
  };

  /// A session that was got by other means (a probe; null: none) becomes the lane's; the one before
  /// it.
  [[nodiscard]] SessionPtr keep(SessionPtr session);
  /// The same if the lane has none. False if it has one.
  [[nodiscard]] bool offer(SessionPtr session);
  /// The engine no longer accepts `session`; nothing happens if the lane has another one by now.
  void drop(const SessionPtr& session);
  /// A session that takes no new work is remembered, because a query may live on it: the latest
  /// eight.
  void set_aside(SessionPtr session);
  /// Takes out those that were set aside and that nothing lives on any more.
  [[nodiscard]] Closed take_unused();
  /// Closes channel and sessions if no query has them: they are in `closed` then. False if one has.
  [[nodiscard]] bool close_if_idle(Closed& closed) noexcept;
  /// False means: no channel, nothing to close. May be old by the time it is read.
  [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_relaxed); }

 private:
  /// One authentication under way and what became of it.
  struct Flight {
    bool done = false;
    SessionPtr session;
    Answer answer;
  };
  [[nodiscard]] const ChannelPtr& channel_locked();

  const ConnectionOptions& options_;
  const Strategy strategy_;
  std::atomic<bool> open_{false};  // a hint for is_open; written under mutex_

  std::mutex mutex_;  // guards everything below
  std::condition_variable_any landed_;
  ChannelPtr channel_;
  SessionPtr session_;
  std::vector<SessionPtr> replaced_;  // oldest first
  std::shared_ptr<Flight> flight_;  // null when nobody authenticates
};

}  // namespace e6::client
