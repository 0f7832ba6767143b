// A pool under load while the cluster switches.
#include <atomic>
#include <nlohmann/json.hpp>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "pool_scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

// All that the pool has, taken out at once; only for a pool in which nothing is in use.
std::set<Connection*> everything(ConnectionPool& pool) {
  std::vector<PooledConnection> held;
  std::set<Connection*> all;
  for (auto left = pool.statistics().idle; left > 0; --left) {
    held.push_back(pool.checkout());
    all.insert(&*held.back());
  }
  return all;
}

// Threads that take a connection, run a query and give it back, until they are stopped.
class Users {
 public:
  Users(ConnectionPool& pool, int threads) : rounds_(static_cast<std::size_t>(threads)) {
    for (std::atomic<int>& rounds : rounds_) {
      threads_.emplace_back([this, &pool, &rounds](const std::stop_token& stop) {
        for (; !stop.stop_requested(); ++rounds) use(pool);
      });
    }
  }
  /// True when every thread has finished so many more rounds.
  bool all_do(int more) {
    std::vector<int> goal;
    for (const auto& rounds : rounds_) goal.push_back(rounds.load() + more);
    return becomes([&] {
      for (std::size_t i = 0; i < goal.size(); ++i) {
        if (rounds_[i].load() < goal[i]) return false;
      }
      return true;
    });
  }
  void stop() { threads_.clear(); }

  std::atomic<int> refused{0};  // checkouts
  std::atomic<int> lost{0};     // queries that went with their colour
  std::atomic<int> failed{0};   // anything else

 private:
  void use(ConnectionPool& pool) {
    PooledConnection connection;
    try {
      connection = pool.checkout();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
      ++refused;
      return;
    }
    try {
      Cursor cursor = connection->cursor();
      cursor.execute("select 1 /* rows=20 batches=2 fetch_ms=1 */");
      while (cursor.fetch_batch()) {
      }
      cursor.clear();
    } catch (const QueryLostError&) {
      ++lost;
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
      ++failed;
    }
  }

  std::vector<std::atomic<int>> rounds_;
  std::vector<std::jthread> threads_;
};

using PoolSwitchTest = PoolScene;

TEST_F(PoolSwitchTest, a_graceful_and_an_abrupt_switch_under_load_leave_the_pool_as_it_is) {
  // Every checkout tries its connection, in the middle of a switch too.
  PoolOptions limits = fixed(4);
  limits.min_size = 4;
  limits.pre_ping = true;
  limits.pre_ping_after = milliseconds(0);
  ConnectionPool pool(options(), limits);
  pool.connect();
  const std::set<Connection*> before = everything(pool);
  ASSERT_EQ(before.size(), 4U);
  const auto active = [&] {
    const PooledConnection any = pool.checkout();
    return any->coordinator().snapshot().active;
  };

  Users users(pool, 8);
  ASSERT_TRUE(users.all_do(3));
  command("switch green graceful --announce 100ms --drain 300ms");
  ASSERT_TRUE(becomes([&] { return active() == Strategy::kGreen; }));
  ASSERT_TRUE(users.all_do(3));
  ASSERT_TRUE(becomes([&] { return nlohmann::json::parse(engine().stats_json())["state"]["phase"] == "steady"; }));
  EXPECT_EQ(users.lost, 0);
  command("switch blue abrupt");
  ASSERT_TRUE(becomes([&] { return active() == Strategy::kBlue; }));
  ASSERT_TRUE(users.all_do(3));
  users.stop();

  EXPECT_EQ(users.refused, 0);
  EXPECT_EQ(users.failed, 0);
  EXPECT_LE(users.lost, 4);  // what ran on green when it went
  const PoolStatistics now = pool.statistics();
  EXPECT_EQ(now.created, 4U);
  EXPECT_EQ(now.replaced + now.recycled + now.abandoned + now.timeouts, 0U);
  EXPECT_EQ(now.idle, 4U);
  EXPECT_GT(now.waits, 0U);
  EXPECT_EQ(everything(pool), before);
  EXPECT_EQ(total("query_calls_on_other_colour"), 0);
}

}  // namespace
}  // namespace e6::client::test
