// Deadlines and cancellation: every call, and everything that a call waits for.
#include <grpc/support/time.h>

#include <functional>
#include <stop_token>
#include <thread>
#include <vector>

#include "e6/client/call_observer.h"
#include "scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kPrompt{5000};  // far below what the calls would take by themselves

class DeadlineTest : public Scene {
 protected:
  // Runs `work`, which would take very long, with a stop request that comes while it waits.
  template <class Error>
  static void expect_prompt(const std::string& what, const std::function<void()>& work) {
    const auto start = Clock::now();
    try {
      work();
      ADD_FAILURE() << what << ": no error";
    } catch (const Error& error) {
      EXPECT_LT(Clock::now() - start, kPrompt) << what;
    } catch (const std::exception& error) {
      ADD_FAILURE() << what << ": " << error.what();
    }
  }
  static void expect_cancelled(const std::string& what, const std::function<void(const CallOptions&)>& work) {
    std::stop_source stop;
    const std::jthread soon([&] {
      std::this_thread::sleep_for(milliseconds(50));
      stop.request_stop();
    });
    expect_prompt<CancelledError>(what, [&] { work({.stop = stop.get_token()}); });
  }

  using Call = std::pair<const char*, std::function<void(const CallOptions&)>>;
  static std::vector<Call> all_calls(Connection& connection, Cursor& cursor) {
    return {
        {"catalogs", [&](const CallOptions& o) { (void)connection.catalogs(o); }},
        {"schemas", [&](const CallOptions& o) { (void)connection.schemas({}, o); }},
        {"tables", [&](const CallOptions& o) { (void)connection.tables("s", {}, o); }},
        {"columns", [&](const CallOptions& o) { (void)connection.columns("s", "t", {}, o); }},
        {"add_catalogs", [&](const CallOptions& o) { connection.add_catalogs("{}", o); }},
        {"add_catalogs_status", [&](const CallOptions& o) { (void)connection.add_catalogs_status(o); }},
        {"refresh_catalogs", [&](const CallOptions& o) { connection.refresh_catalogs(o); }},
        {"sync_schema", [&](const CallOptions& o) { connection.sync_schema({}, o); }},
        {"dry_run", [&](const CallOptions& o) { (void)connection.dry_run("select 1", o); }},
        {"analyze", [&](const CallOptions& o) { connection.analyze("select 1", o); }},
        {"identify_planner", [&](const CallOptions& o) { (void)connection.identify_planner("select 1", o); }},
        {"set_properties", [&](const CallOptions& o) { connection.set_properties("a=1", o); }},
        {"drop_user_context", [&](const CallOptions& o) { connection.drop_user_context(o); }},
        {"health_check", [&](const CallOptions& o) { connection.health_check(o); }},
        {"data_frame", [&](const CallOptions& o) { (void)connection.data_frame({.table = "t"}, o); }},
        {"parameters", [&](const CallOptions& o) { (void)cursor.parameters(o); }},
        {"result", [&](const CallOptions& o) { (void)cursor.result(o); }},
        {"columns of the result", [&](const CallOptions& o) { (void)cursor.columns(o); }},
        {"fetch", [&](const CallOptions& o) { (void)cursor.fetch(o); }},
        {"fetch_batch", [&](const CallOptions& o) { (void)cursor.fetch_batch(o); }},
        {"metadata", [&](const CallOptions& o) { (void)cursor.metadata(o); }},
        {"status", [&](const CallOptions& o) { (void)cursor.status(o); }},
        {"explain", [&](const CallOptions& o) { (void)cursor.explain(o); }},
        {"explain_analyze", [&](const CallOptions& o) { (void)cursor.explain_analyze(o); }},
        {"clear", [&](const CallOptions& o) { cursor.clear(o); }},
        {"execute", [&](const CallOptions& o) { cursor.execute("select 1", o); }},
        {"prepare", [&](const CallOptions& o) { cursor.prepare("select 1", o); }},
    };
  }
};

// Channel hands deadlines over without a conversion.
TEST(DeadlineClockTest, grpcs_monotonic_clock_is_the_steady_clock) {
  const auto before = Clock::now().time_since_epoch();
  const gpr_timespec theirs = gpr_now(GPR_CLOCK_MONOTONIC);
  const auto after = Clock::now().time_since_epoch();
  const auto between = std::chrono::seconds(theirs.tv_sec) + std::chrono::nanoseconds(theirs.tv_nsec);
  EXPECT_LE(before, between);
  EXPECT_LE(between, after);
}

TEST_F(DeadlineTest, every_call_ends_at_its_timeout) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  const auto all = all_calls(connection, cursor);
  command("latency --ms 60000");
  for (const auto& [name, call] : all) {
    expect_prompt<TimeoutError>(name, [&] { call({.timeout = milliseconds(60)}); });
  }
  expect_prompt<TimeoutError>("a deadline", [&] { connection.health_check({.deadline = Clock::now() + milliseconds(60)}); });
  expect_prompt<TimeoutError>("the sooner one", [&] {
    connection.health_check({.timeout = std::chrono::hours(1), .deadline = Clock::now() + milliseconds(60)});
  });
  cursor.set_timeout(milliseconds(60));
  expect_prompt<TimeoutError>("the cursor's own", [&] { cursor.execute("select 1"); });
}

TEST_F(DeadlineTest, every_call_ends_when_another_thread_asks_for_it) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  const auto all = all_calls(connection, cursor);
  command("latency --ms 60000");
  for (const auto& [name, call] : all) expect_cancelled(name, call);
}

TEST_F(DeadlineTest, a_stop_that_was_requested_before_makes_no_call) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1");
  std::stop_source stop;
  stop.request_stop();
  const int before = calls("");
  for (const auto& [name, call] : all_calls(connection, cursor)) {
    EXPECT_THROW(call({.stop = stop.get_token()}), CancelledError) << name;
  }
  EXPECT_EQ(calls(""), before);
  EXPECT_TRUE(cursor.has_query());
  cursor.clear();
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(DeadlineTest, a_cancelled_fetch_leaves_the_query_to_be_cleared) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* fetch_ms=60000 */");
  std::stop_source stop;
  cursor.set_stop_token(stop.get_token());
  const std::jthread soon([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });
  expect_prompt<CancelledError>("fetch", [&] { (void)cursor.fetch_batch(); });
  EXPECT_TRUE(cursor.has_query());
  cursor.clear();
  EXPECT_EQ(calls("clearOrCancelQuery", "", "ok"), 1);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(DeadlineTest, a_statement_cancelled_on_its_way_is_cleared_on_the_engine_too) {
  struct StopAfterPrepare : CallObserver {
    void on_call(const CallRecord& call) noexcept override {
      if (call.method == "prepareStatementV2") stop.request_stop();
    }
    std::stop_source stop;
  };
  const auto observer = std::make_shared<StopAfterPrepare>();
  ConnectionOptions watched = options();
  watched.observer = observer;
  Connection connection(watched);
  connection.connect();
  Cursor cursor = connection.cursor();
  expect_prompt<CancelledError>("execute", [&] {
    cursor.execute("insert into t values (1) /* execute_ms=60000 */", {.stop = observer->stop.get_token()});
  });
  EXPECT_FALSE(cursor.has_query());
  EXPECT_TRUE(eventually([&] { return calls("clearOrCancelQuery", "", "ok") == 1; }));
  EXPECT_EQ(calls("executeStatementV2", "", "ok"), 0);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

TEST_F(DeadlineTest, the_wait_for_another_processes_probe_ends) {
  command("latency --method authenticate --ms 60000");
  Connection prober = connect();
  Connection waiter = connect();
  std::stop_source stop_prober;
  std::jthread probing([&] {
    expect_prompt<CancelledError>("probe", [&] { prober.connect({.stop = stop_prober.get_token()}); });
  });
  while (prober.statistics().detections == 0) std::this_thread::yield();
  expect_cancelled("wait", [&](const CallOptions& o) { waiter.connect(o); });
  EXPECT_EQ(waiter.statistics().detections, 0U);
  stop_prober.request_stop();
}

TEST_F(DeadlineTest, a_cancelled_probe_is_nobody_elses_failure) {
  command("latency --method authenticate --ms 400");
  Connection prober = connect();
  Connection waiter = connect();
  std::stop_source stop;
  std::jthread probing([&] { EXPECT_THROW(prober.connect({.stop = stop.get_token()}), CancelledError); });
  while (prober.statistics().detections == 0) std::this_thread::yield();
  std::jthread waiting([&] { EXPECT_NO_THROW(waiter.connect()); });
  stop.request_stop();
  probing.join();
  waiting.join();
  EXPECT_EQ(waiter.statistics().retries, 0U);  // it probed in its turn, and knows of no failure
  // The host's record says that the first probe was given up, and of none that it failed.
  for (const Event& event : waiter.coordinator().recent_events(64)) {
    if (event.kind == EventKind::kDetectionFailed) {
      EXPECT_EQ(event.cause, EventCause::kAbandoned);
    }
  }
}

TEST_F(DeadlineTest, a_cancelled_authentication_is_not_that_of_threads_that_wait_for_it) {
  Connection first = connect();
  first.connect();  // the host knows the colour
  command("latency --method authenticate --ms 300");
  Connection connection = connect();
  std::stop_source stop;
  std::jthread authenticating([&] { EXPECT_THROW(connection.connect({.stop = stop.get_token()}), CancelledError); });
  std::jthread waiting([&] { EXPECT_NO_THROW((void)connection.schemas()); });
  std::this_thread::sleep_for(milliseconds(50));  // whoever of the two came first, both orders must hold
  stop.request_stop();
}

TEST_F(DeadlineTest, a_wait_for_another_threads_authentication_ends) {
  Connection first = connect();
  first.connect();
  command("latency --method authenticate --ms 60000");
  Connection connection = connect();
  std::stop_source stop;
  std::jthread authenticating(
      [&] { EXPECT_THROW(connection.connect({.stop = stop.get_token()}), CancelledError); });
  expect_cancelled("wait", [&](const CallOptions& o) { (void)connection.schemas({}, o); });
  stop.request_stop();
}

TEST_F(DeadlineTest, a_pause_before_the_next_attempt_ends) {
  ConnectionOptions slow = options();
  slow.retry_backoff = std::chrono::seconds(60);
  slow.connect_timeout = std::chrono::minutes(5);
  Connection connection(slow);
  connection.connect();
  command("error --method prepare --code UNAVAILABLE --details 'Socket closed' --count 1");
  Cursor cursor = connection.cursor();
  expect_cancelled("pause", [&](const CallOptions& o) { cursor.execute("select 1", o); });
  EXPECT_EQ(calls("prepareStatementV2"), 1);
  expect_prompt<ConnectionError>("pause", [&] {
    command("error --method prepare --code UNAVAILABLE --details 'Socket closed' --count 1");
    try {
      cursor.execute("select 1", {.timeout = milliseconds(60)});
    } catch (const TimeoutError& error) {  // which of the two depends on where the deadline fell
      throw ConnectionError(error.what());
    }
  });
}

TEST_F(DeadlineTest, the_wait_for_a_cluster_that_wakes_up_ends_for_the_one_who_wakes_it_and_those_who_wait) {
  ConnectionOptions lazy = options();
  lazy.resume_poll = std::chrono::seconds(15);
  Connection waking(lazy);
  Connection waiting(lazy);
  waking.connect();
  waiting.connect();
  command("suspend --resume-takes 60s");
  std::stop_source stop;
  std::jthread thread([&] { EXPECT_THROW((void)waking.schemas({}, {.stop = stop.get_token()}), CancelledError); });
  while (calls("cluster.resume", "", "ok") == 0) std::this_thread::yield();
  expect_cancelled("waiting", [&](const CallOptions& o) { (void)waiting.schemas({}, o); });
  const auto start = Clock::now();
  stop.request_stop();
  thread.join();
  EXPECT_LT(Clock::now() - start, kPrompt);
}

TEST_F(DeadlineTest, somebody_elses_short_patience_with_a_sleeping_cluster_is_not_ours) {
  Connection hasty = connect();
  Connection patient = connect();
  hasty.connect();
  patient.connect();
  command("suspend --resume-takes 500ms");
  std::jthread thread([&] { EXPECT_ANY_THROW((void)hasty.schemas({}, {.timeout = milliseconds(100)})); });
  while (calls("cluster.status") == 0) std::this_thread::yield();
  EXPECT_NO_THROW((void)patient.schemas());
}

TEST_F(DeadlineTest, a_cursors_destructor_waits_no_longer_than_its_timeout) {
  Connection connection = connect();
  const auto start = [&] {
    Cursor cursor = connection.cursor();
    cursor.execute("select 1 /* clear_ms=60000 */");
    cursor.set_timeout(milliseconds(60));
    return Clock::now();
  }();
  EXPECT_LT(Clock::now() - start, kPrompt);
  EXPECT_EQ(connection.coordinator().in_flight(), 0U);
}

}  // namespace
}  // namespace e6::client::test
