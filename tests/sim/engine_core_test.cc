#include "core/engine_core.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace e6::sim {
namespace {

constexpr Colour kBlue = Colour::kBlue;
constexpr Colour kGreen = Colour::kGreen;

// An engine on a clock that only the test moves.
class EngineCoreTest : public testing::Test {
 protected:
  EngineCoreTest() { make({}); }

  void make(const std::string& plan) {
    CoreOptions options;
    options.user = "u";
    options.password = "p";
    options.plan = std::get<Plan>(parse_plan(plan));
    events.clear();
    core = std::make_unique<EngineCore>(
        std::move(options), [this] { return now; },
        EngineCore::Observer{[this](Nanos, std::string text) { events.push_back(std::move(text)); },
                             [this] { stopped = true; }});
  }

  // One call from arrival to answer.
  Reply call(const Call& what) {
    const auto admitted = core->admit(what);
    if (const auto* refusal = std::get_if<Refusal>(&admitted)) {
      Reply reply;
      reply.refusal = *refusal;
      return reply;
    }
    return core->commit(what, std::get<Ticket>(admitted));
  }

  std::string authenticate(Colour colour) {
    Call what;
    what.method = Method::kAuthenticate;
    what.colour = colour;
    what.user = "u";
    what.password = "p";
    return call(what).session_id;
  }

  struct Opened {
    std::string session;
    std::string query;
    std::string engine;
    Colour colour = kBlue;
  };

  Opened prepare(Colour colour, std::string_view sql = "SELECT 1") {
    Opened opened{authenticate(colour), {}, {}, colour};
    const Reply reply = call(prepare_call(opened, sql));
    if (reply.refusal) {
      ADD_FAILURE() << reply.refusal->details;
      return opened;
    }
    opened.query = reply.query->id;
    opened.engine = reply.engine_ip;
    return opened;
  }

  static Call prepare_call(const Opened& opened, std::string_view sql) {
    Call what;
    what.method = Method::kPrepareStatementV2;
    what.colour = opened.colour;
    what.session_id = opened.session;
    what.sql = sql;
    what.hints = std::make_shared<const QueryHints>(std::get<QueryHints>(parse_hints(sql)));
    return what;
  }

  static Call about(const Opened& opened, Method method) {
    Call what;
    what.method = method;
    what.colour = opened.colour;
    what.session_id = opened.session;
    what.query_id = opened.query;
    what.engine_ip = opened.engine;
    what.planner_ip = opened.engine;
    return what;
  }

  CommandResult command(const std::string& line) {
    const auto words = std::get<std::vector<std::string>>(split_words(line));
    return core->run(std::get<Command>(parse_command(words)));
  }

  nlohmann::json stats() { return nlohmann::json::parse(command("stats").json); }

  Nanos now = 1000 * kSecond;
  bool stopped = false;
  std::vector<std::string> events;
  std::unique_ptr<EngineCore> core;
};

#define EXPECT_SERVED(reply) EXPECT_FALSE((reply).refusal.has_value()) << (reply).refusal->details
#define EXPECT_REFUSED(reply, how)        \
  do {                                    \
    const Reply got = (reply);            \
    ASSERT_TRUE(got.refusal.has_value()); \
    EXPECT_EQ(got.refusal->result, how);  \
  } while (false)

TEST_F(EngineCoreTest, a_late_error_comes_when_the_work_is_done) {
  command("error --method execute --late --count 1");
  command("error --method fetch --late --count 1");
  const Opened open = prepare(kBlue, "INSERT INTO t /* rows=5 batches=2 */");
  EXPECT_REFUSED(call(about(open, Method::kExecuteStatementV2)), Result::kError);
  EXPECT_EQ(stats()["executions"]["INSERT INTO t /* rows=5 batches=2 */"], 1);
  EXPECT_REFUSED(call(about(open, Method::kGetNextResultBatch)), Result::kError);
  // The first batch is lost.
  EXPECT_EQ(call(about(open, Method::kGetNextResultBatch)).first_row, 2);
}

TEST_F(EngineCoreTest, a_query_is_open_until_it_is_cleared_or_lost) {
  const Opened prepared = prepare(kBlue);
  const Opened executed = prepare(kBlue);
  EXPECT_SERVED(call(about(executed, Method::kExecuteStatementV2)));
  EXPECT_EQ(stats()["queries_open"], 2);
  EXPECT_EQ(stats()["queries_open_prepared"], 1);
  EXPECT_EQ(stats()["queries_open_executed"], 1);
  command("reset-stats");
  EXPECT_EQ(stats()["queries_open"], 2);
  EXPECT_SERVED(call(about(prepared, Method::kCancelQuery)));
  EXPECT_EQ(stats()["queries_open"], 1);
  command("switch green abrupt");
  EXPECT_EQ(stats()["queries_open"], 0);
}

TEST_F(EngineCoreTest, a_query_is_served_from_prepare_to_clear) {
  const Opened open = prepare(kBlue, "INSERT INTO t /* rows=5 batches=2 */");
  EXPECT_REFUSED(call(about(open, Method::kGetNextResultBatch)), Result::kError);  // not executed yet
  EXPECT_SERVED(call(about(open, Method::kExecuteStatementV2)));
  EXPECT_EQ(call(about(open, Method::kGetNextResultBatch)).rows, 2);
  const Reply second = call(about(open, Method::kGetNextResultBatch));
  EXPECT_EQ(second.first_row, 2);
  EXPECT_EQ(second.rows, 3);
  EXPECT_EQ(call(about(open, Method::kGetNextResultBatch)).rows, 0);
  EXPECT_SERVED(call(about(open, Method::kClearOrCancelQuery)));
  EXPECT_REFUSED(call(about(open, Method::kClearOrCancelQuery)), Result::kError);
  const auto counted = stats();
  EXPECT_EQ(counted["queries_prepared"], 1);
  EXPECT_EQ(counted["queries_finished"], 1);
  EXPECT_EQ(counted["open_queries"]["blue"], 0);
  EXPECT_EQ(counted["executions"]["INSERT INTO t /* rows=5 batches=2 */"], 1);
  EXPECT_EQ(counted["by_method"]["clearOrCancelQuery"]["blue"]["ok"], 1);
}

TEST_F(EngineCoreTest, a_wrong_or_missing_colour_is_refused_with_456) {
  Call what;
  what.method = Method::kHealthCheck;
  EXPECT_REFUSED(call(what), Result::kWrongColour);
  what.colour = kGreen;
  EXPECT_REFUSED(call(what), Result::kWrongColour);
  what.colour = kBlue;
  EXPECT_SERVED(call(what));
  EXPECT_EQ(stats()["by_method"]["healthCheck"]["none"]["456"], 1);
}

TEST_F(EngineCoreTest, a_session_is_denied_on_the_other_colour) {
  const std::string session = authenticate(kBlue);
  command("switch green --announce 1s");
  Call what;
  what.method = Method::kGetSchemaNames;
  what.session_id = session;
  what.colour = kGreen;
  EXPECT_REFUSED(call(what), Result::kDenied);
  what.colour = kBlue;
  EXPECT_SERVED(call(what));
}

TEST_F(EngineCoreTest, a_query_is_bound_to_its_session_and_its_engine) {
  const Opened open = prepare(kBlue);
  Opened foreign = open;
  foreign.session = authenticate(kBlue);
  EXPECT_REFUSED(call(about(foreign, Method::kExecuteStatement)), Result::kDenied);
  Opened elsewhere = open;
  elsewhere.engine = "10.9.9.9";
  EXPECT_REFUSED(call(about(elsewhere, Method::kExecuteStatement)), Result::kError);
  Call no_planner = about(open, Method::kExecuteStatement);
  no_planner.planner_ip = {};
  EXPECT_SERVED(call(no_planner));
  EXPECT_EQ(stats()["engine_mismatches"], 1);
}

TEST_F(EngineCoreTest, wrong_credentials_are_unauthenticated) {
  Call what;
  what.method = Method::kAuthenticate;
  what.colour = kBlue;
  what.user = "u";
  what.password = "wrong";
  EXPECT_REFUSED(call(what), Result::kDenied);
}

TEST_F(EngineCoreTest, draining_serves_only_the_queries_that_the_old_colour_has) {
  const Opened open = prepare(kBlue);
  EXPECT_TRUE(command("switch green graceful --announce 2s --drain 5s").ok);
  EXPECT_EQ(call(about(open, Method::kStatus)).new_strategy, "green");
  now += 2 * kSecond;
  EXPECT_SERVED(call(about(open, Method::kExecuteStatement)));
  EXPECT_REFUSED(call(prepare_call(open, "SELECT 1")), Result::kWrongColour);
  Opened unknown = open;
  unknown.query = "q-unknown";
  EXPECT_REFUSED(call(about(unknown, Method::kStatus)), Result::kWrongColour);
  EXPECT_SERVED(call(prepare_call(Opened{authenticate(kGreen), {}, {}, kGreen}, "SELECT 1")));
  now += 5 * kSecond;
  EXPECT_REFUSED(call(about(open, Method::kStatus)), Result::kWrongColour);
  EXPECT_EQ(stats()["queries_lost"], 1);
}

TEST_F(EngineCoreTest, what_was_let_in_before_draining_is_done_and_known) {
  Opened open{authenticate(kBlue), {}, {}, kBlue};
  const Call what = prepare_call(open, "SELECT 1");
  const Ticket ticket = std::get<Ticket>(core->admit(what));
  command("switch green graceful --announce 0s --drain 5s");
  const Reply reply = core->commit(what, ticket);
  EXPECT_SERVED(reply);
  open.query = reply.query->id;
  open.engine = reply.engine_ip;
  EXPECT_SERVED(call(about(open, Method::kExecuteStatement)));
}

TEST_F(EngineCoreTest, an_execute_that_the_switch_overtakes_is_refused_and_not_executed) {
  const Opened open = prepare(kBlue, "INSERT INTO t");
  const Call what = about(open, Method::kExecuteStatement);
  const Ticket ticket = std::get<Ticket>(core->admit(what));
  command("switch green abrupt");
  EXPECT_REFUSED(core->commit(what, ticket), Result::kWrongColour);
  EXPECT_TRUE(stats()["executions"].empty());
}

TEST_F(EngineCoreTest, a_query_finished_on_the_other_colour_is_counted) {
  const Opened open = prepare(kBlue);
  Opened wrong = open;
  wrong.colour = kGreen;
  EXPECT_REFUSED(call(about(wrong, Method::kStatus)), Result::kWrongColour);
  EXPECT_EQ(stats()["queries_finished_on_other_colour"], 0);
  EXPECT_REFUSED(call(about(wrong, Method::kClear)), Result::kWrongColour);
  EXPECT_EQ(stats()["queries_finished_on_other_colour"], 1);
  EXPECT_EQ(stats()["query_calls_on_other_colour"], 2);
}

TEST_F(EngineCoreTest, a_suspended_cluster_answers_503_until_it_is_resumed) {
  const Opened open = prepare(kBlue);
  command("suspend --resume-takes 3s");
  EXPECT_REFUSED(call(about(open, Method::kStatus)), Result::kSuspended);
  Call cluster;
  cluster.method = Method::kClusterStatus;
  cluster.user = "u";
  cluster.password = "p";
  EXPECT_REFUSED(call(cluster), Result::kWrongColour);  // it wants the header too
  cluster.colour = kBlue;
  EXPECT_EQ(call(cluster).cluster_state, "suspended");
  cluster.method = Method::kClusterResume;
  EXPECT_EQ(call(cluster).cluster_state, "resuming");
  now += 3 * kSecond;
  cluster.method = Method::kClusterStatus;
  EXPECT_EQ(call(cluster).cluster_state, "active");
  EXPECT_REFUSED(call(about(open, Method::kStatus)), Result::kDenied);  // the session is gone
}

TEST_F(EngineCoreTest, the_next_session_of_the_user_takes_over_queries_of_revoked_sessions) {
  Opened open = prepare(kBlue);
  command("revoke-sessions");
  EXPECT_REFUSED(call(about(open, Method::kExecuteStatement)), Result::kDenied);
  open.session = authenticate(kBlue);
  EXPECT_SERVED(call(about(open, Method::kExecuteStatement)));
}

TEST_F(EngineCoreTest, hints_set_latency_and_failure_of_their_query) {
  const Opened open =
      prepare(kBlue, "SELECT 1 /* execute_ms=7 rows=2 batches=2 fail=fetch:ABORTED fail_batch=2 */");
  EXPECT_EQ(std::get<Ticket>(core->admit(about(open, Method::kExecuteStatement))).latency, 7 * kMillisecond);
  EXPECT_SERVED(call(about(open, Method::kExecuteStatement)));
  EXPECT_SERVED(call(about(open, Method::kGetNextResultBatch)));
  const Reply failed = call(about(open, Method::kGetNextResultBatch));
  ASSERT_TRUE(failed.refusal.has_value());
  EXPECT_EQ(failed.refusal->code, 10);
}

TEST_F(EngineCoreTest, a_plan_happens_at_its_times_however_late_somebody_looks) {
  make("at 1s switch green abrupt; at 2s switch blue abrupt; at 2s switch blue abrupt; at 3s stop");
  now += 900 * kMillisecond;
  core->advance();
  EXPECT_TRUE(events.empty());
  now += 60 * kSecond;
  EXPECT_FALSE(core->advance().has_value());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0], "green is active");
  EXPECT_EQ(events[1], "blue is active");
  EXPECT_EQ(events[2], "plan 'at 2s switch blue abrupt' failed: blue is active already; switch to green");
  EXPECT_TRUE(stopped);
}

TEST_F(EngineCoreTest, counters_can_be_reset_without_losing_what_is_open) {
  const Opened open = prepare(kBlue);
  command("reset-stats");
  const auto counted = stats();
  EXPECT_EQ(counted["totals"]["calls"], 0);
  EXPECT_EQ(counted["queries_prepared"], 0);
  EXPECT_EQ(counted["open_queries"]["blue"], 1);
  EXPECT_SERVED(call(about(open, Method::kClear)));
}

TEST_F(EngineCoreTest, stats_survive_texts_that_are_not_utf8) {
  const Opened open = prepare(kBlue, "INSERT \xff\xfe");
  EXPECT_SERVED(call(about(open, Method::kExecuteStatement)));
  EXPECT_EQ(stats()["executions"].size(), 1U);
}

// Every query that is prepared on a colour is either finished there or lost with it, whatever threads and
// switches do.
TEST_F(EngineCoreTest, nothing_is_mixed_up_under_concurrent_calls_and_switches) {
  std::vector<std::thread> threads;
  std::atomic<bool> done{false};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      while (!done) {
        Opened open{{}, {}, {}, i % 2 == 0 ? kBlue : kGreen};
        open.session = authenticate(open.colour);
        if (open.session.empty()) continue;
        const Reply prepared = call(prepare_call(open, "SELECT 1"));
        if (prepared.refusal) continue;
        open.query = prepared.query->id;
        open.engine = prepared.engine_ip;
        call(about(open, Method::kExecuteStatement));
        call(about(open, Method::kClear));
      }
    });
  }
  for (int i = 0; i < 300; ++i) command("switch other abrupt");
  done = true;
  for (std::thread& thread : threads) thread.join();
  const auto counted = stats();
  const std::uint64_t open = counted["open_queries"]["blue"].get<std::uint64_t>() +
                             counted["open_queries"]["green"].get<std::uint64_t>();
  EXPECT_EQ(
      counted["queries_prepared"].get<std::uint64_t>(),
      counted["queries_finished"].get<std::uint64_t>() + counted["queries_lost"].get<std::uint64_t>() + open);
  EXPECT_EQ(counted["queries_finished_on_other_colour"], 0);
}

}  // namespace
}  // namespace e6::sim
