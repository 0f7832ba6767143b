// A query that the engine has accepted, with everything it stays on until clear or cancel.
#pragma once

#include <cstdint>
#include <string>

#include "e6/shared/coordinator.h"
#include "lane.h"

namespace e6::client {

struct Query {
  Strategy strategy = Strategy::kNone;
  ChannelPtr channel;
  SessionPtr session;
  std::string engine;  ///< `engineIP` that prepare answered
  std::string id;
  QueryTicket ticket;            ///< empty for an adopted query; its pin is found by the id then
  std::uint64_t generation = 0;  ///< of the process that holds it

  /// A call that moves the query on the engine (fetch, a step of a data frame) broke off: the
  /// answer may be lost, and the next one would skip it. Such calls are refused from then on.
  bool answer_lost = false;

  /// The host was told its id: when it no longer knows it, somebody has ended the query.
  bool known = false;

  [[nodiscard]] bool live() const noexcept { return channel != nullptr; }
};

}  // namespace e6::client
