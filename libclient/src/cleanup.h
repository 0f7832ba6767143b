// Ends on the engine what nobody waits for any more: queries whose statement failed, or whose clear
// got no answer. One background thread per process, started when it is first needed.
#pragma once

#include <chrono>
#include <memory>

#include "channel.h"
#include "query.h"

namespace e6::client {

class Link;

/// Something that is still open on an engine.
struct Leftover {
  Query query;  ///< without a ticket: for the host it is over
  /// A prepare that was given up; its answer, when it comes, names the query.
  std::unique_ptr<LatePrepare> late = nullptr;
  bool if_it_serves = false;  ///< not worth a call once the host has left the query's colour
  bool session_gone = false;  ///< it was denied, and the connection had no other one
};

/// The query as it can be shared: the ticket stays with the original.
[[nodiscard]] Query without_ticket(const Query& query);

/// Hands something of `link` to the background thread, which tries for ten minutes at most. Drops
/// it when 1,000 others wait already or no thread can be started.
void add_cleanup(Link& link, Leftover left) noexcept;

/// Waits until nothing of `link` is left, for `patience` at most, then drops what is. Afterwards
/// the background thread does not touch `link`. Does nothing in a process forked since.
void finish_cleanup(Link& link, std::chrono::milliseconds patience) noexcept;

}  // namespace e6::client
