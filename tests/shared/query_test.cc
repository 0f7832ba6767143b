// A query's life on one host: begun, bound, found, ended; and what its ticket does.
#include "fixture.h"

namespace e6::shared_test {
namespace {

class QueryTest : public SharedTest {};

TEST_F(QueryTest, a_query_keeps_the_colour_it_began_with) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(q);
  EXPECT_EQ(q->strategy(), Strategy::kBlue);
  ASSERT_TRUE(c->bind(*q, "query-1", "10.0.0.7:1234").ok());
  ASSERT_TRUE(c->set(Strategy::kGreen));
  const auto pin = c->find_query("query-1");
  ASSERT_TRUE(pin);
  EXPECT_EQ(pin->strategy, Strategy::kBlue);
  EXPECT_EQ(pin->engine_address, "10.0.0.7:1234");
  EXPECT_EQ(pin->epoch, q->epoch());
  c->end_query(std::move(*q));
  EXPECT_FALSE(c->find_query("query-1"));
  EXPECT_FALSE(q->active());
}

TEST_F(QueryTest, an_unbound_query_counts_and_cannot_be_found) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  EXPECT_EQ(c->in_flight(), 1U);
  EXPECT_FALSE(c->find_query("query-1"));
  EXPECT_FALSE(c->find_query(""));
}

TEST_F(QueryTest, a_query_can_be_ended_by_its_id_from_anywhere) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "").ok());
  EXPECT_TRUE(c->end_query("query-1"));
  EXPECT_EQ(c->in_flight(), 0U);
  EXPECT_FALSE(c->end_query("query-1"));
  EXPECT_FALSE(c->end_query("never-begun"));
}

TEST_F(QueryTest, a_query_ended_by_its_id_and_then_by_its_ticket_ends_once) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "query-1", "").ok());
  ASSERT_TRUE(c->end_query("query-1"));
  auto other = c->begin_query();
  ASSERT_TRUE(c->bind(*other, "query-2", "").ok());
  c->end_query(std::move(*q));
  EXPECT_TRUE(c->find_query("query-2"));
  EXPECT_EQ(c->in_flight(), 1U);
  EXPECT_EQ(c->counter(Counter::kQueriesBegun), 2U);
  EXPECT_EQ(c->counter(Counter::kQueriesEnded), 1U);
}

TEST_F(QueryTest, the_longest_texts_fit_and_longer_ones_are_told) {
  auto c = attach_with(Strategy::kGreen);
  auto q = c->begin_query();
  EXPECT_EQ(c->bind(*q, std::string(97, 'q'), "").cause, Cause::kTooLong);
  EXPECT_EQ(c->bind(*q, "q", std::string(121, 'e')).cause, Cause::kTooLong);
  EXPECT_EQ(c->bind(*q, "", "").cause, Cause::kTooLong);
  EXPECT_EQ(c->in_flight(), 1U);
  const std::string id(96, 'q');
  ASSERT_TRUE(c->bind(*q, id, std::string(120, 'e')).ok());
  const auto pin = c->find_query(id);
  ASSERT_TRUE(pin);
  EXPECT_EQ(pin->engine_address, std::string(120, 'e'));
  EXPECT_FALSE(c->find_query(id + "q"));
  EXPECT_FALSE(c->find_query(std::string(95, 'q')));
}

TEST_F(QueryTest, texts_of_every_length_come_back_as_they_were) {
  auto c = attach_with(Strategy::kGreen);
  for (std::size_t n = 1; n <= 96; ++n) {
    auto q = c->begin_query();
    std::string id;
    for (std::size_t i = 0; i < n; ++i) id += static_cast<char>('a' + (i * 7 + n) % 26);
    const std::string engine = id.substr(0, n - 1);
    ASSERT_TRUE(c->bind(*q, id, engine).ok());
    ASSERT_TRUE(c->find_query(id)) << n;
    EXPECT_EQ(c->find_query(id)->engine_address, engine);
  }
}

TEST_F(QueryTest, a_ticket_that_goes_out_of_scope_ends_its_query) {
  auto c = attach_with(Strategy::kBlue);
  {
    auto q = c->begin_query();
    EXPECT_EQ(c->in_flight(), 1U);
  }
  EXPECT_EQ(c->in_flight(), 0U);
  EXPECT_EQ(c->counter(Counter::kQueriesEnded), 1U);
}

TEST_F(QueryTest, a_ticket_can_be_moved_and_ends_its_query_once) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  QueryTicket moved = std::move(*q);
  EXPECT_FALSE(q->active());
  EXPECT_TRUE(moved.active());
  q.reset();
  EXPECT_EQ(c->in_flight(), 1U);
  QueryTicket& same = moved;
  moved = std::move(same);
  EXPECT_TRUE(moved.active());
  moved = *c->begin_query();
  EXPECT_EQ(c->in_flight(), 1U);
  EXPECT_EQ(c->counter(Counter::kQueriesEnded), 1U);
  moved = QueryTicket();
  EXPECT_EQ(c->in_flight(), 0U);
}

TEST_F(QueryTest, an_empty_ticket_stands_for_nothing) {
  auto c = attach_with(Strategy::kBlue);
  QueryTicket nothing;
  EXPECT_FALSE(nothing.active());
  EXPECT_EQ(c->bind(nothing, "q", "").cause, Cause::kUnknown);
  c->end_query(std::move(nothing));
  EXPECT_EQ(c->counter(Counter::kQueriesEnded), 0U);
}

TEST_F(QueryTest, a_ticket_may_outlive_every_coordinator) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  const std::string where = c->path();
  c.reset();
  EXPECT_TRUE(inspect::look(where).pins.empty());
  q.reset();
  EXPECT_TRUE(attach()->begin_query());
}

TEST_F(QueryTest, a_query_of_a_fixed_colour_needs_no_usable_one) {
  auto c = attach();
  const QueryTicket q = c->begin_query_on(Strategy::kGreen, {3, 4});
  EXPECT_EQ(q.strategy(), Strategy::kGreen);
  EXPECT_EQ(q.epoch(), (Epoch{3, 4}));
  EXPECT_EQ(c->in_flight(), 1U);
}

TEST_F(QueryTest, a_second_bind_of_the_same_query_is_refused) {
  auto c = attach_with(Strategy::kBlue);
  auto q = c->begin_query();
  ASSERT_TRUE(c->bind(*q, "one", "").ok());
  EXPECT_EQ(c->bind(*q, "two", "").cause, Cause::kUnknown);
  EXPECT_TRUE(c->find_query("one"));
  EXPECT_FALSE(c->find_query("two"));
}

TEST_F(QueryTest, queries_beyond_the_last_pin_are_counted_and_go_on) {
  auto c = attach_with(Strategy::kBlue);
  std::vector<QueryTicket> all;
  for (std::uint32_t i = 0; i < layout::kPins; ++i) all.push_back(*c->begin_query());
  EXPECT_EQ(c->counter(Counter::kPinsOverflowed), 0U);
  QueryTicket beyond = *c->begin_query();
  QueryTicket further = *c->begin_query();
  EXPECT_EQ(beyond.strategy(), Strategy::kBlue);
  EXPECT_EQ(c->counter(Counter::kPinsOverflowed), 2U);
  EXPECT_EQ(c->in_flight(), layout::kPins + 2);
  EXPECT_EQ(c->bind(beyond, "q", "").cause, Cause::kFull);
  all.clear();
  EXPECT_EQ(c->in_flight(), 2U);
  c->end_query(std::move(beyond));
  EXPECT_EQ(c->in_flight(), 1U);
  c->end_query(std::move(further));
  EXPECT_EQ(c->in_flight(), 0U);
  EXPECT_EQ(inspect::look(c->path()).pins.size(), 0U);
  auto again = c->begin_query();
  EXPECT_TRUE(c->bind(*again, "q", "").ok());
}

TEST_F(QueryTest, every_bound_query_of_a_full_table_is_found) {
  auto c = attach_with(Strategy::kBlue);
  std::vector<QueryTicket> all;
  for (std::uint32_t i = 0; i < layout::kPins; ++i) {
    all.push_back(*c->begin_query());
    ASSERT_TRUE(c->bind(all.back(), "query-" + std::to_string(i), std::to_string(i)).ok());
  }
  for (std::uint32_t i = 0; i < layout::kPins; i += 17) {
    const auto pin = c->find_query("query-" + std::to_string(i));
    ASSERT_TRUE(pin) << i;
    EXPECT_EQ(pin->engine_address, std::to_string(i));
  }
}

}  // namespace
}  // namespace e6::shared_test
