// What may be done again after a failure. The rule behind all of it: a statement that the engine may have
// accepted is not sent a second time, and a batch that may have been handed out is not skipped.
#include <string_view>
#include <utility>

#include "journal.h"
#include "link.h"

namespace e6::client {

// For detect, authenticate, prepare, execute and calls without a query: nothing has been accepted when this
// returns.
void Link::repeat_new_work(Answer answer, const SessionPtr& session, Repeat repeat, Budget& budget,
                           std::string_view query_id) {
  const auto give_up = [&] {
    if (budget.stopped()) fail_cancelled(answer, query_id);
    fail(answer, query_id);
  };
  if (budget.stopped()) fail_cancelled(answer, query_id);
  if (answer.doubtful) verify(answer, budget);
  if (answer.verified && repeat == Repeat::kUnsafe) fail_maybe_run(answer, query_id);
  switch (answer.meaning) {
    case Meaning::kWrongStrategy:
      // Refused before anything was looked at, execute included. The host knows by now; the next round
      // detects or takes its colour.
      if (!budget.again_after_refusal()) give_up();
      break;
    case Meaning::kAccessDenied:
      if (session == nullptr) give_up();  // the credentials themselves
      lane(answer.strategy).drop(session);
      if (!budget.again_after_denial(switched_lately())) give_up();
      journal().debug("{}: session on {} is no longer valid; authenticating again (authentication failure)",
                      target_, to_string(answer.strategy));
      break;
    case Meaning::kSuspended:
      (void)resume(answer, budget);
      return;
    case Meaning::kUnavailable:
      if (repeat == Repeat::kUnsafe && answer.from_engine) {
        fail_as<QueryError>(
            std::string(answer.call) +
                " is not sent again, because the engine may have accepted it: " + describe(answer),
            answer, query_id);
      }
      if (repeat == Repeat::kUnsafe && !answer.unsent) {
        fail_as<ConnectionError>("the connection to " + target_ + " broke during " + std::string(answer.call) +
                                     "; the engine may or may not have accepted it, so it is not sent again: " +
                                     describe(answer),
                                 answer, query_id);
      }
      if (!budget.again_unreachable(answer.unreached_since())) give_up();
      break;
    default:
      give_up();
  }
  count(&Statistics::retries);
  journal().debug("{}: trying again after {}", target_, describe(answer));
}

// True if, as far as the host knows now, `strategy` is the colour that serves.
bool Link::serves(Strategy strategy, Budget& budget) {
  Snapshot now = host().snapshot();
  if (!now.usable) {
    try {
      detect(budget);
    } catch (const Error& error) {
      journal().debug("{}: no colour found for a lost query: {}", target_, error.what());
    }
    now = host().snapshot();
  }
  return now.usable && now.active == strategy;
}

// The query is lost for its user; the engine may still have it, under its first session.
void Link::lose(Query& query, const Answer& answer, const QueryRecovery& recovery) noexcept {
  if (recovery.first_session != nullptr) query.session = recovery.first_session;
  leave_nothing_open(query, answer);
}

// False if the query's colour takes no new session: it no longer serves.
bool Link::renew_session(Query& query, QueryRecovery& recovery, Budget& budget) {
  recovery.new_session = true;
  recovery.first_session = query.session;
  Lane& own = lane(query.strategy);
  own.drop(query.session);
  Lane::Opened opened = open_lane(query.strategy, budget);
  if (opened.session == nullptr && opened.answer.meaning == Meaning::kWrongStrategy) return false;
  if (opened.session == nullptr) fail(opened.answer, query.id);
  query.session = std::move(opened.session);
  return true;
}

void Link::repeat_on_query(Query& query, Answer answer, Repeat repeat, QueryRecovery& recovery,
                           Budget& budget) {
  if (budget.stopped()) fail_cancelled(answer, query.id);
  if (answer.doubtful) verify(answer, budget);
  const auto lost = [&](std::string_view why) {
    count(&Statistics::lost_queries);
    const ErrorContext context = context_of(answer, query.id);
    const std::string sentence = "query " + query.id + " on " + std::string(to_string(query.strategy)) +
                                 " is lost: " + std::string(why) + " (" + describe(answer) +
                                 "); run it again if the statement may run twice";
    journal().error("{}: {}", target_, sentence);
    lose(query, answer, recovery);
    throw QueryLostError(sentence, context);
  };
  if (answer.verified && repeat == Repeat::kUnsafe)
    lost(answer.meaning == Meaning::kSuspended ? "the cluster was suspended"
                                               : "its strategy no longer serves");
  switch (answer.meaning) {
    case Meaning::kWrongStrategy:
      journal().error("{}: {} of query {} was refused with 456 on its own colour {}, which should not happen",
                      target_, answer.call, query.id, to_string(query.strategy));
      if (recovery.repeated_after_456 || !budget.again() || !serves(query.strategy, budget)) {
        lost("its strategy no longer serves");
      }
      recovery.repeated_after_456 = true;
      break;
    case Meaning::kAccessDenied:
      if (recovery.new_session || !budget.again()) lost("its session is no longer valid");
      if (!renew_session(query, recovery, budget))
        lost("its session went with its strategy, which no longer serves");
      break;
    case Meaning::kSuspended:
      if (recovery.resumed) lost("the cluster was suspended");
      recovery.resumed = resume(answer, budget);
      return;
    case Meaning::kUnavailable:
      if (repeat == Repeat::kUnsafe && answer.from_engine) fail_as_query(answer, query.id);
      if (repeat == Repeat::kUnsafe && !answer.unsent) {
        fail_as<ConnectionError>("the connection to " + target_ + " broke during " + std::string(answer.call) +
                                     "; the engine may have gone on, so it is not sent again: " + describe(answer),
                                 answer, query.id);
      }
      if (!budget.again_unreachable(answer.unreached_since()))
        budget.stopped() ? fail_cancelled(answer, query.id) : fail(answer, query.id);
      break;
    case Meaning::kOther:
      // What recovery changed under the query (session, sleep) explains that the engine does not know it any
      // more.
      if (recovery.new_session) lost("its session is no longer valid");
      if (recovery.resumed) lost("the cluster was suspended");
      fail(answer, query.id);
    default:
      fail(answer, query.id);
  }
  count(&Statistics::retries);
}

// By the cursor that began it, or by one that adopted it. In fallback other threads know nothing.
bool Link::ended_elsewhere(const Query& query) const {
  return query.known && host().mode() != Mode::kFallback && !host().find_query(query.id);
}

// For clear and cancel: true if the call is worth repeating, false if the query is over.
bool Link::repeat_end(Query& query, Answer answer, QueryRecovery& recovery, Budget& budget) {
  if (budget.stopped()) fail_cancelled(answer, query.id);
  if (answer.doubtful) verify(answer, budget);
  switch (answer.meaning) {
    case Meaning::kWrongStrategy:
      journal().debug("{}: query {} went with its colour; pin cleaned up", target_, query.id);
      return false;
    case Meaning::kAccessDenied:
      // The query may still run: worth one new session, and no more.
      if (!recovery.new_session && budget.again()) {
        try {
          if (renew_session(query, recovery, budget)) return true;
        } catch (const Error& error) {
          journal().debug("{}: no session to end query {} with: {}", target_, query.id, error.what());
        }
      }
      journal().debug("{}: query {} went with its session; pin cleaned up", target_, query.id);
      if (recovery.first_session != nullptr) lose(query, answer, recovery);
      return false;
    case Meaning::kSuspended:
      // Not worth waking a cluster for: what sleeps runs no query.
      journal().debug("{}: query {} was on a suspended cluster; pin cleaned up", target_, query.id);
      return false;
    case Meaning::kUnavailable:
      if (!budget.again_unreachable(answer.unreached_since()))
        budget.stopped() ? fail_cancelled(answer, query.id) : fail(answer, query.id);
      count(&Statistics::retries);
      return true;
    default:
      if (recovery.new_session) return false;  // unknown to the engine since its session went
      if (answer.meaning == Meaning::kOther && ended_elsewhere(query)) {
        journal().debug("{}: query {} was ended by another cursor", target_, query.id);
        return false;
      }
      fail(answer, query.id);
  }
}

}  // namespace e6::client
