// Pools that become smaller when less is asked of them.
#include <chrono>
#include <thread>
#include <vector>

#include "pool_scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

class PoolShrinkTest : public PoolScene {
 protected:
  /// A pool whose connections have all been used at once.
  ConnectionPool full(const PoolOptions& limits, int connections = 4) {
    ConnectionPool pool = this->pool(limits);
    std::vector<PooledConnection> all;
    for (int i = 0; i < connections; ++i) {
      all.push_back(pool.checkout());
      (void)run(*all.back());
    }
    return pool;
  }
  static PoolOptions small() {
    return {.min_size = 1,
            .max_size = 2,
            .max_overflow = 2,
            .pre_ping = false,
            .overflow_idle_timeout = std::chrono::hours(1),
            .idle_timeout = std::chrono::hours(1)};
  }
  // Only the passing of time makes a connection idle for long.
  static void idle_for(milliseconds time) { std::this_thread::sleep_for(time + milliseconds(1)); }
};

TEST_F(PoolShrinkTest, surplus_connections_are_kept_while_they_are_not_idle_for_long) {
  ConnectionPool pool = full(small());
  EXPECT_EQ(pool.statistics().idle, 4U);
  EXPECT_EQ(pool.statistics().overflow, 2U);
  pool.maintain();
  EXPECT_EQ(pool.statistics().idle, 4U);
  EXPECT_EQ(sessions(), 4);
}

TEST_F(PoolShrinkTest, surplus_connections_that_are_idle_for_long_go_and_max_size_stays) {
  PoolOptions limits = small();
  limits.overflow_idle_timeout = milliseconds(20);
  ConnectionPool pool = full(limits);
  idle_for(limits.overflow_idle_timeout);
  pool.maintain();
  EXPECT_EQ(pool.statistics().idle, 2U);
  EXPECT_EQ(pool.statistics().shrunk, 2U);
  EXPECT_EQ(sessions(), 2);
  idle_for(limits.overflow_idle_timeout);
  pool.maintain();
  EXPECT_EQ(pool.statistics().idle, 2U);
}

TEST_F(PoolShrinkTest, an_idle_pool_goes_back_to_min_size) {
  PoolOptions limits = small();
  limits.idle_timeout = milliseconds(20);
  ConnectionPool pool = full(limits);
  idle_for(limits.idle_timeout);
  pool.maintain();
  EXPECT_EQ(pool.statistics().idle, 1U);
  EXPECT_EQ(pool.statistics().shrunk, 3U);
  EXPECT_EQ(sessions(), 1);
}

TEST_F(PoolShrinkTest,
       a_checkout_and_a_return_shrink_too_and_the_connection_in_use_stays_the_same) {
  PoolOptions limits = small();
  limits.idle_timeout = milliseconds(500);
  ConnectionPool pool = full(limits);
  idle_for(limits.idle_timeout);
  PooledConnection used = pool.checkout();
  EXPECT_EQ(pool.statistics().idle, 0U);
  EXPECT_EQ(pool.statistics().shrunk, 3U);
  const Connection* const it = &*used;
  std::vector<PooledConnection> more;
  for (int i = 0; i < 2; ++i) more.push_back(pool.checkout());
  more.clear();
  EXPECT_EQ(pool.statistics().idle, 2U);
  idle_for(limits.idle_timeout);
  used.give_back();
  EXPECT_EQ(pool.statistics().idle, 1U);
  const PooledConnection last = pool.checkout();
  EXPECT_EQ(&*last, it);
  EXPECT_EQ(pool.statistics().created, 6U);
}

TEST_F(PoolShrinkTest, a_minimum_that_became_too_old_is_made_up_again) {
  PoolOptions limits = small();
  limits.recycle_after = milliseconds(20);
  ConnectionPool pool = this->pool(limits);
  idle_for(limits.recycle_after);
  pool.maintain();
  EXPECT_EQ(pool.statistics().recycled, 1U);
  EXPECT_EQ(pool.statistics().idle, 1U);
  EXPECT_EQ(pool.statistics().created, 2U);
}

TEST_F(PoolShrinkTest, an_idle_timeout_of_zero_never_shrinks_below_max_size) {
  PoolOptions limits = small();
  limits.overflow_idle_timeout = milliseconds(0);
  limits.idle_timeout = milliseconds(0);
  ConnectionPool pool = full(limits);
  EXPECT_EQ(pool.statistics().idle, 2U);
  pool.maintain();
  EXPECT_EQ(pool.statistics().idle, 2U);
}

TEST_F(PoolShrinkTest, a_pool_that_closes_ends_all_its_sessions_at_once) {
  PoolOptions limits = small();
  limits.max_size = 20;
  ConnectionPool pool = full(limits, 20);
  // One after the other they would take twice as long as a pool waits.
  command("latency --method dropUserContext --ms 50");
  pool.close();
  EXPECT_EQ(sessions(), 0);
}

TEST_F(PoolShrinkTest, a_pool_that_cannot_end_its_sessions_closes_all_the_same) {
  ConnectionPool pool = full(small());
  command("latency --method dropUserContext --ms 60000");
  pool.close();
  EXPECT_EQ(calls("dropUserContext"), 0);  // the engine has not answered, and nobody waits for it
  EXPECT_EQ(pool.statistics().in_use + pool.statistics().idle, 0U);
}

}  // namespace
}  // namespace e6::client::test
