#include "core/cluster_power.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

using State = ClusterPower::State;

TEST(ClusterPower, a_suspended_cluster_resumes_after_its_time) {
  ClusterPower power(50);
  power.resume(0);
  EXPECT_EQ(power.state(), State::kActive) << "awake already";
  power.suspend(std::nullopt, false);
  EXPECT_EQ(power.state(), State::kSuspended);
  power.resume(100);
  power.resume(120);  // does not start anew
  EXPECT_EQ(power.state(), State::kResuming);
  EXPECT_EQ(power.next_due(), 150);
  power.advance(149);
  EXPECT_FALSE(power.awake());
  power.advance(150);
  EXPECT_TRUE(power.awake());
}

TEST(ClusterPower, a_resume_can_fail_once) {
  ClusterPower power(50);
  power.suspend(10, true);
  power.resume(0);
  power.advance(10);
  EXPECT_EQ(power.state(), State::kFailed);
  power.resume(20, 0);
  EXPECT_TRUE(power.awake());
}

TEST(ClusterPower, its_states_have_the_words_of_the_wire) {
  EXPECT_EQ(name(State::kActive), "active");
  EXPECT_EQ(name(State::kSuspended), "suspended");
  EXPECT_EQ(name(State::kResuming), "resuming");
  EXPECT_EQ(name(State::kFailed), "failed");
}

}  // namespace
}  // namespace e6::sim
