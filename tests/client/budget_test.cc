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

}  // namespace
}  // namespace e6::client
