// What comes back to a pool: closed, moved away, changed, broken.
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pool_scene.h"
#include "raw_engine.h"

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

class PoolReturnTest : public PoolScene {
 protected:
  static void tables(const PooledConnection& lent, const CallOptions& options = {}) {
    (void)lent->tables("s", {}, options);
  }
};

TEST_F(PoolReturnTest, a_connection_that_its_borrower_closed_is_lent_to_nobody) {
  ConnectionPool pool = this->pool(fixed(1));
  {
    const PooledConnection closed = pool.checkout();
    (void)run(*closed);
    closed->close();
  }
  EXPECT_EQ(pool.statistics().idle, 0U);
  for (int i = 0; i < 2; ++i) EXPECT_NO_THROW((void)run(pool.checkout()));
  EXPECT_EQ(pool.statistics().created, 2U);
  EXPECT_EQ(sessions(), 1);
}

TEST_F(PoolReturnTest, a_connection_that_was_moved_away_is_its_new_owners_and_lent_to_nobody) {
  ConnectionPool pool = this->pool(fixed(1));
  std::optional<Connection> kept;
  {
    const PooledConnection moved = pool.checkout();
    (void)run(*moved);
    kept.emplace(std::move(*moved));
  }
  EXPECT_EQ(pool.statistics().idle, 0U);
  EXPECT_EQ(pool.statistics().in_use, 0U);
  EXPECT_NO_THROW((void)run(*kept));
  EXPECT_NO_THROW((void)run(pool.checkout()));
  EXPECT_EQ(pool.statistics().created, 2U);
}

TEST_F(PoolReturnTest, a_connection_that_another_one_was_put_in_place_of_is_lent_to_nobody) {
  ConnectionPool pool = this->pool(fixed(1));
  ConnectionOptions foreign = options();
  foreign.database = "somebody_elses";
  {
    const PooledConnection replaced = pool.checkout();
    *replaced = Connection(foreign);
  }
  EXPECT_EQ(pool.statistics().idle, 0U);
  const PooledConnection own = pool.checkout();
  EXPECT_EQ(own->options().database, "db");
}

TEST_F(PoolReturnTest,
       a_fetch_that_broke_off_poisons_neither_its_connection_nor_the_next_borrower) {
  ConnectionPool pool = this->pool(fixed(1));
  for (int i = 0; i < 3; ++i) {
    {
      const PooledConnection connection = pool.checkout();
      Cursor cursor = connection->cursor();
      cursor.execute("select 1 /* rows=30 batches=3 */");
      ASSERT_TRUE(cursor.fetch_batch());
      command(
          "error --method getNextResultBatch --code UNAVAILABLE --details 'Socket closed' --count "
          "1");
      EXPECT_THROW((void)cursor.fetch_batch(), Error);
    }
    const PooledConnection next = pool.checkout();
    EXPECT_EQ(run(*next, "select 1 /* rows=30 batches=3 */"), 3);
  }
  EXPECT_EQ(pool.statistics().in_use, 0U);
  EXPECT_EQ(pool.statistics().idle, 1U);
  EXPECT_EQ(sessions(), 1);
}

/// What the statements of a test ran with: an engine that remembers the properties of each session.
class RememberingEngine {
 public:
  [[nodiscard]] ConnectionOptions options(const SegmentDirectory& directory) const {
    return options_for(engine_.target(), directory);
  }
  /// The calls since the last time, in order: "authenticate", "setProps a=1", "getTablesV2", ...
  [[nodiscard]] std::vector<std::string> take() {
    std::vector<std::string> all;
    for (const RawCall& call : engine_.take()) {
      std::string line = call.path.substr(call.path.rfind('/') + 1);
      if (line == "setProps") line += " " + call.request.substr(call.request.find('\x12') + 2);
      all.push_back(std::move(line));
    }
    return all;
  }

 private:
  RawEngine engine_{[this](const RawCall& call) {
    RawEngine::Answer answer;
    if (call.path.ends_with("/authenticate"))
      answer.response = Wire().text(1, "session-" + std::to_string(++sessions_));
    return answer;
  }};
  std::atomic<int> sessions_{0};
};

using Calls = std::vector<std::string>;

TEST_F(PoolReturnTest, properties_that_a_borrower_set_do_not_reach_the_next_one) {
  RememberingEngine remembering;
  ConnectionPool pool(remembering.options(directory_), fixed(1));
  {
    const PooledConnection mine = pool.checkout();
    mine->set_properties("a=1");
    (void)mine->tables("s");
  }
  (void)remembering.take();
  tables(pool.checkout());
  // The next borrower has a session without them, and nothing is set on it.
  EXPECT_EQ(remembering.take(), (Calls{"authenticate", "getTablesV2"}));
  // What nobody changed keeps its session.
  tables(pool.checkout());
  EXPECT_EQ(remembering.take(), (Calls{"getTablesV2"}));
}

TEST_F(PoolReturnTest,
       properties_that_the_engine_may_have_taken_do_not_reach_the_next_borrower_either) {
  ConnectionPool pool = this->pool(fixed(1));
  (void)run(pool.checkout());
  command("latency --method setProps --ms 20000");
  {
    const PooledConnection mine = pool.checkout();
    EXPECT_THROW(mine->set_properties("a=1", {.timeout = milliseconds(50)}), TimeoutError);
  }
  (void)run(pool.checkout());
  EXPECT_EQ(calls("authenticate", "", "ok"), 2);
  EXPECT_EQ(sessions(), 1);
}

TEST_F(PoolReturnTest, properties_stay_where_the_pool_is_told_so) {
  RememberingEngine remembering;
  PoolOptions limits = fixed(1);
  limits.reset_properties = false;
  ConnectionPool pool(remembering.options(directory_), limits);
  for (int i = 0; i < 2; ++i) {
    const PooledConnection mine = pool.checkout();
    mine->set_properties("a=1");
    (void)mine->tables("s");
  }
  EXPECT_EQ(remembering.take(),
            (Calls{"authenticate", "setProps a=1", "getTablesV2", "setProps a=1", "getTablesV2"}));
}

TEST_F(PoolReturnTest, a_reset_hook_sees_each_connection_that_comes_back_and_what_it_sets_stays) {
  RememberingEngine remembering;
  PoolOptions limits = fixed(1);
  int resets = 0;
  limits.reset = [&](Connection& connection, const CallOptions& bounds) {
    ++resets;
    EXPECT_TRUE(bounds.timeout);
    connection.set_properties("zone=UTC", bounds);
  };
  ConnectionPool pool(remembering.options(directory_), limits);
  {
    const PooledConnection mine = pool.checkout();
    mine->set_properties("zone=CET");
  }
  EXPECT_EQ(resets, 1);
  (void)remembering.take();
  tables(pool.checkout());
  EXPECT_EQ(remembering.take(),
            (Calls{"getTablesV2", "setProps zone=UTC"}));  // the second at its return
  EXPECT_EQ(resets, 2);
  pool.checkout().discard();
  EXPECT_EQ(resets, 2);
}

TEST_F(PoolReturnTest, a_connection_that_cannot_be_reset_is_lent_to_nobody) {
  PoolOptions limits = fixed(1);
  limits.reset = [](Connection& connection, const CallOptions& bounds) {
    connection.set_properties("a=1", bounds);
  };
  ConnectionPool pool = this->pool(limits);
  command("error --method setProps --code INVALID_ARGUMENT --details no --count 1");
  (void)run(pool.checkout());
  EXPECT_EQ(pool.statistics().discarded, 1U);
  EXPECT_EQ(pool.statistics().idle, 0U);
  EXPECT_EQ(sessions(), 0);
  (void)run(pool.checkout());
  EXPECT_EQ(pool.statistics().idle, 1U);
}

TEST_F(PoolReturnTest, a_hook_that_throws_anything_at_all_costs_its_connection_and_nothing_else) {
  PoolOptions limits = fixed(1);
  limits.reset = [](Connection&, const CallOptions&) { throw 42; };
  ConnectionPool pool = this->pool(limits);
  (void)run(pool.checkout());
  EXPECT_EQ(pool.statistics().discarded, 1U);
  EXPECT_EQ(pool.statistics().in_use, 0U);
}

TEST_F(PoolReturnTest, a_connection_that_the_hook_closed_or_kept_a_cursor_of_is_lent_to_nobody) {
  std::optional<Cursor> kept;
  PoolOptions limits = fixed(1);
  limits.reset = [&](Connection& connection, const CallOptions&) {
    if (!kept) {
      kept.emplace(connection.cursor());
    } else {
      connection.close();
    }
  };
  ConnectionPool pool = this->pool(limits);
  for (std::uint64_t i = 1; i <= 2; ++i) {
    EXPECT_NO_THROW((void)run(pool.checkout()));
    EXPECT_EQ(pool.statistics().discarded, i);
    EXPECT_EQ(pool.statistics().idle, 0U);
  }
}

TEST_F(PoolReturnTest, a_discarded_connection_leaves_its_place_to_another_and_no_session) {
  ConnectionPool pool = this->pool(fixed(1));
  PooledConnection bad = pool.checkout();
  (void)run(*bad);
  bad.discard();
  EXPECT_FALSE(bad);
  bad.discard();  // nothing
  EXPECT_EQ(sessions(), 0);
  EXPECT_EQ(pool.statistics().discarded, 1U);
  EXPECT_EQ(pool.statistics().in_use + pool.statistics().idle, 0U);
  (void)run(pool.checkout({.timeout = milliseconds(0)}));
  EXPECT_EQ(pool.statistics().created, 2U);
}

TEST_F(PoolReturnTest,
       a_connection_on_which_a_call_got_no_answer_is_tried_before_it_is_lent_again) {
  PoolOptions limits = fixed(1);
  limits.pre_ping = true;
  ConnectionPool pool = this->pool(limits);
  (void)run(pool.checkout());
  command("latency --method getTablesV2 --ms 20000");
  EXPECT_THROW(tables(pool.checkout(), {.timeout = milliseconds(50)}), TimeoutError);
  EXPECT_EQ(calls("healthCheck"), 0);
  (void)run(pool.checkout());
  EXPECT_EQ(calls("healthCheck"), 1);
  (void)run(pool.checkout());  // it answered: that is over
  EXPECT_EQ(calls("healthCheck"), 1);
}

TEST_F(PoolReturnTest, a_hook_whose_call_got_no_answer_has_the_connection_tried_as_well) {
  PoolOptions limits = fixed(1);
  limits.pre_ping = true;
  limits.reset = [](Connection& connection, const CallOptions&) {
    try {
      (void)connection.tables("s", {}, {.timeout = milliseconds(50)});
    } catch (const TimeoutError&) {  // a hook may find that not worth a connection
    }
  };
  ConnectionPool pool = this->pool(limits);
  command("latency --method getTablesV2 --ms 20000");
  (void)run(pool.checkout());
  EXPECT_EQ(pool.statistics().idle, 1U);
  EXPECT_EQ(calls("healthCheck"), 0);
  (void)run(pool.checkout());
  EXPECT_EQ(calls("healthCheck"), 1);
}

TEST_F(PoolReturnTest, a_waiter_gets_the_place_of_a_connection_that_was_closed) {
  ConnectionPool pool = this->pool(fixed(1));
  PooledConnection held = pool.checkout();
  std::jthread waiter([&] { EXPECT_NO_THROW((void)run(pool.checkout())); });
  ASSERT_TRUE(becomes([&] { return pool.statistics().waiting == 1; }));
  held->close();
  held.give_back();
  waiter.join();
  EXPECT_EQ(pool.statistics().created, 2U);
}

}  // namespace
}  // namespace e6::client::test
