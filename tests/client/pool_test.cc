// Pools: who gets a connection and when, what makes one too old or dead.
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "pool_scene.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

std::string refusal(const PoolOptions& limits) {
  try {
    limits.validate();
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

class PoolTest : public PoolScene {
 protected:
  static void query(Connection& connection) { EXPECT_EQ(run(connection), 1); }
  static void query(const PooledConnection& lent) { query(*lent); }
  static bool waiting(const ConnectionPool& pool, std::uint64_t threads) {
    return becomes([&] { return pool.statistics().waiting == threads; });
  }
};

TEST(PoolOptionsTest, have_the_connectors_defaults) {
  const PoolOptions limits;
  EXPECT_EQ(limits.min_size, 2);
  EXPECT_EQ(limits.max_size, 10);
  EXPECT_EQ(limits.max_overflow, 5);
  EXPECT_EQ(limits.checkout_timeout, std::chrono::seconds(30));
  EXPECT_EQ(limits.recycle_after, std::chrono::seconds(3600));
  EXPECT_EQ(limits.overflow_idle_timeout, std::chrono::seconds(30));
  EXPECT_EQ(limits.idle_timeout, std::chrono::minutes(10));
  EXPECT_TRUE(limits.pre_ping);
  EXPECT_EQ(refusal(limits), "");
}

TEST(PoolOptionsTest, name_the_option_the_value_and_the_range_that_is_wrong) {
  EXPECT_EQ(refusal({.max_size = 0}), "pool option max_size is 0; it must be from 1 to 1000");
  EXPECT_EQ(refusal({.min_size = 4, .max_size = 3}), "pool option min_size is 4; it must be from 0 to max_size, which is 3");
  EXPECT_EQ(refusal({.min_size = -1}), "pool option min_size is -1; it must be from 0 to max_size, which is 10");
  EXPECT_EQ(refusal({.max_overflow = 1001}), "pool option max_overflow is 1001; it must be from 0 to 1000");
  EXPECT_EQ(refusal({.checkout_timeout = milliseconds(-1)}), "pool option checkout_timeout is -1 ms; it must be from 0 s to 3600 s");
  EXPECT_EQ(refusal({.recycle_after = milliseconds(-1)}), "pool option recycle_after is -1 ms; it must be from 0 s to 604800 s");
  EXPECT_EQ(refusal({.pre_ping_after = milliseconds(-1)}), "pool option pre_ping_after is -1 ms; it must be from 0 s to 86400 s");
  EXPECT_EQ(refusal({.pre_ping_timeout = milliseconds(0)}), "pool option pre_ping_timeout is 0 s; it must be from 1 ms to 60 s");
  EXPECT_EQ(refusal({.overflow_idle_timeout = milliseconds(-1)}),
            "pool option overflow_idle_timeout is -1 ms; it must be from 0 s to 86400 s");
  EXPECT_EQ(refusal({.idle_timeout = 25 * std::chrono::hours(1)}),
            "pool option idle_timeout is 90000 s; it must be from 0 s to 86400 s");
  EXPECT_EQ(refusal({.reset_timeout = milliseconds(0)}),
            "pool option reset_timeout is 0 s; it must be from 1 ms to 60 s");
}

TEST_F(PoolTest, a_pool_begins_with_its_minimum_and_without_a_call) {
  ConnectionPool pool = this->pool({});
  EXPECT_EQ(pool.statistics().idle, 2U);
  EXPECT_EQ(pool.statistics().created, 2U);
  EXPECT_EQ(calls(""), 0);
  pool.connect();
  EXPECT_EQ(pool.statistics().idle, 2U);
  EXPECT_EQ(calls("authenticate", "blue", "ok"), 2);
}

TEST_F(PoolTest, a_connection_that_was_given_back_is_the_next_one_handed_out) {
  ConnectionPool pool = this->pool(fixed(3));
  Connection* first = nullptr;
  {
    PooledConnection connection = pool.checkout();
    first = &*connection;
    query(*connection);
    EXPECT_EQ(pool.statistics().in_use, 1U);
  }
  EXPECT_EQ(pool.statistics().in_use, 0U);
  PooledConnection again = pool.checkout();
  EXPECT_EQ(&*again, first);
  query(*again);
  EXPECT_EQ(calls("authenticate"), 1);
  EXPECT_EQ(pool.statistics().created, 1U);
  EXPECT_EQ(pool.statistics().checkouts, 2U);
}

TEST_F(PoolTest, overflow_is_made_when_all_are_in_use_and_closed_when_it_comes_back) {
  ConnectionPool pool = this->pool({.min_size = 1,
                                    .max_size = 2,
                                    .max_overflow = 2,
                                    .checkout_timeout = milliseconds(0),
                                    .overflow_idle_timeout = milliseconds(0)});
  std::vector<PooledConnection> held;
  for (int i = 0; i < 4; ++i) held.push_back(pool.checkout());
  EXPECT_EQ(pool.statistics().in_use, 4U);
  EXPECT_EQ(pool.statistics().overflow, 2U);
  EXPECT_THROW((void)pool.checkout(), PoolTimeoutError);
  held.clear();
  EXPECT_EQ(pool.statistics().idle, 2U);
  EXPECT_EQ(pool.statistics().overflow, 0U);
  EXPECT_EQ(pool.statistics().created, 4U);
  EXPECT_EQ(pool.statistics().shrunk, 2U);
}

TEST_F(PoolTest, a_checkout_that_times_out_says_how_many_are_in_use_and_what_to_do) {
  ConnectionPool pool = this->pool({.min_size = 0, .max_size = 1, .max_overflow = 1});
  const PooledConnection one = pool.checkout();
  const PooledConnection two = pool.checkout();
  try {
    (void)pool.checkout({.timeout = milliseconds(20)});
    FAIL() << "no error";
  } catch (const PoolTimeoutError& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find("2 of at most 2 are in use (max_size 1, max_overflow 1)"), std::string::npos) << said;
    EXPECT_NE(said.find("give connections back sooner, or raise max_size"), std::string::npos) << said;
  }
  EXPECT_EQ(pool.statistics().timeouts, 1U);
  EXPECT_EQ(pool.statistics().waits, 1U);
  EXPECT_EQ(pool.statistics().waiting, 0U);
}

TEST_F(PoolTest, whoever_waits_longest_is_served_first) {
  ConnectionPool pool = this->pool(fixed(1));
  PooledConnection held = pool.checkout();
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const PooledConnection mine = pool.checkout();
      const std::lock_guard guard(mutex);
      order.push_back(i);
    });
    ASSERT_TRUE(waiting(pool, static_cast<std::uint64_t>(i) + 1));
  }
  held.give_back();
  // Nobody overtakes those who wait, not even the thread that has just given a connection back.
  held = pool.checkout();
  {
    const std::lock_guard guard(mutex);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
  }
  held.give_back();
  threads.clear();
  EXPECT_EQ(pool.statistics().created, 1U);
}

TEST_F(PoolTest, a_stop_request_or_a_deadline_ends_a_wait_and_the_next_in_line_is_served) {
  ConnectionPool pool = this->pool(fixed(1));
  PooledConnection held = pool.checkout();
  std::stop_source stop;
  std::atomic<bool> cancelled{false};
  std::atomic<bool> served{false};
  std::jthread first([&] {
    try {
      (void)pool.checkout({.stop = stop.get_token()});
    } catch (const CancelledError&) {
      cancelled.store(true);
    }
  });
  ASSERT_TRUE(waiting(pool, 1));
  std::jthread second([&] {
    const PooledConnection mine = pool.checkout();
    served.store(true);
  });
  ASSERT_TRUE(waiting(pool, 2));
  stop.request_stop();
  first.join();
  EXPECT_TRUE(cancelled.load());
  EXPECT_THROW((void)pool.checkout({.stop = stop.get_token()}), CancelledError);
  EXPECT_THROW((void)pool.checkout({.deadline = Clock::now() + milliseconds(5)}), PoolTimeoutError);
  EXPECT_EQ(pool.statistics().waiting, 1U);
  held.give_back();
  second.join();
  EXPECT_TRUE(served.load());
}

TEST_F(PoolTest, a_connection_that_is_too_old_is_replaced_when_it_comes_back_and_when_it_is_idle) {
  PoolOptions limits = fixed(2);
  limits.min_size = 2;
  limits.recycle_after = milliseconds(30);
  ConnectionPool pool = this->pool(limits);
  PooledConnection used = pool.checkout();
  std::this_thread::sleep_until(Clock::now() + limits.recycle_after + milliseconds(1));
  used.give_back();
  EXPECT_EQ(pool.statistics().recycled, 2U);  // the idle one is too old as well
  EXPECT_EQ(pool.statistics().idle, 0U);
  used = pool.checkout();  // the minimum is made up again
  EXPECT_EQ(pool.statistics().created, 4U);
  EXPECT_EQ(pool.statistics().idle, 1U);
}

TEST_F(PoolTest, a_dead_connection_is_replaced_before_it_is_handed_out) {
  PoolOptions limits = fixed(1);
  limits.pre_ping = true;
  limits.pre_ping_after = milliseconds(0);
  ConnectionPool pool = this->pool(limits);
  query(pool.checkout());
  query(pool.checkout());
  EXPECT_EQ(calls("healthCheck", "", "ok"), 1);
  EXPECT_EQ(pool.statistics().created, 1U);

  command("error --method healthCheck --code UNAVAILABLE --details gone");
  query(pool.checkout());  // a new one, which nobody tries
  command("error --clear");
  EXPECT_EQ(pool.statistics().replaced, 1U);
  EXPECT_EQ(pool.statistics().created, 2U);

  command("latency --method healthCheck --ms 10000");
  query(pool.checkout(
      {.timeout = milliseconds(400)}));  // half of the caller's time is for its successor
  EXPECT_EQ(pool.statistics().replaced, 2U);
  EXPECT_EQ(pool.statistics().idle, 1U);
}

TEST_F(PoolTest, an_engine_that_answers_a_pre_ping_with_an_error_is_alive) {
  PoolOptions limits = fixed(1);
  limits.pre_ping = true;
  limits.pre_ping_after = milliseconds(0);
  ConnectionPool pool = this->pool(limits);
  query(pool.checkout());
  command("error --method healthCheck --code UNIMPLEMENTED --details unknown");
  query(pool.checkout());
  EXPECT_EQ(calls("healthCheck", "", "error"), 1);
  EXPECT_EQ(pool.statistics().replaced, 0U);
  EXPECT_EQ(pool.statistics().created, 1U);
}

TEST_F(PoolTest, a_connection_is_not_tried_before_it_was_idle_for_long) {
  PoolOptions limits = fixed(1);
  limits.pre_ping = true;
  ConnectionPool pool = this->pool(limits);
  for (int i = 0; i < 3; ++i) query(pool.checkout());
  EXPECT_EQ(calls("healthCheck"), 0);
}

TEST_F(PoolTest, a_connection_whose_cursor_still_lives_is_given_to_nobody_else_and_its_query_goes_on) {
  ConnectionPool pool = this->pool(fixed(1));
  PooledConnection connection = pool.checkout();
  Cursor cursor = connection->cursor();
  cursor.execute("select 1 /* rows=3 batches=3 */");
  connection.give_back();
  EXPECT_FALSE(connection);
  EXPECT_EQ(pool.statistics().abandoned, 1U);
  EXPECT_EQ(pool.statistics().in_use, 0U);
  EXPECT_EQ(pool.statistics().idle, 0U);
  query(pool.checkout());  // there is room for another one
  EXPECT_EQ(pool.statistics().created, 2U);
  EXPECT_EQ(drain(cursor), 3);
  cursor.clear();
  EXPECT_THROW(cursor.execute("select 1"), UsageError);
}

TEST_F(PoolTest, a_closed_pool_sends_away_who_waits_and_what_is_in_use_stays_usable) {
  ConnectionPool pool = this->pool(fixed(1));
  PooledConnection held = pool.checkout();
  std::atomic<bool> refused{false};
  std::jthread waiter([&] {
    try {
      (void)pool.checkout();
    } catch (const UsageError&) {
      refused.store(true);
    }
  });
  ASSERT_TRUE(waiting(pool, 1));
  pool.close();
  waiter.join();
  EXPECT_TRUE(refused.load());
  EXPECT_THROW((void)pool.checkout(), UsageError);
  query(*held);
  held.give_back();
  EXPECT_EQ(pool.statistics().idle, 0U);
  EXPECT_EQ(pool.statistics().in_use, 0U);
}

TEST_F(PoolTest, a_handle_may_outlive_its_pool) {
  auto pool = std::make_unique<ConnectionPool>(options(), fixed(1));
  PooledConnection held = pool->checkout();
  pool.reset();
  query(*held);
}

TEST_F(PoolTest, a_connection_that_cannot_be_made_leaves_its_place_to_others) {
  ConnectionOptions later = options();
  later.shared.directory = directory_.path() + "/later";
  later.shared.required = true;
  ConnectionPool pool(later, fixed(1));
  EXPECT_THROW((void)pool.checkout(), SharedStateError);
  EXPECT_EQ(pool.statistics().in_use, 0U);
  ASSERT_TRUE(std::filesystem::create_directory(later.shared.directory));
  query(pool.checkout({.timeout = milliseconds(0)}));
}

}  // namespace
}  // namespace e6::client::test
