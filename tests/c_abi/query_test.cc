// Queries, tickets and news.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "c_abi_fixture.h"

namespace e6::c_abi_test {
namespace {

TEST_F(CAbi, a_query_keeps_its_colour_while_the_host_moves_on) {
  e6shm_t* h = host(E6SHM_BLUE);
  e6shm_strategy_t colour = 0;
  e6shm_epoch_t epoch = 0;
  e6shm_ticket_t ticket{};
  ASSERT_EQ(e6shm_begin_query(h, &ticket, &colour, &epoch), E6SHM_OK);
  EXPECT_EQ(colour, E6SHM_BLUE);
  ASSERT_EQ(e6shm_bind(h, &ticket, "q-1", 3, "10.1.2.3", E6SHM_ZERO_TERMINATED), E6SHM_OK)
      << e6shm_last_error();
  std::int32_t changed = 0;
  ASSERT_EQ(e6shm_announce(h, E6SHM_GREEN, epoch, &changed), E6SHM_OK);
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(e6shm_word_pending(e6shm_snapshot_word(h)), E6SHM_GREEN);
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(h)), E6SHM_BLUE) << "a query is in flight";
  ASSERT_EQ(e6shm_apply(h, &changed), E6SHM_OK);
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(h)), E6SHM_GREEN);
  char engine[E6SHM_ENGINE_ADDRESS_SIZE];
  e6shm_epoch_t pinned = 0;
  ASSERT_EQ(e6shm_find_query(h, "q-1", 3, &colour, &pinned, engine, sizeof engine, nullptr), E6SHM_OK)
      << e6shm_last_error();
  EXPECT_EQ(colour, E6SHM_BLUE);
  EXPECT_EQ(pinned, epoch);
  EXPECT_STREQ(engine, "10.1.2.3");
  ASSERT_EQ(e6shm_ticket_read(&ticket, &colour, &pinned), E6SHM_OK);
  EXPECT_EQ(colour, E6SHM_BLUE);
  EXPECT_EQ(pinned, epoch);
  ASSERT_EQ(e6shm_end_query(h, &ticket), E6SHM_OK);
  EXPECT_EQ(in_flight(h), 0U);
}

TEST_F(CAbi, the_end_of_the_last_query_applies_a_pending_colour) {
  e6shm_t* h = host(E6SHM_BLUE);
  e6shm_ticket_t ticket = begin(h);
  ASSERT_EQ(e6shm_announce(h, E6SHM_GREEN, e6shm_word_epoch(e6shm_snapshot_word(h)), nullptr), E6SHM_OK);
  ASSERT_EQ(e6shm_end_query(h, &ticket), E6SHM_OK);
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(h)), E6SHM_GREEN);
  EXPECT_EQ(e6shm_word_pending(e6shm_snapshot_word(h)), E6SHM_NONE);
}

TEST_F(CAbi, a_copy_of_a_ticket_that_was_given_back_is_an_error_and_ends_no_other_query) {
  e6shm_t* h = host(E6SHM_BLUE);
  e6shm_ticket_t ticket = begin(h);
  e6shm_ticket_t copy = ticket;
  ASSERT_EQ(e6shm_end_query(h, &ticket), E6SHM_OK);
  EXPECT_EQ(e6shm_end_query(h, &ticket), E6SHM_OK) << "zeroed: no query";
  e6shm_ticket_t next = begin(h);  // takes the place that came free
  EXPECT_EQ(e6shm_end_query(h, &copy), E6SHM_ERR_ENDED);
  EXPECT_EQ(e6shm_bind(h, &copy, "q", 1, nullptr, 0), E6SHM_ERR_ENDED);
  EXPECT_EQ(in_flight(h), 1U);
  EXPECT_EQ(e6shm_end_query(h, &next), E6SHM_OK);
}

TEST_F(CAbi, a_forged_ticket_is_refused) {
  e6shm_t* h = host(E6SHM_BLUE);
  const e6shm_ticket_t ticket = begin(h);
  for (std::size_t word = 0; word < 8; ++word) {
    for (int bit = 0; bit < 64; ++bit) {
      e6shm_ticket_t forged = ticket;
      forged.opaque[word] ^= std::uint64_t{1} << bit;
      ASSERT_EQ(e6shm_end_query(h, &forged), E6SHM_ERR_BAD_TICKET) << "word " << word << " bit " << bit;
    }
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 10'000; ++i) {
    e6shm_ticket_t forged = ticket;
    for (std::uint64_t& w : forged.opaque)
      if (random() % 2 == 0) w = random() % 3 == 0 ? random() % 4 : random();
    if (std::memcmp(&forged, &ticket, sizeof ticket) == 0) continue;
    std::int32_t status = e6shm_bind(h, &forged, "q", 1, nullptr, 0);
    ASSERT_EQ(status, E6SHM_ERR_BAD_TICKET);
  }
  e6shm_ticket_t none{};
  EXPECT_EQ(e6shm_bind(h, &none, "q", 1, nullptr, 0), E6SHM_ERR_BAD_TICKET);
  EXPECT_EQ(e6shm_ticket_read(&none, nullptr, nullptr), E6SHM_ERR_BAD_TICKET);
  EXPECT_EQ(in_flight(h), 1U);
}

TEST_F(CAbi, a_ticket_works_with_its_own_handle_only) {
  e6shm_ticket_t ticket = begin(host(E6SHM_BLUE));
  EXPECT_EQ(e6shm_end_query(second_handle(), &ticket), E6SHM_ERR_BAD_TICKET);
  EXPECT_EQ(e6shm_end_query(host(), &ticket), E6SHM_OK);
}

TEST_F(CAbi, detaching_ends_the_queries_begun_through_the_handle_and_no_other) {
  e6shm_t* one = host(E6SHM_BLUE);
  e6shm_t* two = second_handle();
  std::vector<e6shm_ticket_t> through_one;
  for (int i = 0; i < 300; ++i) through_one.push_back(begin(one));
  e6shm_ticket_t through_two = begin(two);
  EXPECT_EQ(in_flight(two), 301U);
  first_ = nullptr;
  ASSERT_EQ(e6shm_detach(one), E6SHM_OK);
  EXPECT_EQ(in_flight(two), 1U);
  EXPECT_EQ(e6shm_end_query(two, &through_one[7]), E6SHM_ERR_ENDED);
  EXPECT_EQ(e6shm_end_query(two, &through_two), E6SHM_OK);
  EXPECT_EQ(in_flight(two), 0U);
}

TEST_F(CAbi, a_query_bound_elsewhere_can_be_found_and_ended_by_its_id) {
  e6shm_t* h = host(E6SHM_GREEN);
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t other = start_child([&] {
    e6shm_ticket_t ticket;
    char byte = 0;
    E6_CHILD_CHECK(e6shm_begin_query(h, &ticket, nullptr, nullptr) == E6SHM_OK);
    E6_CHILD_CHECK(e6shm_bind(h, &ticket, "from-a-child", E6SHM_ZERO_TERMINATED, "engine-9", 8) == E6SHM_OK);
    E6_CHILD_CHECK(::write(ready[1], "x", 1) == 1 && ::read(done[0], &byte, 1) == 1);
    return 0;
  });
  char byte = 0;
  ::close(ready[1]);
  const bool told = ::read(ready[0], &byte, 1) == 1;
  e6shm_strategy_t colour = 0;
  char engine[4];
  std::size_t length = 0;
  if (told) {
    EXPECT_EQ(e6shm_find_query(h, "from-a-child", 12, &colour, nullptr, engine, sizeof engine, &length),
              E6SHM_ERR_TOO_LONG);
    EXPECT_EQ(colour, E6SHM_GREEN);
    EXPECT_EQ(length, 8U);
    EXPECT_EQ(e6shm_end_query_by_id(h, "from-a-child", 12), E6SHM_OK) << e6shm_last_error();
    EXPECT_EQ(e6shm_end_query_by_id(h, "from-a-child", 12), E6SHM_ERR_UNKNOWN);
    EXPECT_EQ(e6shm_find_query(h, "from-a-child", 12, &colour, nullptr, nullptr, 0, &length),
              E6SHM_ERR_UNKNOWN);
    EXPECT_EQ(colour, E6SHM_NONE);
  }
  EXPECT_EQ(::write(done[1], "x", 1), 1);
  EXPECT_EQ(status_of(other), 0);
  EXPECT_TRUE(told);
  for (const int fd : {ready[0], done[0], done[1]}) ::close(fd);
}

TEST_F(CAbi, an_id_that_is_too_long_or_odd_is_an_error_and_the_query_goes_on) {
  e6shm_t* h = host(E6SHM_BLUE);
  e6shm_ticket_t ticket = begin(h);
  const std::string longest(96, 'q');
  const std::string too_long(97, 'q');
  const std::string endless(100'000, 'q');
  EXPECT_EQ(e6shm_bind(h, &ticket, too_long.c_str(), too_long.size(), "e", 1), E6SHM_ERR_TOO_LONG);
  EXPECT_EQ(e6shm_bind(h, &ticket, endless.c_str(), E6SHM_ZERO_TERMINATED, "e", 1), E6SHM_ERR_TOO_LONG);
  EXPECT_EQ(e6shm_bind(h, &ticket, "q", 1, endless.c_str(), 121), E6SHM_ERR_TOO_LONG);
  EXPECT_EQ(e6shm_bind(h, &ticket, "", 0, "e", 1), E6SHM_ERR_BAD_ARGUMENT);
  EXPECT_EQ(e6shm_bind(h, &ticket, "a\0b", 3, "e", 1), E6SHM_ERR_BAD_ARGUMENT);
  EXPECT_EQ(e6shm_find_query(h, endless.c_str(), endless.size(), nullptr, nullptr, nullptr, 0, nullptr),
            E6SHM_ERR_TOO_LONG);
  EXPECT_EQ(e6shm_find_query(h, too_long.c_str(), too_long.size(), nullptr, nullptr, nullptr, 0, nullptr),
            E6SHM_ERR_UNKNOWN);
  EXPECT_EQ(in_flight(h), 1U);
  EXPECT_EQ(e6shm_bind(h, &ticket, longest.c_str(), longest.size(), endless.c_str(), 120), E6SHM_OK)
      << e6shm_last_error();
  char engine[E6SHM_ENGINE_ADDRESS_SIZE];
  EXPECT_EQ(e6shm_find_query(h, longest.c_str(), 96, nullptr, nullptr, engine, sizeof engine, nullptr),
            E6SHM_OK);
  EXPECT_EQ(std::strlen(engine), 120U);
  EXPECT_EQ(e6shm_end_query(h, &ticket), E6SHM_OK);
}

TEST_F(CAbi, of_many_threads_that_end_one_ticket_exactly_one_ends_it) {
  e6shm_t* h = host(E6SHM_BLUE);
  for (int round = 0; round < 200; ++round) {
    const e6shm_ticket_t ticket = begin(h);
    std::atomic<int> ended{0};
    std::atomic<int> other{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        e6shm_ticket_t copy = ticket;
        const std::int32_t status = e6shm_end_query(h, &copy);
        if (status == E6SHM_OK) ++ended;
        if (status != E6SHM_OK && status != E6SHM_ERR_ENDED) ++other;
      });
    for (std::thread& t : threads) t.join();
    ASSERT_EQ(ended, 1);
    ASSERT_EQ(other, 0);
  }
  EXPECT_EQ(in_flight(h), 0U);
}

TEST_F(CAbi, threads_begin_bind_and_end_queries_side_by_side) {
  e6shm_t* h = host(E6SHM_BLUE);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; n < 2'000; ++n) {
        e6shm_ticket_t tickets[3] = {};
        const std::string id = std::to_string(i) + "-" + std::to_string(n);
        for (e6shm_ticket_t& t : tickets)
          if (e6shm_begin_query(h, &t, nullptr, nullptr) != E6SHM_OK) ++wrong;
        if (e6shm_bind(h, &tickets[1], id.c_str(), id.size(), "e", 1) != E6SHM_OK) ++wrong;
        if (e6shm_find_query(h, id.c_str(), id.size(), nullptr, nullptr, nullptr, 0, nullptr) != E6SHM_OK)
          ++wrong;
        for (e6shm_ticket_t& t : tickets)
          if (e6shm_end_query(h, &t) != E6SHM_OK) ++wrong;
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(in_flight(h), 0U);
}

TEST_F(CAbi, a_mismatch_is_news_once_and_old_news_afterwards) {
  e6shm_t* h = host(E6SHM_BLUE);
  const e6shm_epoch_t sent_in = e6shm_word_epoch(e6shm_snapshot_word(h));
  std::int32_t changed = 0;
  ASSERT_EQ(e6shm_mismatch(h, E6SHM_BLUE, sent_in, &changed), E6SHM_OK);
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(e6shm_word_usable(e6shm_snapshot_word(h)), 0);
  ASSERT_EQ(e6shm_mismatch(h, E6SHM_BLUE, sent_in, &changed), E6SHM_OK);
  EXPECT_EQ(changed, 0);
  std::uint64_t counted = 0;
  ASSERT_EQ(e6shm_counter(h, E6SHM_COUNTER_MISMATCHES, &counted), E6SHM_OK);
  EXPECT_EQ(counted, 2U);
  ASSERT_EQ(e6shm_announce(h, E6SHM_GREEN, sent_in, &changed), E6SHM_OK);
  EXPECT_EQ(changed, 0);
}

TEST_F(CAbi, the_operators_actions_change_what_the_host_knows_and_stand_in_the_events) {
  e6shm_t* h = host(E6SHM_GREEN);
  std::int32_t changed = 0;
  EXPECT_EQ(e6shm_expire(h, &changed), E6SHM_OK);
  EXPECT_EQ(changed, 1);
  EXPECT_EQ(e6shm_word_usable(e6shm_snapshot_word(h)), 0);
  EXPECT_EQ(e6shm_clear(h, &changed), E6SHM_OK);
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(h)), E6SHM_NONE);
  e6shm_event_t events[64];
  std::size_t count = 0;
  ASSERT_EQ(e6shm_recent_events(h, events, std::size(events), &count), E6SHM_OK);
  std::vector<std::int32_t> kinds;
  for (std::size_t i = 0; i < count; ++i) {
    kinds.push_back(events[i].kind);
    EXPECT_EQ(events[i].reserved, 0U);
    EXPECT_STRNE(e6shm_event_name(events[i].kind), "undefined");
    if (i > 0) {
      EXPECT_GT(events[i].sequence, events[i - 1].sequence);
    }
  }
  const auto has = [&](std::int32_t kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  EXPECT_TRUE(has(E6SHM_EVENT_CREATED));
  EXPECT_TRUE(has(E6SHM_EVENT_OPERATOR_SET));
  EXPECT_TRUE(has(E6SHM_EVENT_EXPIRED));
  EXPECT_TRUE(has(E6SHM_EVENT_OPERATOR_CLEARED));
  ASSERT_EQ(e6shm_recent_events(h, events, 1, &count), E6SHM_OK);
  ASSERT_EQ(count, 1U);
  EXPECT_EQ(events[0].kind, kinds.back()) << "the latest";
  EXPECT_EQ(events[0].pid, static_cast<std::uint32_t>(::getpid()));
}

TEST_F(CAbi, all_counters_come_in_one_call) {
  e6shm_t* h = host(E6SHM_BLUE);
  e6shm_ticket_t ticket = begin(h);
  std::uint64_t values[E6SHM_COUNTER_COUNT + 3];
  std::memset(values, 0xff, sizeof values);
  std::size_t count = 0;
  ASSERT_EQ(e6shm_counters(h, nullptr, 0, &count), E6SHM_OK);
  EXPECT_EQ(count, static_cast<std::size_t>(E6SHM_COUNTER_COUNT));
  ASSERT_EQ(e6shm_counters(h, values, std::size(values), &count), E6SHM_OK);
  EXPECT_EQ(values[E6SHM_COUNTER_HITS], 1U);
  EXPECT_EQ(values[E6SHM_COUNTER_QUERIES_BEGUN], 1U);
  EXPECT_EQ(values[E6SHM_COUNTER_COUNT + 2], 0U);
  EXPECT_EQ(e6shm_end_query(h, &ticket), E6SHM_OK);
}

}  // namespace
}  // namespace e6::c_abi_test
