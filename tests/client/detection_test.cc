#include <thread>
#include <vector>

#include "scene.h"

namespace e6::client::test {
namespace {

using DetectionTest = Scene;

TEST_F(DetectionTest, a_host_that_knows_nothing_pays_one_refused_probe_when_green_serves) {
  e6::sim::EngineOptions green;
  green.active = e6::sim::Colour::kGreen;
  start(green);
  Connection connection = connect();
  EXPECT_EQ(run(connection), 1);
  EXPECT_EQ(calls("authenticate", "blue", "456"), 1);
  EXPECT_EQ(calls("authenticate", "green", "ok"), 1);  // the probe's session is the connection's
  EXPECT_EQ(connection.statistics().refused_probes, 1U);
  EXPECT_EQ(connection.statistics().mismatches, 0U);
  EXPECT_EQ(connection.coordinator().snapshot().active, Strategy::kGreen);
}

TEST_F(DetectionTest, what_one_connection_found_the_next_ones_use) {
  e6::sim::EngineOptions green;
  green.active = e6::sim::Colour::kGreen;
  start(green);
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 8; ++i) connections.push_back(std::make_unique<Connection>(options()));
  for (auto& connection : connections) threads.emplace_back([&] { run(*connection); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(calls("authenticate", "", "456"), 1);
  EXPECT_EQ(calls("authenticate", "green", "ok"), 8);
}

TEST_F(DetectionTest, every_wording_of_a_456_is_understood) {
  for (const char* style : {"text", "upper", "bare", "http2"}) {
    const SegmentDirectory own;
    e6::sim::EngineOptions green;
    green.active = e6::sim::Colour::kGreen;
    green.refusal_style = style;
    start(green);
    Connection connection(options_for(engine().target(), own));
    EXPECT_EQ(run(connection), 1) << style;
  }
}

TEST_F(DetectionTest, both_colours_refused_is_an_authentication_error_after_a_second_look) {
  Connection connection = connect();
  command("refuse-both --for 10s");
  try {
    connection.connect();
    FAIL() << "no error";
  } catch (const AuthenticationError& error) {
    EXPECT_NE(std::string(error.what()).find("refused both strategies"), std::string::npos) << error.what();
    EXPECT_FALSE(error.events().empty());
  }
  EXPECT_EQ(calls("authenticate", "", "456"), 2 * 3);  // two detections, of three looks each
}

TEST_F(DetectionTest, a_moment_in_which_both_are_refused_is_survived) {
  Connection connection = connect();
  command("refuse-both --for 100ms");
  EXPECT_EQ(run(connection), 1);
}

TEST_F(DetectionTest, a_cluster_that_served_a_moment_ago_and_refuses_both_for_seconds_is_waited_for) {
  Connection connection = connect();
  EXPECT_EQ(run(connection), 1);
  command("refuse-both --for 3s");
  EXPECT_EQ(run(connection), 1);
}

TEST_F(DetectionTest, an_engine_that_answers_more_slowly_than_a_silent_prober_is_waited_for_is_found_once_and_by_all) {
  command("latency --method authenticate --ms 600");
  ConnectionOptions slow = options();
  slow.shared.detection_timeout = std::chrono::seconds(1);  // a prober that says nothing is passed over after a third of it
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 6; ++i) connections.push_back(std::make_unique<Connection>(slow));
  std::vector<std::jthread> threads;
  for (auto& connection : connections) threads.emplace_back([&] { EXPECT_NO_THROW(EXPECT_EQ(run(*connection), 1)); });
  threads.clear();
  const Coordinator& host = connections[0]->coordinator();
  EXPECT_EQ(host.counter(Counter::kDetections), 1U);
  EXPECT_EQ(host.counter(Counter::kLeaseTakeovers), 0U);
  EXPECT_EQ(calls("authenticate"), 6);
}

TEST_F(DetectionTest, a_probe_that_its_own_callers_haste_ended_is_nobody_elses_failure) {
  command("latency --method authenticate --ms 500");
  Connection hasty(options());
  ConnectionOptions once = options();
  once.max_retry_attempts = 1;
  Connection patient(once);
  std::jthread first([&] { EXPECT_THROW(hasty.connect({.timeout = std::chrono::milliseconds(250)}), TimeoutError); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (hasty.coordinator().counter(Counter::kDetections) == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_NO_THROW(patient.connect());
}

TEST_F(DetectionTest, new_work_does_not_go_to_a_colour_that_was_left_while_its_session_was_opened) {
  Connection knows = connect();
  EXPECT_EQ(run(knows), 1);
  Connection slow = connect();
  command("latency --method authenticate --ms 3000");
  command("switch green graceful --announce 100ms --drain 60s");
  std::jthread opening([&] { EXPECT_EQ(run(slow), 1); });  // a session on blue, which still takes new work
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
  while (knows.coordinator().snapshot().active != Strategy::kGreen && std::chrono::steady_clock::now() < deadline) (void)knows.schemas();
  opening.join();
  EXPECT_EQ(calls("prepareStatementV2", "blue", "456"), 0);
  EXPECT_EQ(calls("prepareStatementV2", "green", "ok"), 1);
}

TEST_F(DetectionTest, wrong_credentials_are_an_error_that_does_not_show_them) {
  ConnectionOptions wrong = options();
  wrong.password = "open sesame";
  Connection connection(wrong);
  try {
    connection.connect();
    FAIL() << "no error";
  } catch (const AuthenticationError& error) {
    EXPECT_NE(std::string(error.what()).find("refused the credentials"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("open sesame"), std::string::npos);
    EXPECT_EQ(std::string(error.what()).find(wrong.user), std::string::npos);
  }
  EXPECT_EQ(calls("authenticate"), 1);
  // Somebody with the right ones is not kept out by that.
  Connection right = connect();
  EXPECT_EQ(run(right), 1);
}

TEST_F(DetectionTest, an_engine_that_is_not_there_is_a_connection_error_in_bounded_time) {
  ConnectionOptions nowhere = options_for("127.0.0.1:1", directory_);
  nowhere.max_retry_attempts = 3;
  Connection connection(nowhere);
  const auto start = std::chrono::steady_clock::now();
  try {
    connection.connect();
    FAIL() << "no error";
  } catch (const ConnectionError& error) {
    EXPECT_NE(std::string(error.what()).find("cannot reach the engine at 127.0.0.1:1"), std::string::npos)
        << error.what();
    EXPECT_EQ(error.code(), 14);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(connection.statistics().authentications_failed, 3U);
}

TEST_F(DetectionTest, an_engine_that_comes_late_is_waited_for) {
  e6::sim::EngineOptions fixed;
  start();
  fixed.listen = engine().target();
  ConnectionOptions patient = options();
  patient.max_retry_attempts = 100;
  patient.connect_timeout = std::chrono::seconds(10);
  start({});  // the first engine is gone; its port is free
  Connection connection(patient);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    start(fixed);
  });
  EXPECT_NO_THROW(connection.connect());
  later.join();
}

TEST_F(DetectionTest, a_host_name_that_does_not_exist_is_a_connection_error) {
  ConnectionOptions nowhere = options_for("no-such-host.invalid:9001", directory_);
  nowhere.max_retry_attempts = 2;
  Connection connection(nowhere);
  EXPECT_THROW(connection.connect(), ConnectionError);
}

TEST_F(DetectionTest, without_a_segment_queries_work_all_the_same) {
  ConnectionOptions alone = options();
  alone.shared.directory = "/nonexistent/e6";
  Connection connection(alone);
  EXPECT_EQ(connection.coordinator().mode(), Mode::kFallback);
  EXPECT_EQ(run(connection), 1);
  command("switch green abrupt");
  EXPECT_EQ(run(connection), 1);
}

TEST_F(DetectionTest, a_required_segment_that_cannot_be_had_is_an_error) {
  ConnectionOptions strict = options();
  strict.shared.directory = "/nonexistent/e6";
  strict.shared.required = true;
  EXPECT_THROW(Connection{strict}, SharedStateError);
}

}  // namespace
}  // namespace e6::client::test
