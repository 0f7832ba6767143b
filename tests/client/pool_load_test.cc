// A pool with more threads than it keeps connections.
#include <algorithm>
#include <atomic>
#include <stop_token>
#include <thread>
#include <vector>

#include "pool_scene.h"

namespace e6::client::test {
namespace {

class PoolLoadTest : public PoolScene {
 protected:
  void share_four_connections(int threads, int checkouts_of_each);
};

void PoolLoadTest::share_four_connections(int threads, int checkouts_of_each) {
  std::atomic<int> most_sessions{0};
  std::atomic<int> failed{0};
  {
    ConnectionPool pool =
        this->pool({.min_size = 0, .max_size = 2, .max_overflow = 2, .checkout_timeout = kLong});
    std::jthread watcher([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) most_sessions = std::max(most_sessions.load(), sessions());
    });
    std::vector<std::jthread> users;
    for (int t = 0; t < threads; ++t) {
      users.emplace_back([&] {
        for (int i = 0; i < checkouts_of_each; ++i) {
          try {
            const PooledConnection connection = pool.checkout();
            if (i % 25 == 0) {
              (void)run(*connection);
            } else {
              (void)connection->tables("sales");
            }
          } catch (const std::exception& error) {
            if (failed++ == 0) ADD_FAILURE() << error.what();
          }
        }
      });
    }
    users.clear();
    watcher.request_stop();
    watcher.join();
    EXPECT_EQ(pool.statistics().checkouts, static_cast<std::uint64_t>(threads * checkouts_of_each));
    EXPECT_LE(pool.statistics().created, 4U);
    EXPECT_LE(calls("authenticate", "", "ok"), 4);
    EXPECT_LE(most_sessions.load(), 4);
    EXPECT_LE(sessions(), 4);
  }
  EXPECT_EQ(failed.load(), 0);
  EXPECT_EQ(sessions(), 0) << "the pool has gone and its sessions have not";
}

TEST_F(PoolLoadTest,
       ten_thousand_checkouts_by_sixteen_threads_share_four_connections_and_sessions) {
  share_four_connections(16, 625);
}

// Nobody waits for a connection: what is given back is not needed at this very moment.
TEST_F(PoolLoadTest,
       as_many_threads_as_there_may_be_connections_do_not_make_one_for_each_checkout) {
  share_four_connections(4, 250);
}

}  // namespace
}  // namespace e6::client::test
