// The end of sessions on the engine: an engine keeps what it was never told to forget.
#pragma once

#include <chrono>
#include <stop_token>
#include <vector>

#include "lane.h"
#include "link.h"
#include "session_drops.h"

namespace e6::client {

/// Ends sessions that nobody uses any more: one attempt each, all at the same time, and no more
/// waiting altogether than its patience. What fails stays on the engine until the engine's own
/// time-out. Used by one thread; the connections live until `finish`.
class SessionEnder {
 public:
  static constexpr std::chrono::milliseconds kPatience{500};

  explicit SessionEnder(std::chrono::milliseconds patience = kPatience,
                        std::stop_token stop = {}) noexcept
      : left_(patience), stop_(std::move(stop)) {}
  /// Within an operation's time.
  explicit SessionEnder(const Budget& budget) noexcept;
  ~SessionEnder() { finish(); }
  SessionEnder(const SessionEnder&) = delete;
  SessionEnder& operator=(const SessionEnder&) = delete;

  /// Sends the end of a session.
  void add(Link& link, Strategy strategy, const ChannelPtr& channel,
           const SessionPtr& session) noexcept;
  /// Waits for the answers, and tells each connection its own.
  void finish() noexcept;

  /// What is left of the patience; never negative.
  [[nodiscard]] std::chrono::milliseconds left() const noexcept { return left_; }
  /// Takes the time since `start` off it.
  void spend_since(Budget::Clock::time_point start) noexcept;

 private:
  struct Item {
    Link* link;
    Link::Sent sent;
    SessionPtr session;
  };
  std::chrono::milliseconds left_;
  std::stop_token stop_;
  SessionDrops drops_;
  std::vector<Item> items_;  // in the order of drops_
};

}  // namespace e6::client
