#include <atomic>
#include <thread>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

using ResumeTest = Scene;

TEST_F(ResumeTest, a_suspended_cluster_is_woken_once_and_the_query_runs) {
  Connection connection = connect();
  command("suspend --resume-takes 100ms");
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(calls("cluster.resume", "", "ok"), 1);
  EXPECT_EQ(connection.statistics().resumes, 1U);
}

TEST_F(ResumeTest, many_connections_of_a_host_wake_it_once) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 8; ++i) {
    connections.push_back(std::make_unique<Connection>(options()));
    run(*connections.back());
  }
  command("suspend --resume-takes 200ms");
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (auto& connection : connections) threads.emplace_back([&] { done += run(*connection); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, 8);
  EXPECT_EQ(calls("cluster.resume"), 1);
  EXPECT_LE(calls("cluster.status"), 30);  // one of them polls, every 20 ms; the others wait for it
}

TEST_F(ResumeTest, with_auto_resume_off_it_is_an_error_that_says_so) {
  ConnectionOptions off = options();
  off.auto_resume = false;
  Connection connection(off);
  command("suspend");
  try {
    connection.connect();
    FAIL() << "no error";
  } catch (const ClusterSuspendedError& error) {
    EXPECT_NE(std::string(error.what()).find("auto_resume"), std::string::npos) << error.what();
  }
  EXPECT_EQ(calls("cluster.resume"), 0);
}

TEST_F(ResumeTest, a_resume_that_fails_is_an_error) {
  Connection connection = connect();
  command("suspend --resume-takes 50ms --resume-fails");
  EXPECT_THROW(connection.connect(), ClusterSuspendedError);
  const auto events = connection.coordinator().recent_events(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].cause, EventCause::kSuspended);  // the answer for the whole host, and nothing that this process gave up
}

TEST_F(ResumeTest, a_resume_that_takes_too_long_is_given_up) {
  ConnectionOptions hasty = options();
  hasty.resume_timeout = std::chrono::seconds(1);
  Connection connection(hasty);
  command("suspend --resume-takes 60s");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(connection.connect(), ClusterSuspendedError);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

TEST_F(ResumeTest, a_cluster_that_wakes_up_on_the_other_colour_is_found) {
  e6::sim::EngineOptions green;
  green.active = e6::sim::Colour::kGreen;
  start(green);
  Connection connection = connect();
  command("suspend --resume-takes 50ms");
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kGreen);
}

TEST_F(ResumeTest, calls_refused_as_suspended_while_the_cluster_is_active_are_tried_again_until_they_are_let_through) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 4; ++i) {
    connections.push_back(std::make_unique<Connection>(options()));
    EXPECT_EQ(run(*connections.back()), 1);
  }
  command("error --method prepare --code UNAVAILABLE --details 'status: 503' --count 24");
  std::vector<std::jthread> threads;
  for (auto& connection : connections) threads.emplace_back([&] { EXPECT_NO_THROW(EXPECT_EQ(run(*connection), 1)); });
  threads.clear();
  EXPECT_EQ(calls("cluster.resume"), 0);
}

TEST_F(ResumeTest, calls_refused_as_suspended_for_longer_than_a_cluster_may_take_to_wake_up_are_an_error) {
  ConnectionOptions hasty = options();
  hasty.resume_timeout = std::chrono::seconds(1);
  Connection connection(hasty);
  command("error --method prepare --code UNAVAILABLE --details 'status: 503'");
  try {
    run(connection);
    FAIL() << "no error";
  } catch (const ClusterSuspendedError& error) {
    EXPECT_NE(std::string(error.what()).find("although it was said to be active"), std::string::npos) << error.what();
  }
}

TEST_F(ResumeTest, fetches_refused_as_suspended_while_the_cluster_is_active_lose_no_query) {
  constexpr int kQueries = 6;
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<Cursor> cursors;
  for (int i = 0; i < kQueries; ++i) {
    connections.push_back(std::make_unique<Connection>(options()));
    cursors.push_back(connections.back()->cursor());
    cursors.back().execute("select 1 /* rows=2 batches=2 */");
  }
  // slow enough that those who do not ask for the state hear of it from the one who does
  command("latency --method cluster.status --ms 50");
  command("error --method fetch --code UNAVAILABLE --details 'status: 503' --count 24");
  std::vector<std::jthread> threads;
  for (Cursor& cursor : cursors) threads.emplace_back([&] { EXPECT_NO_THROW(EXPECT_EQ(drain(cursor), 2)); });
  threads.clear();
  EXPECT_LT(calls("cluster.status"), 24) << "nobody heard it from another one";
}

TEST_F(ResumeTest, a_resume_that_its_own_callers_haste_ended_is_nobody_elses_failure) {
  Connection hasty = connect();
  command("suspend --resume-takes 1s");
  EXPECT_THROW(hasty.connect({.timeout = std::chrono::milliseconds(300)}), Error);
  const auto events = hasty.coordinator().recent_events(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, EventKind::kDetectionFailed);
  EXPECT_EQ(events[0].cause, EventCause::kAbandoned);  // whoever waits is to try for itself
  Connection patient = connect();
  EXPECT_NO_THROW(patient.connect());
}

TEST_F(ResumeTest, a_query_that_a_suspension_ended_is_lost) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  cursor.execute("select 1 /* rows=2 batches=2 */");
  command("suspend --resume-takes 50ms");
  EXPECT_THROW((void)cursor.fetch_batch(), QueryLostError);
}

}  // namespace
}  // namespace e6::client::test
