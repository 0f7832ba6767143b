// What a connection leaves behind on the engine, and how it is ended there. The background thread
// that goes on with it is in cleanup.cc.
#include <chrono>
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "link.h"
#include "metadata_value.h"
#include "text/one_line.h"

namespace e6::client {

Query without_ticket(const Query& query) {
  Query copy;
  copy.strategy = query.strategy;
  copy.channel = query.channel;
  copy.session = query.session;
  copy.engine = query.engine;
  copy.id = query.id;
  copy.generation = query.generation;
  copy.known = query.known;
  return copy;
}

// A statement was prepared and could not be executed. An engine that has just answered is asked to
// clear it at once; everything else is left to the background, so that nobody waits for an engine
// that is silent.
void Link::leave_nothing_open(Query& query, const Answer& answer) noexcept {
  constexpr std::chrono::milliseconds kPatience{500};
  try {
    Leftover left{.query = without_ticket(query)};
    forget(query);
    if (answer.meaning == Meaning::kSuspended && !answer.doubtful)
      return;  // what sleeps keeps no query
    left.if_it_serves = answer.meaning == Meaning::kWrongStrategy && !answer.doubtful;
    const bool answered = answer.meaning == Meaning::kOther || answer.doubtful;
    if (!answered || !end_leftover(left, kPatience, {})) return add_cleanup(*this, std::move(left));
    left = Leftover{};  // lets go of the channel
    close_left_lanes();
  } catch (const std::exception& error) {  // no memory
    journal().debug("{}: a query is left to the engine: {}", target_, error.what());
  }
}

void Link::abandon(Query& query) noexcept {
  if (!query.live()) return;
  const bool mine = query.generation == fork_state::generation() && !fork_state::grpc_lost();
  try {
    Leftover left{.query = without_ticket(query)};
    forget(query);
    if (mine) add_cleanup(*this, std::move(left));
  } catch (const std::exception& error) {
    journal().debug("{}: a query is left to the engine: {}", target_, error.what());
    forget(query);
  }
}

bool Link::end_leftover(Leftover& left, std::chrono::milliseconds patience,
                        const std::stop_token& stop) noexcept {
  Query& query = left.query;
  try {
    if (left.late != nullptr) {
      switch (left.late->poll(query.engine, query.id)) {
        case LatePrepare::State::kWaiting:
          return false;
        case LatePrepare::State::kNothing:
          return true;
        case LatePrepare::State::kQuery:
          left.late = nullptr;
          if (first_not_metadata(query.engine) != std::string::npos) query.engine.clear();
          break;
      }
    }
    if (left.if_it_serves && host().mode() != Mode::kFallback) {
      const Snapshot now = host().snapshot();
      if (now.active == Strategy::kNone) return false;  // somebody is finding out
      if (now.active != query.strategy) return true;    // the query went with its colour
    }
    ConnectionOptions once = options_;
    once.max_retry_attempts = 1;
    Budget budget(once, patience, CallOptions{.stop = stop});
    const Answer answer = send_about(query, "clearOrCancelQuery", budget,
                                     [](Channel& channel, const CallHead& head,
                                        const QueryName& of) { return channel.clear(head, of); });
    switch (answer.meaning) {
      case Meaning::kUnavailable:
      case Meaning::kTimedOut:
      case Meaning::kCancelled:
        return false;
      case Meaning::kOther:
        return !worth_another_try(answer.code, answer.details);
      case Meaning::kAccessDenied: {
        // The engine may let the user's next session take the query over.
        const SessionPtr other = lane(query.strategy).opened().session;
        if (other == nullptr || other == query.session)
          return std::exchange(left.session_gone, true);
        query.session = other;
        return false;
      }
      default:
        return true;
    }
  } catch (const std::exception& error) {
    journal().debug("{}: query {} could not be cleared: {}", target_, one_line(query.id),
                    error.what());
    return true;
  }
}

}  // namespace e6::client
