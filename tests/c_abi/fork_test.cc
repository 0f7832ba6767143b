// Handles, tickets and leases on both sides of a fork.
#include <atomic>
#include <thread>
#include <vector>

#include "c_abi_fixture.h"

namespace e6::c_abi_test {
namespace {

TEST_F(CAbi, a_child_with_its_parents_ticket_gets_an_error_and_the_parents_query_goes_on) {
  e6shm_t* h = host(E6SHM_BLUE);
  e6shm_ticket_t ticket = begin(h);
  EXPECT_EQ(0, in_child([&] {
              e6shm_ticket_t copy = ticket;
              e6shm_strategy_t colour = 0;
              E6_CHILD_CHECK(e6shm_end_query(h, &copy) == E6SHM_ERR_FORKED);
              E6_CHILD_CHECK(e6shm_bind(h, &copy, "q", 1, nullptr, 0) == E6SHM_ERR_FORKED);
              E6_CHILD_CHECK(e6shm_ticket_read(&copy, &colour, nullptr) == E6SHM_OK && colour == E6SHM_BLUE);
              e6shm_ticket_t own;
              E6_CHILD_CHECK(e6shm_begin_query(h, &own, nullptr, nullptr) == E6SHM_OK);
              E6_CHILD_CHECK(in_flight(h) == 2);
              E6_CHILD_CHECK(e6shm_end_query(h, &copy) == E6SHM_ERR_FORKED);
              E6_CHILD_CHECK(e6shm_end_query(h, &own) == E6SHM_OK);
              E6_CHILD_CHECK(in_flight(h) == 1);
              E6_CHILD_CHECK(e6shm_detach(h) == E6SHM_OK);
              return 0;
            }));
  EXPECT_EQ(in_flight(h), 1U);
  EXPECT_EQ(e6shm_end_query(h, &ticket), E6SHM_OK) << e6shm_last_error();
}

TEST_F(CAbi, a_child_with_its_parents_lease_gets_an_error_and_the_parent_keeps_it) {
  e6shm_t* h = host();
  e6shm_detection_t d;
  ASSERT_EQ(e6shm_detect_begin(h, 0, &d), E6SHM_OK);
  ASSERT_EQ(d.outcome, E6SHM_DETECT_PROBE);
  EXPECT_EQ(0, in_child([&] {
              e6shm_lease_t copy = d.lease;
              E6_CHILD_CHECK(e6shm_detect_succeed(h, &copy, E6SHM_BLUE) == E6SHM_ERR_FORKED);
              E6_CHILD_CHECK(e6shm_detect_abandon(h, &copy) == E6SHM_ERR_FORKED);
              return 0;
            }));
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(h)), E6SHM_NONE);
  EXPECT_EQ(e6shm_detect_succeed(h, &d.lease, E6SHM_GREEN), E6SHM_OK) << e6shm_last_error();
}

TEST_F(CAbi, a_ticket_sent_to_a_sibling_is_an_error_there) {
  e6shm_t* h = host(E6SHM_BLUE);
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t one = start_child([&] {
    e6shm_ticket_t ticket;
    E6_CHILD_CHECK(e6shm_begin_query(h, &ticket, nullptr, nullptr) == E6SHM_OK);
    E6_CHILD_CHECK(::write(pipe_ends[1], &ticket, sizeof ticket) == static_cast<ssize_t>(sizeof ticket));
    return 0;
  });
  EXPECT_EQ(status_of(one), 0);
  EXPECT_EQ(0, in_child([&] {
              e6shm_ticket_t own;
              e6shm_ticket_t received;
              E6_CHILD_CHECK(e6shm_begin_query(h, &own, nullptr, nullptr) == E6SHM_OK);
              E6_CHILD_CHECK(::read(pipe_ends[0], &received, sizeof received) ==
                             static_cast<ssize_t>(sizeof received));
              E6_CHILD_CHECK(e6shm_end_query(h, &received) == E6SHM_ERR_FORKED);
              E6_CHILD_CHECK(e6shm_end_query(h, &own) == E6SHM_OK);
              return 0;
            }));
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST_F(CAbi, children_forked_while_other_threads_are_inside_the_library_work_at_once) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer (GCC 12) does not make its allocator's locks anew in a forked child, which hangs in the first allocation";
#endif
  e6shm_t* h = host(E6SHM_BLUE);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  const e6shm_ticket_t contended = begin(h);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!stop) {
        e6shm_ticket_t t;
        if (e6shm_begin_query(h, &t, nullptr, nullptr) != E6SHM_OK) ++wrong;
        if (e6shm_bind(h, &t, "some-id", 7, "e", 1) != E6SHM_OK) ++wrong;
        (void)e6shm_bind(h, &contended, "contended", 9, "e", 1);
        if (e6shm_end_query(h, &t) != E6SHM_OK) ++wrong;
        e6shm_t* another = nullptr;
        const e6shm_options_t o = options();
        if (e6shm_attach(&o, &another) != E6SHM_OK || e6shm_detach(another) != E6SHM_OK) ++wrong;
      }
    });
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(0, in_child([&] {
                e6shm_ticket_t copy = contended;
                E6_CHILD_CHECK(e6shm_end_query(h, &copy) == E6SHM_ERR_FORKED);
                for (int n = 0; n < 20; ++n) {
                  e6shm_ticket_t t;
                  E6_CHILD_CHECK(e6shm_begin_query(h, &t, nullptr, nullptr) == E6SHM_OK);
                  E6_CHILD_CHECK(e6shm_end_query(h, &t) == E6SHM_OK);
                }
                e6shm_t* another = nullptr;
                const e6shm_options_t o = options();
                E6_CHILD_CHECK(e6shm_attach(&o, &another) == E6SHM_OK);
                E6_CHILD_CHECK(e6shm_detach(another) == E6SHM_OK);
                return 0;
              }));
  }
  stop = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(CAbi, a_grandchild_has_tickets_of_its_own_too) {
  e6shm_t* h = host(E6SHM_BLUE);
  const e6shm_ticket_t parents = begin(h);
  EXPECT_EQ(0, in_child([&] {
              e6shm_ticket_t childs;
              E6_CHILD_CHECK(e6shm_begin_query(h, &childs, nullptr, nullptr) == E6SHM_OK);
              const int grandchild = in_child([&] {
                e6shm_ticket_t a = parents;
                e6shm_ticket_t b = childs;
                e6shm_ticket_t own;
                E6_CHILD_CHECK(e6shm_end_query(h, &a) == E6SHM_ERR_FORKED &&
                               e6shm_end_query(h, &b) == E6SHM_ERR_FORKED);
                E6_CHILD_CHECK(e6shm_begin_query(h, &own, nullptr, nullptr) == E6SHM_OK);
                E6_CHILD_CHECK(e6shm_end_query(h, &a) == E6SHM_ERR_FORKED &&
                               e6shm_end_query(h, &b) == E6SHM_ERR_FORKED);
                E6_CHILD_CHECK(e6shm_end_query(h, &own) == E6SHM_OK);
                return 0;
              });
              E6_CHILD_CHECK(grandchild == 0);
              E6_CHILD_CHECK(e6shm_end_query(h, &childs) == E6SHM_OK);
              return 0;
            }));
}

}  // namespace
}  // namespace e6::c_abi_test
