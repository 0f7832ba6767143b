// Detection and resuming, without callbacks.
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "c_abi_fixture.h"

namespace e6::c_abi_test {
namespace {

e6shm_detection_t detect(e6shm_t* handle, std::int64_t timeout_ms = -1) {
  e6shm_detection_t d{};
  EXPECT_EQ(e6shm_detect_begin(handle, timeout_ms, &d), E6SHM_OK) << e6shm_last_error();
  return d;
}

bool empty(const e6shm_lease_t& lease) {
  for (const std::uint64_t w : lease.opaque)
    if (w != 0) return false;
  return true;
}

TEST_F(CAbi, one_process_probes_and_another_takes_its_answer) {
  e6shm_t* h = host();
  e6shm_detection_t mine = detect(h);
  ASSERT_EQ(mine.outcome, E6SHM_DETECT_PROBE);
  EXPECT_EQ(mine.order[0], E6SHM_BLUE);
  EXPECT_EQ(mine.order[1], E6SHM_GREEN);
  const pid_t other = start_child([&] {
    e6shm_detection_t d;
    E6_CHILD_CHECK(e6shm_detect_try(h, &d) == E6SHM_OK && d.outcome == E6SHM_DETECT_BUSY);
    E6_CHILD_CHECK(e6shm_detect_begin(h, 0, &d) == E6SHM_OK && d.outcome == E6SHM_DETECT_TIMEOUT);
    E6_CHILD_CHECK(e6shm_detect_begin(h, -1, &d) == E6SHM_OK);
    E6_CHILD_CHECK(d.outcome == E6SHM_DETECT_USABLE && d.snapshot.active == E6SHM_GREEN && empty(d.lease));
    return 0;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(e6shm_detect_refused(h, &mine.lease, E6SHM_BLUE), E6SHM_OK) << e6shm_last_error();
  EXPECT_EQ(e6shm_detect_extend(h, &mine.lease), E6SHM_OK) << e6shm_last_error();
  e6shm_lease_t copy = mine.lease;
  EXPECT_EQ(e6shm_detect_succeed(h, &mine.lease, E6SHM_GREEN), E6SHM_OK) << e6shm_last_error();
  EXPECT_TRUE(empty(mine.lease));
  EXPECT_EQ(status_of(other), 0);
  EXPECT_EQ(e6shm_detect_succeed(h, &copy, E6SHM_BLUE), E6SHM_ERR_ENDED);
  EXPECT_EQ(e6shm_detect_abandon(h, &mine.lease), E6SHM_OK) << "no lease";
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(h)), E6SHM_GREEN);
}

TEST_F(CAbi, a_refusal_in_doubt_is_verified_although_the_colour_is_usable) {
  e6shm_t* h = host();
  e6shm_detection_t first = detect(h);
  ASSERT_EQ(e6shm_detect_succeed(h, &first.lease, E6SHM_BLUE), E6SHM_OK);
  e6shm_detection_t doubt{};
  ASSERT_EQ(e6shm_detect_verify(h, E6SHM_BLUE, &doubt), E6SHM_OK) << e6shm_last_error();
  ASSERT_EQ(doubt.outcome, E6SHM_DETECT_PROBE);
  EXPECT_EQ(doubt.order[0], E6SHM_BLUE);
  EXPECT_EQ(e6shm_detect_succeed(h, &doubt.lease, E6SHM_BLUE), E6SHM_OK);
  EXPECT_NE(e6shm_detect_verify(h, 7, &doubt), E6SHM_OK);
}

TEST_F(CAbi, who_waits_gets_the_probers_failure_with_its_code) {
  e6shm_t* h = host();
  e6shm_detection_t mine = detect(h);
  ASSERT_EQ(mine.outcome, E6SHM_DETECT_PROBE);
  const pid_t other = start_child([&] {
    e6shm_detection_t d;
    E6_CHILD_CHECK(e6shm_detect_begin(h, 10'000, &d) == E6SHM_OK);
    E6_CHILD_CHECK(d.outcome == E6SHM_DETECT_FAILED && d.failure == E6SHM_FAILURE_UNREACHABLE &&
                   d.failure_code == 14);
    return 0;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(e6shm_detect_fail(h, &mine.lease, E6SHM_FAILURE_NONE, 0), E6SHM_ERR_BAD_ARGUMENT);
  EXPECT_EQ(e6shm_detect_fail(h, &mine.lease, E6SHM_FAILURE_OTHER, 17), E6SHM_ERR_BAD_ARGUMENT);
  EXPECT_EQ(e6shm_detect_fail(h, &mine.lease, E6SHM_FAILURE_UNREACHABLE, 14), E6SHM_OK) << e6shm_last_error();
  EXPECT_EQ(status_of(other), 0);
}

TEST_F(CAbi, after_both_colours_were_refused_nobody_probes_for_the_negative_ttl) {
  e6shm_t* h = host();
  e6shm_detection_t d = detect(h);
  ASSERT_EQ(d.outcome, E6SHM_DETECT_PROBE);
  ASSERT_EQ(e6shm_detect_fail(h, &d.lease, E6SHM_FAILURE_BOTH_REFUSED, 2), E6SHM_OK);
  d = detect(h, 0);
  EXPECT_EQ(d.outcome, E6SHM_DETECT_FAILED);
  EXPECT_EQ(d.failure, E6SHM_FAILURE_BOTH_REFUSED);
  EXPECT_EQ(e6shm_word_both_refused(e6shm_snapshot_word(h)), 1);
}

TEST_F(CAbi, an_abandoned_probe_leaves_the_next_one_to_probe) {
  e6shm_t* h = host();
  e6shm_detection_t d = detect(h);
  ASSERT_EQ(d.outcome, E6SHM_DETECT_PROBE);
  ASSERT_EQ(e6shm_detect_abandon(h, &d.lease), E6SHM_OK) << e6shm_last_error();
  e6shm_detection_t next = detect(h, 0);
  ASSERT_EQ(next.outcome, E6SHM_DETECT_PROBE);
  EXPECT_EQ(e6shm_detect_succeed(h, &next.lease, E6SHM_BLUE), E6SHM_OK);
}

TEST_F(CAbi, detaching_gives_back_the_leases_got_through_the_handle) {
  e6shm_t* two = second_handle();
  const e6shm_detection_t held = detect(host());
  ASSERT_EQ(held.outcome, E6SHM_DETECT_PROBE);
  EXPECT_EQ(detect(two, 0).outcome, E6SHM_DETECT_TIMEOUT);
  first_ = (e6shm_detach(first_), nullptr);
  e6shm_detection_t next = detect(two, 0);
  EXPECT_EQ(next.outcome, E6SHM_DETECT_PROBE);
  EXPECT_EQ(e6shm_detect_abandon(two, &next.lease), E6SHM_OK);
}

TEST_F(CAbi, a_killed_prober_is_succeeded_by_one_who_waits) {
  e6shm_t* h = host();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t prober = start_child([&] {
    e6shm_detection_t d;
    E6_CHILD_CHECK(e6shm_detect_begin(h, 0, &d) == E6SHM_OK && d.outcome == E6SHM_DETECT_PROBE);
    E6_CHILD_CHECK(::write(ready[1], "x", 1) == 1);
    for (;;) ::pause();
    return 0;
  });
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  ASSERT_EQ(::kill(prober, SIGKILL), 0);
  EXPECT_EQ(status_of(prober), 128 + SIGKILL);
  const auto start = std::chrono::steady_clock::now();
  e6shm_detection_t d = detect(h);
  EXPECT_EQ(d.outcome, E6SHM_DETECT_PROBE);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(e6shm_detect_succeed(h, &d.lease, E6SHM_BLUE), E6SHM_OK);
}

TEST_F(CAbi, a_result_that_the_host_has_overtaken_is_late) {
  e6shm_t* h = host();
  e6shm_detection_t d = detect(h);
  ASSERT_EQ(d.outcome, E6SHM_DETECT_PROBE);
  ASSERT_EQ(e6shm_set(h, E6SHM_GREEN, nullptr), E6SHM_OK);
  EXPECT_EQ(e6shm_detect_succeed(h, &d.lease, E6SHM_BLUE), E6SHM_ERR_LATE);
  EXPECT_TRUE(empty(d.lease));
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(h)), E6SHM_GREEN);
}

TEST_F(CAbi, a_forged_lease_is_refused_and_kinds_are_not_mixed_up) {
  e6shm_t* h = host();
  e6shm_detection_t d = detect(h);
  ASSERT_EQ(d.outcome, E6SHM_DETECT_PROBE);
  e6shm_lease_t forged = d.lease;
  forged.opaque[3] ^= 1;
  EXPECT_EQ(e6shm_detect_succeed(h, &forged, E6SHM_BLUE), E6SHM_ERR_BAD_TICKET);
  EXPECT_EQ(e6shm_resume_end(h, &d.lease, 1), E6SHM_ERR_BAD_TICKET) << "a detection lease";
  e6shm_ticket_t as_ticket;
  std::memcpy(&as_ticket, &d.lease, sizeof as_ticket);
  EXPECT_EQ(e6shm_end_query(h, &as_ticket), E6SHM_ERR_BAD_TICKET);
  e6shm_lease_t none{};
  EXPECT_EQ(e6shm_detect_succeed(h, &none, E6SHM_BLUE), E6SHM_ERR_BAD_TICKET);
  EXPECT_EQ(e6shm_detect_succeed(h, &d.lease, E6SHM_BLUE), E6SHM_OK);
}

TEST_F(CAbi, one_process_resumes_the_cluster_and_another_learns_that_it_did) {
  e6shm_t* h = host();
  std::int32_t outcome = 0;
  e6shm_lease_t lease{};
  ASSERT_EQ(e6shm_resume_begin(h, 0, &outcome, &lease), E6SHM_OK) << e6shm_last_error();
  ASSERT_EQ(outcome, E6SHM_RESUME_YOURS);
  const pid_t other = start_child([&] {
    std::int32_t answer = 0;
    e6shm_lease_t mine;
    E6_CHILD_CHECK(e6shm_resume_begin(h, 0, &answer, &mine) == E6SHM_OK && answer == E6SHM_RESUME_TIMEOUT &&
                   empty(mine));
    E6_CHILD_CHECK(e6shm_resume_begin(h, -1, &answer, &mine) == E6SHM_OK && answer == E6SHM_RESUME_BY_OTHER &&
                   empty(mine));
    return 0;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(e6shm_resume_extend(h, &lease), E6SHM_OK) << e6shm_last_error();
  EXPECT_EQ(e6shm_resume_end(h, &lease, 3), E6SHM_ERR_BAD_ARGUMENT);
  EXPECT_EQ(e6shm_resume_end(h, &lease, 1), E6SHM_OK) << e6shm_last_error();
  EXPECT_EQ(status_of(other), 0);
}

TEST_F(CAbi, a_resume_that_is_given_up_is_free_for_the_next_one) {
  e6shm_t* h = host();
  std::int32_t outcome = 0;
  e6shm_lease_t lease{};
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(e6shm_resume_begin(h, 0, &outcome, &lease), E6SHM_OK) << e6shm_last_error();
    ASSERT_EQ(outcome, E6SHM_RESUME_YOURS);
    e6shm_lease_t second{};
    ASSERT_EQ(e6shm_resume_begin(h, 0, &outcome, &second), E6SHM_OK);
    EXPECT_EQ(outcome, E6SHM_RESUME_TIMEOUT);
    EXPECT_EQ(e6shm_resume_abandon(h, &lease), E6SHM_OK) << e6shm_last_error();
    EXPECT_TRUE(empty(lease));
    EXPECT_EQ(e6shm_resume_abandon(h, &lease), E6SHM_OK) << "no lease";
  }
}

TEST_F(CAbi, a_resume_whose_handle_is_given_back_is_abandoned_and_not_failed_for_the_host) {
  e6shm_t* h = host();
  e6shm_t* other = nullptr;
  attach(other);
  std::int32_t outcome = 0;
  e6shm_lease_t lease{};
  ASSERT_EQ(e6shm_resume_begin(other, 0, &outcome, &lease), E6SHM_OK) << e6shm_last_error();
  ASSERT_EQ(outcome, E6SHM_RESUME_YOURS);
  ASSERT_EQ(e6shm_detach(other), E6SHM_OK);
  e6shm_event_t last{};
  std::size_t count = 0;
  ASSERT_EQ(e6shm_recent_events(h, &last, 1, &count), E6SHM_OK);
  ASSERT_EQ(count, 1U);
  EXPECT_EQ(last.cause, E6SHM_CAUSE_ABANDONED);
  EXPECT_EQ(e6shm_resume_extend(h, &lease), E6SHM_ERR_ENDED);
}

}  // namespace
}  // namespace e6::c_abi_test
