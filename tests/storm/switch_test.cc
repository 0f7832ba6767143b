// What the project promises about switches, measured with real processes. Every test prints its figures.
#include <algorithm>
#include <cstdio>

#include "storm_fixture.h"

namespace e6::storm_test {
namespace {

using nlohmann::json;

class Switch : public StormTest, public testing::WithParamInterface<int> {};

// The longest time that a colour was announced to the host and not yet taken.
double slowest_transition_ms(const json& figures) {
  double slowest = 0;
  double pending_since = -1;
  for (const json& event : figures["host"]["events"]) {
    if (event["event"] == "pending") pending_since = event["at_ms"];
    if (event["event"] == "rolled-back") pending_since = -1;
    if (event["event"] == "applied" && pending_since >= 0) {
      slowest = std::max(slowest, event["at_ms"].get<double>() - pending_since);
      pending_since = -1;
    }
  }
  if (pending_since >= 0) ADD_FAILURE() << "a pending colour was never taken";
  return slowest;
}

// From the first worker that ran a query on the colour to the last one.
double spread_ms(const json& figures, const char* colour) {
  double first = 1e12;
  double last = -1;
  for (const json& worker : figures["workers"]) {
    const json& at = worker["first_query_ms"][colour];
    if (at.is_null()) continue;
    first = std::min(first, at.get<double>());
    last = std::max(last, at.get<double>());
  }
  return last < 0 ? 0 : last - first;
}

void print(const char* what, const json& figures) {
  std::printf(
      "[ figures  ] %s: %zu workers, %d queries (%.0f/s), failed %d, lost %d, wrong colour %d, 456s %d, "
      "authentications %d, refused %d, left behind %d, p50 %.1f ms, p99 %.1f ms, max %.1f ms, longest gap %.0f ms, "
      "transitions %d, detections %d\n",
      what, figures["workers"].size(), figures["queries"].get<int>(), figures["queries_per_second"].get<double>(),
      figures["failed"].get<int>(), figures["lost_results"].get<int>(), figures["wrong_colour_results"].get<int>(),
      figures["mismatches"].get<int>(), figures["authentications"].get<int>(), figures["refused_probes"].get<int>(),
      figures["workers_left_behind"].get<int>(), figures["latency_ms"]["p50"].get<double>(),
      figures["latency_ms"]["p99"].get<double>(), figures["latency_ms"]["max"].get<double>(),
      figures["longest_gap_ms"].get<double>(), figures["host"].value("transitions", -1),
      figures["host"].value("detections", -1));
  std::fflush(stdout);
}

void expect_no_failure(const json& figures) {
  EXPECT_GT(figures["queries"], 0);
  EXPECT_EQ(figures["failed"], 0) << figures["errors"];
  EXPECT_EQ(figures["wrong_colour_results"], 0);
  EXPECT_GT(figures["checked_rows"], 0);
  EXPECT_EQ(figures["workers_left_behind"], 0);
  EXPECT_TRUE(figures["host"]["shared"]);
  for (const json& worker : figures["workers"]) {
    EXPECT_GT(worker["queries"], 0) << worker;
    EXPECT_TRUE(worker["shared"]) << worker;
  }
  for (const json& errand : figures["at"]) EXPECT_TRUE(errand["ok"]) << errand;
}

void expect_colours_kept_apart(const json& engine) {
  EXPECT_EQ(engine["queries_finished_on_other_colour"], 0);
  EXPECT_EQ(engine["query_calls_on_other_colour"], 0);
  EXPECT_EQ(engine["statements_executed_again"], 0);
  EXPECT_EQ(engine["engine_mismatches"], 0);
}

TEST_P(Switch, graceful_then_rolled_back_then_back_again_fails_and_refuses_nothing) {
  start_engine();
  const json figures =
      run_storm(storm(GetParam(), "9.5s",
                      {"--at", "1s", ctl("switch green graceful --announce 1s --drain 1s"),        //
                       "--at", "3.5s", ctl("switch blue graceful --announce 3s --drain 1s"),       //
                       "--at", "4.2s", ctl("rollback --announce 1s --drain 1s"),                   //
                       "--at", "6.7s", ctl("switch blue graceful --announce 1s --drain 1s")}));
  print("graceful, rollback, back", figures);
  const double slowest = slowest_transition_ms(figures);
  std::printf("[ figures  ] slowest transition %.0f ms after it was announced; spread of first queries on green %.0f ms\n",
              slowest, spread_ms(figures, "green"));
  expect_no_failure(figures);
  EXPECT_EQ(figures["lost_results"], 0) << figures["losses"];
  EXPECT_EQ(figures["mismatches"], 0);
  EXPECT_EQ(figures["refused_probes"], 0);
  EXPECT_EQ(figures["host"]["strategy"], "blue");
  EXPECT_EQ(figures["host"]["transitions"].get<int>() % 2, 0) << figures["host"]["events"];
  EXPECT_GE(figures["host"]["transitions"], 2);
  EXPECT_LT(slowest, 1000) << "starved until the end of the announcement";
  expect_colours_kept_apart(engine_statistics());
}

TEST_P(Switch, abrupt_loses_only_results_of_the_old_colour_and_wastes_at_most_one_probe) {
  start_engine();
  const json figures = run_storm(storm(GetParam(), "4s", {"--at", "2s", ctl("switch green abrupt")}));
  print("abrupt", figures);
  std::printf("[ figures  ] spread of first queries on green %.0f ms\n", spread_ms(figures, "green"));
  expect_no_failure(figures);
  EXPECT_LE(figures["refused_probes"], 1);
  EXPECT_LE(figures["mismatches"], GetParam()) << "more than calls were in flight";
  EXPECT_LE(figures["lost_results"], figures["mismatches"]);
  EXPECT_EQ(figures["host"]["strategy"], "green");
  EXPECT_EQ(figures["host"]["detections"], 2) << figures["host"]["events"];  // the start, and the switch
  const json engine = engine_statistics();
  EXPECT_EQ(engine["queries_finished_on_other_colour"], 0);
  EXPECT_EQ(engine["statements_executed_again"], 0);
}

TEST_P(Switch, cold_start_on_green_wastes_at_most_one_probe_for_the_host) {
  start_engine({"--active", "green"});
  const json figures = run_storm(storm(GetParam(), "2s"));
  print("cold start on green", figures);
  expect_no_failure(figures);
  EXPECT_LE(figures["refused_probes"], 1);
  EXPECT_LE(figures["mismatches"], 1);
  EXPECT_EQ(figures["host"]["detections"], 1);
  EXPECT_EQ(figures["authentications"], GetParam());
  EXPECT_EQ(figures["host"]["strategy"], "green");
}

INSTANTIATE_TEST_SUITE_P(workers, Switch, testing::Values(4, 16, 64),
                         [](const auto& each) { return std::to_string(each.param); });

class Storm : public StormTest {};

TEST_F(Storm, a_query_that_runs_through_the_whole_switch_does_not_starve_it) {
  start_engine();
  const json figures = run_storm(
      storm(4, "6s", {"--long-query", "SELECT 1 /* rows=1000 batches=1000 fetch_ms=50 */",  //
                      "--at", "1s", ctl("switch green graceful --announce 1s --drain 10s")}));
  print("graceful with a long query", figures);
  const double slowest = slowest_transition_ms(figures);
  std::printf("[ figures  ] taken %.0f ms after it was announced, while a query ran on the old colour\n", slowest);
  expect_no_failure(figures);
  EXPECT_EQ(figures["mismatches"], 0);
  EXPECT_EQ(figures["host"]["strategy"], "green");
  EXPECT_LT(slowest, 500);
  EXPECT_GT(figures["long_query"]["batches"], 80) << "it ran on while the colour changed";
  expect_colours_kept_apart(engine_statistics());
}

TEST_F(Storm, threads_and_connections_switch_with_their_worker) {
  start_engine();
  const json figures = run_storm(storm(4, "4s", {"--threads", "4", "--connections", "8",  //
                                                 "--at", "1s", ctl("switch green graceful --announce 1s --drain 1s")}));
  print("graceful, 4 threads and 8 connections each", figures);
  expect_no_failure(figures);
  EXPECT_EQ(figures["mismatches"], 0);
  EXPECT_EQ(figures["lost_results"], 0);
  EXPECT_EQ(figures["authentications"], 4 * 8 * 2);
  expect_colours_kept_apart(engine_statistics());
}

TEST_F(Storm, the_policy_next_query_fails_nothing_either) {
  start_engine();
  const json figures = run_storm(storm(4, "4s", {"--policy", "next-query",  //
                                                 "--at", "1s", ctl("switch green graceful --announce 1s --drain 1s")}));
  print("graceful, next-query", figures);
  expect_no_failure(figures);
  EXPECT_EQ(figures["mismatches"], 0);
  EXPECT_EQ(figures["host"]["strategy"], "green");
}

TEST_F(Storm, lost_results_are_run_again_when_that_is_allowed) {
  start_engine({"--execute-takes", "20ms", "--fetch-takes", "20ms"});
  const json figures =
      // several times: workers that keep step can all be past their first batch at one of them
      run_storm(storm(16, "3.5s", {"--reexecute-lost", "--sql", "SELECT 1",                                      //
                                   "--at", "1s", ctl("switch green abrupt"), "--at", "1.31s", ctl("switch blue abrupt"),    //
                                   "--at", "1.68s", ctl("switch green abrupt"), "--at", "2.03s", ctl("switch blue abrupt"),  //
                                   "--at", "2.42s", ctl("switch green abrupt")}));
  print("abrupt, lost queries run again", figures);
  expect_no_failure(figures);
  EXPECT_LE(figures["refused_probes"], 1);
  EXPECT_EQ(figures["host"]["strategy"], "green");
  EXPECT_GT(figures["reexecuted_queries"], 0);
}

TEST_F(Storm, a_switch_that_is_rolled_back_while_the_old_colour_drains_fails_and_refuses_nothing) {
  start_engine();
  const json figures = run_storm(storm(16, "5s", {"--at", "1s", ctl("switch green graceful --announce 500ms --drain 3s"),  //
                                                  "--at", "2.2s", ctl("rollback --announce 500ms --drain 1s")}));
  print("rolled back while blue drained", figures);
  expect_no_failure(figures);
  EXPECT_EQ(figures["lost_results"], 0) << figures["losses"];
  EXPECT_EQ(figures["mismatches"], 0);
  EXPECT_EQ(figures["host"]["strategy"], "blue");
  EXPECT_EQ(figures["host"]["transitions"], 2) << figures["host"]["events"];
  expect_colours_kept_apart(engine_statistics());
}

TEST_F(Storm, an_engine_that_flaps_every_50_ms_fails_no_query) {
  start_engine({"--execute-takes", "5ms", "--fetch-takes", "5ms"});
  const json figures = run_storm(storm(16, "5s", {"--sql", "SELECT 1", "--at", "1s", ctl("flap --period 50ms --for 2s")}));
  print("flapping", figures);
  expect_no_failure(figures);
  EXPECT_EQ(figures["host"]["strategy"], "blue");
  EXPECT_LE(figures["lost_results"], figures["mismatches"]);
}

TEST_F(Storm, an_engine_that_is_slow_to_authenticate_is_found_by_one_probe_of_the_host) {
  start_engine({"--authenticate-takes", "600ms"});
  ASSERT_EQ(::setenv("E6DATA_STRATEGY_DETECTION_TIMEOUT", "1", 1), 0);  // a prober that says nothing is passed over after a third of it
  const json figures = run_storm(storm(8, "3s", {}));
  ::unsetenv("E6DATA_STRATEGY_DETECTION_TIMEOUT");
  print("slow to authenticate", figures);
  expect_no_failure(figures);
  EXPECT_EQ(figures["host"]["detections"], 1);
  EXPECT_EQ(figures["host"]["lease_takeovers"], 0);
  EXPECT_EQ(figures["authentications"], 8);
}

TEST_F(Storm, both_colours_refused_for_two_seconds_cost_the_host_some_probes_and_no_query) {
  start_engine();
  const json figures = run_storm(storm(16, "6s", {"--at", "1s", ctl("refuse-both --for 2s")}));
  print("both refused", figures);
  expect_no_failure(figures);
  EXPECT_GE(figures["host"]["refused_probes"], 2);
  // One process at a time looks for half a second, about ten times, and then nobody for a second. Sixteen of them would come to ten times that.
  EXPECT_LE(figures["host"]["refused_probes"], 60);
}

TEST_F(Storm, without_sharing_every_worker_finds_the_colour_by_itself) {
  start_engine({"--active", "green"});
  const json figures = run_storm(storm(8, "2s", {"--no-share"}));
  print("cold start on green without sharing", figures);
  EXPECT_EQ(figures["failed"], 0);
  EXPECT_FALSE(figures["host"]["shared"]);
  EXPECT_EQ(figures["host"]["strategy"], "green");
  EXPECT_EQ(figures["refused_probes"], 8);
}

}  // namespace
}  // namespace e6::storm_test
