#include "core/faults.h"

#include <gtest/gtest.h>

namespace e6::sim {
namespace {

TEST(Faults, latency_is_set_per_method_and_jitter_stays_within_its_bounds) {
  Faults faults;
  faults.set_latency(*MethodFilter::parse("fetch"), 10, 5);
  bool varies = false;
  for (int i = 0; i < 200; ++i) {
    const Nanos latency = faults.latency(Method::kGetNextResultBatch);
    EXPECT_GE(latency, 10);
    EXPECT_LE(latency, 15);
    varies = varies || latency != 10;
  }
  EXPECT_TRUE(varies);
  EXPECT_EQ(faults.latency(Method::kStatus), 0);
  faults.set_latency(*MethodFilter::parse("all"), 0, 0);
  EXPECT_EQ(faults.latency(Method::kGetNextResultBatch), 0);
}

TEST(Faults, a_counted_error_is_used_up) {
  Faults faults;
  faults.inject_error(*MethodFilter::parse("execute"), 14, "later", 2, 1.0);
  EXPECT_FALSE(faults.error(Method::kStatus));
  EXPECT_EQ(faults.error(Method::kExecuteStatement)->details, "later");
  EXPECT_EQ(faults.error(Method::kExecuteStatementV2)->code, 14);
  EXPECT_FALSE(faults.error(Method::kExecuteStatement));
}

TEST(Faults, a_rate_fails_about_its_share_until_cleared) {
  Faults faults;
  faults.inject_error(*MethodFilter::parse("all"), 14, "", std::nullopt, 0.25);
  int failed = 0;
  for (int i = 0; i < 4000; ++i) failed += faults.error(Method::kStatus) ? 1 : 0;
  EXPECT_GT(failed, 800);
  EXPECT_LT(failed, 1200);
  faults.clear_errors();
  EXPECT_FALSE(faults.error(Method::kStatus));
}

TEST(Faults, a_late_error_is_none_before_the_work) {
  Faults faults;
  faults.inject_error(*MethodFilter::parse("execute"), 14, "", 1, 1.0, Faults::When::kAfterTheWork);
  EXPECT_FALSE(faults.error(Method::kExecuteStatement));
  EXPECT_TRUE(faults.error(Method::kExecuteStatement, Faults::When::kAfterTheWork));
  EXPECT_FALSE(faults.error(Method::kExecuteStatement, Faults::When::kAfterTheWork));
}

TEST(Faults, denying_ends_by_itself) {
  Faults faults;
  faults.deny(10, 100);
  faults.advance(109);
  EXPECT_TRUE(faults.denying());
  faults.advance(110);
  EXPECT_FALSE(faults.denying());
}

}  // namespace
}  // namespace e6::sim
