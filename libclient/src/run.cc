// A query's beginning: prepared, executed, or taken over from elsewhere.
#include <chrono>
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "link.h"

namespace e6::client {

[[gnu::hot]] Query Link::prepare(std::string_view sql, const ExecuteOptions& how, Budget& budget) {
  const char* const name = options_.catalog.empty() ? "prepareStatement" : "prepareStatementV2";
  return begin(name, budget, [&](Channel& channel, const CallHead& head, const Session& session, Query& query) {
    const bool placed = how.planner && how.planner->strategy == head.strategy;
    std::unique_ptr<LatePrepare> late;
    Reply reply = channel.prepare(head, session.id, sql, placed ? &*how.planner : nullptr, query.engine, query.id, late);
    if (late != nullptr) add_cleanup(*this, Leftover{.query = without_ticket(query), .late = std::move(late)});
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

std::optional<Query> Link::adopt(const QueryHandle& handle) {
  check_fork();
  std::optional<Pin> pin = host().find_query(handle.query_id);
  if (!pin || pin->strategy == Strategy::kNone) return std::nullopt;
  Query query;
  query.strategy = pin->strategy;
  query.channel = lane(pin->strategy).channel();
  query.session = std::make_shared<const Session>(handle.session_id);
  query.engine = std::move(pin->engine_address);
  query.id = handle.query_id;
  query.generation = fork_state::generation();
  return query;
}

}  // namespace e6::client
