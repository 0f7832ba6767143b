#include "histogram.h"

#include <gtest/gtest.h>

#include <memory>

namespace e6::storm {
namespace {

TEST(Histogram, a_bucket_is_never_wider_than_a_thirty_second_of_its_value) {
  for (std::uint64_t value = 1; value < (1ULL << 36); value = value * 9 / 8 + 1) {
    const std::uint64_t top = Buckets::top(Buckets::of(value));
    EXPECT_GE(top, value);
    EXPECT_LE(top - value, value / 32) << value;
  }
}

TEST(Histogram, buckets_follow_each_other_without_a_hole) {
  for (std::size_t bucket = 0; bucket + 1 < Buckets::kCount; ++bucket) {
    EXPECT_EQ(Buckets::of(Buckets::top(bucket)), bucket);
    EXPECT_EQ(Buckets::of(Buckets::top(bucket) + 1), bucket + 1);
  }
}

TEST(Histogram, quantiles_of_known_values_come_out_within_their_precision) {
  auto shared = std::make_unique<SharedHistogram>();
  for (std::uint64_t i = 1; i <= 1000; ++i) shared->add(i * 1000);
  Histogram all;
  all.add(*shared);
  EXPECT_NEAR(static_cast<double>(all.quantile(0.5)), 500'000, 500'000.0 / 32);
  EXPECT_NEAR(static_cast<double>(all.quantile(0.99)), 990'000, 990'000.0 / 32);
  EXPECT_NEAR(static_cast<double>(all.quantile(1)), 1'000'000, 1'000'000.0 / 32);
}

TEST(Histogram, an_empty_one_has_quantile_zero) {
  EXPECT_EQ(Histogram().quantile(0.99), 0U);
}

}  // namespace
}  // namespace e6::storm
