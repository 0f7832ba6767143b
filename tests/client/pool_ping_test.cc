// Checkouts that find a connection which does not answer.
#include <chrono>

#include "pool_scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

class PoolPingTest : public PoolScene {
 protected:
  static PoolOptions pinging(int size) {
    PoolOptions limits = fixed(size);
    limits.pre_ping = true;
    limits.pre_ping_after = milliseconds(0);
    return limits;
  }
};

TEST_F(PoolPingTest,
       a_silent_connection_does_not_use_up_the_time_of_a_checkout_while_there_are_others) {
  ConnectionPool pool = this->pool(pinging(2));
  {
    const PooledConnection one = pool.checkout();
    const PooledConnection two = pool.checkout();
    (void)run(*one);
    (void)run(*two);
  }
  command("latency --method healthCheck --ms 20000");
  // The caller has less time than a pre-ping may take.
  for (int i = 0; i < 3; ++i)
    EXPECT_NO_THROW((void)run(pool.checkout({.timeout = milliseconds(400)}))) << i;
  EXPECT_EQ(pool.statistics().timeouts, 0U);
}

TEST_F(PoolPingTest, a_suspended_cluster_is_alive_and_stays_asleep) {
  ConnectionPool pool = this->pool(pinging(1));
  (void)run(pool.checkout());
  command("suspend --resume-takes 10ms");
  {
    const PooledConnection connection = pool.checkout();
    EXPECT_EQ(calls("healthCheck"), 1);
    EXPECT_EQ(calls("cluster.resume"), 0);
    EXPECT_EQ(pool.statistics().replaced, 0U);
    EXPECT_NO_THROW((void)run(*connection));  // the borrower's own call wakes it
  }
  EXPECT_EQ(calls("cluster.resume"), 1);
  EXPECT_EQ(pool.statistics().created, 1U);
}

}  // namespace
}  // namespace e6::client::test
