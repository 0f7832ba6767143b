// A query's beginning: prepared, executed, or taken over from elsewhere.
#include <chrono>
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "link.h"
#include "metadata_value.h"
#include "text/utf8.h"

namespace e6::client {

[[gnu::hot]] Query Link::prepare(std::string_view sql, const ExecuteOptions& how, Budget& budget) {
  const char* const name = options_.catalog.empty() ? "prepareStatement" : "prepareStatementV2";
  return begin(name, budget, [&](Channel& channel, const CallHead& head, const Session& session, Query& query) {
    const bool placed = how.planner && how.planner->strategy == head.strategy;
    std::unique_ptr<LatePrepare> late;
    Reply reply = channel.prepare(head, session.id, sql, placed ? &*how.planner : nullptr,
                                  query.engine, query.id, late);
    if (late != nullptr)
      add_cleanup(*this, Leftover{.query = without_ticket(query), .late = std::move(late)});
    return reply;
  });
}

[[gnu::hot]] Query Link::run(std::string_view sql, const ExecuteOptions& how, Budget& budget, Query query) {
  const bool v2 = !options_.catalog.empty() || !how.parameters.empty();
  const char* const name = v2 ? "executeStatementV2" : "executeStatement";
  if (query.live()) check_usable(query);
  for (;;) {
    if (!query.live()) query = prepare(sql, how, budget);
    const Answer answer =
        send_about(query, name, budget, [&](Channel& channel, const CallHead& head, const QueryName& of) {
          return v2 ? channel.execute_v2(head, of, how.no_cache, how.parameters)
                    : channel.execute(head, of, how.no_cache);
        });
    if (answer.ok()) {
      count(&Statistics::queries);
      note_served();
      close_left_lanes();
      return query;
    }
    const SessionPtr session = query.session;
    const std::string id = query.id;
    leave_nothing_open(query, answer);
    repeat_new_work(answer, session, Repeat::kUnsafe, budget, id);
  }
}

// The address becomes metadata; the id stands in log lines, errors and the segment.
[[gnu::hot]] void Link::check_named(Query& query, const Answer& answer) {
  const std::size_t engine_bad = first_not_metadata(query.engine);
  const std::size_t id_bad = first_not_metadata(query.id);
  if (engine_bad == std::string::npos && id_bad == std::string::npos) return;
  const bool engine = engine_bad != std::string::npos;
  const std::string sentence =
      target_ + " answered " + answer.call + " with " +
      (engine
           ? "an engineIP of which " + byte_at(query.engine, engine_bad) +
                 ", which no header can carry"
           : "a queryId of which " + byte_at(query.id, id_bad) + ", which is no printable ASCII") +
      "; the query cannot be used: look at the engine, or at what stands between it and this "
      "client";
  if (engine) query.engine.clear();
  ErrorContext context = context_of(answer, id_bad == std::string::npos ? query.id : std::string());
  Answer useless = answer;
  useless.meaning = Meaning::kOther;
  leave_nothing_open(query, useless);
  throw DecodeError(sentence, std::move(context));
}

std::optional<Query> Link::adopt(const QueryHandle& handle) {
  check_fork();
  if (const std::size_t bad = first_not_metadata(handle.query_id); bad != std::string::npos)
    throw UsageError("the handle is of no query: of its query id, " +
                     byte_at(handle.query_id, bad));
  if (const std::size_t bad = first_not_utf8(handle.session_id); bad != std::string::npos)
    throw UsageError("the handle of query " + handle.query_id +
                     " has a session id that no engine gave: it is not UTF-8");
  std::optional<Pin> pin = host().find_query(handle.query_id);
  if (!pin || pin->strategy == Strategy::kNone) return std::nullopt;
  // Other processes write the segment, and a damaged one holds anything.
  if (const std::size_t bad = first_not_metadata(pin->engine_address); bad != std::string::npos) {
    throw UsageError("query " + handle.query_id +
                     " cannot be adopted: of its engine's address in the segment, " +
                     byte_at(pin->engine_address, bad) +
                     ", which no header can carry; look at the segment with 'e6-shm status'");
  }
  Query query;
  query.strategy = pin->strategy;
  query.channel = lane(pin->strategy).channel();
  query.session = std::make_shared<const Session>(handle.session_id);
  query.engine = std::move(pin->engine_address);
  query.id = handle.query_id;
  query.generation = fork_state::generation();
  query.known = true;
  return query;
}

}  // namespace e6::client
