#include "budget.h"

#include <gtest/gtest.h>

namespace e6::client {
namespace {

using std::chrono::milliseconds;
using Clock = Budget::Clock;

TEST(Budget, allows_as_many_attempts_as_the_option_says) {
  ConnectionOptions options;
  options.max_retry_attempts = 3;
  Budget budget(options, milliseconds(10000));
  EXPECT_TRUE(budget.again());
  EXPECT_TRUE(budget.again());
  EXPECT_FALSE(budget.again());
}

TEST(Budget, a_cluster_that_switches_under_an_operation_does_not_use_up_its_attempts) {
  ConnectionOptions options;
  options.max_retry_attempts = 3;
  options.retry_backoff = milliseconds(1);
  Budget budget(options, milliseconds(10000));
  int refusals = 0;
  while (refusals < 1000 && budget.again_after_refusal()) ++refusals;
  EXPECT_EQ(refusals, 2 * 10);  // bounded all the same
  EXPECT_TRUE(budget.again());
}

int denials_until_the_end(Budget& budget, bool switching) {
  int denials = 0;
  while (denials < 1000 && budget.again_after_denial(switching)) ++denials;
  return denials;
}

TEST(Budget, a_session_denied_for_the_third_time_in_a_row_is_about_the_user) {
  ConnectionOptions options;
  options.retry_backoff = milliseconds(1);
  Budget budget(options, milliseconds(10000));
  EXPECT_EQ(denials_until_the_end(budget, false), 2);
  EXPECT_TRUE(budget.again_after_refusal());  // the cluster switched: that explains them
  EXPECT_EQ(denials_until_the_end(budget, false), 2);
}

TEST(Budget, while_the_cluster_switches_sessions_may_be_denied_ten_times_in_a_row_and_use_up_no_attempts) {
  ConnectionOptions options;
  options.max_retry_attempts = 2;
  options.retry_backoff = milliseconds(1);
  Budget budget(options, milliseconds(10000));
  EXPECT_EQ(denials_until_the_end(budget, true), 10);
  EXPECT_TRUE(budget.again());
  Budget late(options, milliseconds(0));
  EXPECT_FALSE(late.again_after_denial(true));
}

TEST(Budget, no_attempt_is_given_after_a_pause_that_the_deadline_cut_short) {
  ConnectionOptions options;
  options.max_retry_attempts = 1000;
  options.retry_backoff = milliseconds(60'000);
  Budget refused(options, milliseconds(30));
  while (refused.again_after_refusal()) EXPECT_FALSE(refused.expired());
  Budget denied(options, milliseconds(30));
  while (denied.again_after_denial(true)) EXPECT_FALSE(denied.expired());
}

TEST(Budget, refusals_are_followed_after_pauses_that_grow_and_never_past_the_deadline) {
  ConnectionOptions options;
  options.retry_backoff = milliseconds(40);
  Budget budget(options, milliseconds(10000));
  const auto start = Clock::now();
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(budget.again_after_refusal());
  // 0, 5, 10, ... 40 ms, each with a jitter of one half at most
  EXPECT_GE(Clock::now() - start, milliseconds(180 / 2));

  Budget late(options, milliseconds(0));
  EXPECT_FALSE(late.again_after_refusal());
}

TEST(Budget, gives_up_at_the_deadline_whatever_attempts_are_left) {
  Budget budget(ConnectionOptions{}, milliseconds(0));
  EXPECT_FALSE(budget.again());
}

TEST(Budget, never_sleeps_past_the_deadline) {
  ConnectionOptions options;
  options.retry_backoff = milliseconds(5000);
  Budget budget(options, milliseconds(50));
  const auto start = Clock::now();
  budget.pause();
  EXPECT_LT(Clock::now() - start, milliseconds(1000));
}

TEST(Budget, gives_no_attempt_after_a_pause_that_the_deadline_cut_short) {
  ConnectionOptions options;
  options.retry_backoff = milliseconds(5000);
  Budget budget(options, milliseconds(20));
  EXPECT_FALSE(budget.again_unreachable());
}

TEST(Budget, stops_trying_an_unreachable_engine_after_the_connect_timeout) {
  ConnectionOptions options;
  options.max_retry_attempts = 100;
  options.connect_timeout = milliseconds(30);
  Budget budget(options, milliseconds(10000));
  EXPECT_TRUE(budget.again_unreachable());
  (void)budget.sleep(milliseconds(40));
  EXPECT_FALSE(budget.again_unreachable());
  EXPECT_TRUE(budget.again());  // other failures still have attempts
}

TEST(Budget, counts_the_connect_timeout_from_the_first_call_that_found_no_connection) {
  ConnectionOptions options;
  options.max_retry_attempts = 100;
  options.retry_backoff = milliseconds(0);
  options.connect_timeout = milliseconds(10'000);
  Budget late(options, milliseconds(60'000));
  EXPECT_FALSE(late.again_unreachable(Clock::now() - milliseconds(10'001)));
  Budget early(options, milliseconds(60'000));
  const auto first = Clock::now() - milliseconds(5'000);
  EXPECT_EQ(early.reach_by(), Clock::time_point{});
  EXPECT_TRUE(early.again_unreachable(first));
  EXPECT_TRUE(early.again_unreachable(Clock::now()));
  EXPECT_EQ(early.reach_by(), first + options.connect_timeout);
}

TEST(Budget, pauses_no_longer_than_the_connect_timeout_lasts) {
  ConnectionOptions options;
  options.max_retry_attempts = 100;
  options.retry_backoff = milliseconds(60'000);
  options.connect_timeout = milliseconds(100);
  Budget budget(options, milliseconds(600'000));
  const auto start = Clock::now();
  EXPECT_TRUE(budget.again_unreachable());  // one last attempt
  EXPECT_LT(Clock::now() - start, milliseconds(5'000));
  EXPECT_FALSE(budget.again_unreachable());
}

TEST(Budget, takes_the_sooner_of_timeout_and_deadline_and_the_usual_time_out_without_either) {
  const auto now = Clock::now();
  const auto left = [&](const CallOptions& call) {
    return std::chrono::duration_cast<milliseconds>(Budget(ConnectionOptions{}, milliseconds(60'000), call).deadline() - now);
  };
  EXPECT_NEAR(static_cast<double>(left({}).count()), 60'000, 5'000);
  EXPECT_NEAR(static_cast<double>(left({.timeout = milliseconds(600'000)}).count()), 600'000, 5'000);
  EXPECT_NEAR(static_cast<double>(left({.deadline = now + milliseconds(600'000)}).count()), 600'000, 5'000);
  EXPECT_NEAR(static_cast<double>(left({.timeout = milliseconds(20'000), .deadline = now + milliseconds(600'000)}).count()), 20'000, 5'000);
  EXPECT_NEAR(static_cast<double>(left({.timeout = milliseconds(600'000), .deadline = now + milliseconds(20'000)}).count()), 20'000, 5'000);
  EXPECT_GT(left({.timeout = milliseconds::max()}), std::chrono::hours(24));  // "for ever" does not overflow
}

TEST(Budget, gives_no_attempt_and_no_pause_after_a_stop_request) {
  std::stop_source stop;
  Budget budget(ConnectionOptions{}, milliseconds(60'000), {.stop = stop.get_token()});
  EXPECT_TRUE(budget.again());
  stop.request_stop();
  EXPECT_FALSE(budget.again());
  const auto start = Clock::now();
  EXPECT_FALSE(budget.sleep(milliseconds(30'000)));
  EXPECT_LT(Clock::now() - start, milliseconds(5'000));
}

}  // namespace
}  // namespace e6::client
