// dropUserContext for many sessions at once: the calls go out together and are waited for together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "channel.h"

namespace e6::client {

/// Used by one thread.
class SessionDrops {
 public:
  SessionDrops() noexcept;
  ~SessionDrops();
  SessionDrops(const SessionDrops&) = delete;
  SessionDrops& operator=(const SessionDrops&) = delete;

  /// Sends a call, and does not wait for it. False, and nothing is sent, if the channel is trying
  /// to connect: an engine that cannot be reached is not worth waiting for.
  [[nodiscard]] bool start(std::shared_ptr<Channel> channel, const CallHead& head,
                           const std::string& session, const std::string& engine);
  /// The answers, in the order of `start`. Each call ends at its head's deadline at the latest.
  [[nodiscard]] std::vector<Reply> finish();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;  // null until the first call
};

}  // namespace e6::client
