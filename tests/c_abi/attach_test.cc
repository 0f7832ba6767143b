// Attaching, handles, and what every function makes of bad arguments.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "c_abi_fixture.h"

namespace e6::c_abi_test {
namespace {

TEST_F(CAbi, an_attached_process_is_a_participant_with_a_segment_in_its_directory) {
  e6shm_mode_t mode = 0;
  ASSERT_EQ(e6shm_mode(host(), &mode), E6SHM_OK);
  EXPECT_EQ(mode, E6SHM_MODE_SHARED);
  char path[512];
  std::size_t length = 0;
  ASSERT_EQ(e6shm_path(host(), path, sizeof path, &length), E6SHM_OK);
  EXPECT_EQ(std::string(path).rfind(directory_ + "/", 0), 0U) << path;
  EXPECT_EQ(length, std::strlen(path));
  EXPECT_TRUE(std::filesystem::exists(path));
  std::int32_t cause = -1;
  ASSERT_EQ(e6shm_degraded_by(host(), &cause, path, sizeof path, &length), E6SHM_OK);
  EXPECT_EQ(cause, E6SHM_OK);
  EXPECT_STREQ(path, "");
}

TEST_F(CAbi, without_a_segment_attaching_fails_when_one_is_required_and_names_the_directory) {
  e6shm_options_t o = options();
  const std::string missing = directory_ + "/missing";
  o.directory = missing.c_str();
  e6shm_t* handle = reinterpret_cast<e6shm_t*>(&o);
  EXPECT_EQ(e6shm_attach(&o, &handle), E6SHM_ERR_NO_DIRECTORY);
  EXPECT_EQ(handle, nullptr);
  EXPECT_NE(std::string(e6shm_last_error()).find(missing), std::string::npos) << e6shm_last_error();
  EXPECT_EQ(e6shm_last_errno(), ENOENT);
}

TEST_F(CAbi, without_a_segment_it_falls_back_and_says_why) {
  e6shm_options_t o = options();
  const std::string missing = directory_ + "/missing";
  o.directory = missing.c_str();
  o.required = E6SHM_NO;
  ASSERT_EQ(e6shm_attach(&o, &first_), E6SHM_OK) << e6shm_last_error();
  e6shm_mode_t mode = 0;
  ASSERT_EQ(e6shm_mode(first_, &mode), E6SHM_OK);
  EXPECT_EQ(mode, E6SHM_MODE_FALLBACK);
  std::int32_t cause = 0;
  char why[1024];
  ASSERT_EQ(e6shm_degraded_by(first_, &cause, why, sizeof why, nullptr), E6SHM_OK);
  EXPECT_EQ(cause, E6SHM_ERR_NO_DIRECTORY);
  EXPECT_NE(std::string(why).find(missing), std::string::npos) << why;
  std::size_t length = 7;
  EXPECT_EQ(e6shm_path(first_, why, sizeof why, &length), E6SHM_OK);
  EXPECT_EQ(length, 0U);
  ASSERT_EQ(e6shm_set(first_, E6SHM_GREEN, nullptr), E6SHM_OK);
  e6shm_ticket_t ticket = begin(first_);
  EXPECT_EQ(e6shm_bind(first_, &ticket, "q", 1, nullptr, 0), E6SHM_OK);
  EXPECT_EQ(in_flight(first_), 1U);
  EXPECT_EQ(e6shm_end_query(first_, &ticket), E6SHM_OK);
  EXPECT_EQ(in_flight(first_), 0U);
  e6shm_detection_t d;
  ASSERT_EQ(e6shm_clear(first_, nullptr), E6SHM_OK);
  ASSERT_EQ(e6shm_detect_begin(first_, 0, &d), E6SHM_OK);
  ASSERT_EQ(d.outcome, E6SHM_DETECT_PROBE);
  EXPECT_EQ(e6shm_detect_succeed(first_, &d.lease, E6SHM_BLUE), E6SHM_OK) << e6shm_last_error();
}

TEST_F(CAbi, a_detached_handle_and_one_that_never_was_are_errors) {
  e6shm_t* handle = host();
  first_ = nullptr;
  ASSERT_EQ(e6shm_detach(handle), E6SHM_OK);
  EXPECT_EQ(e6shm_detach(handle), E6SHM_ERR_BAD_HANDLE);
  EXPECT_EQ(e6shm_snapshot_word(handle), 0U);
  e6shm_snapshot_t s;
  EXPECT_EQ(e6shm_snapshot(handle, &s), E6SHM_ERR_BAD_HANDLE);
  char bytes[256] = {};
  for (auto* forged : {reinterpret_cast<e6shm_t*>(bytes), reinterpret_cast<e6shm_t*>(std::uintptr_t{8}),
                       reinterpret_cast<e6shm_t*>(reinterpret_cast<char*>(handle) + 1),
                       reinterpret_cast<e6shm_t*>(UINTPTR_MAX)}) {
    EXPECT_EQ(e6shm_snapshot(forged, &s), E6SHM_ERR_BAD_HANDLE);
    EXPECT_EQ(e6shm_snapshot_word(forged), 0U);
    EXPECT_EQ(e6shm_detach(forged), E6SHM_ERR_BAD_HANDLE);
  }
}

TEST_F(CAbi, a_handle_that_was_detached_stays_an_error_while_others_come) {
  e6shm_t* old = host();
  first_ = nullptr;
  ASSERT_EQ(e6shm_detach(old), E6SHM_OK);
  for (int i = 0; i < 20; ++i) {
    e6shm_t* other = nullptr;
    attach(other);
    EXPECT_NE(other, old);
    e6shm_snapshot_t s;
    EXPECT_EQ(e6shm_snapshot(old, &s), E6SHM_ERR_BAD_HANDLE);
    EXPECT_EQ(e6shm_detach(other), E6SHM_OK);
  }
}

TEST_F(CAbi, two_handles_of_a_cluster_know_the_same_and_detach_by_themselves) {
  e6shm_t* one = host(E6SHM_BLUE);
  e6shm_t* two = second_handle();
  ASSERT_NE(one, two);
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(two)), E6SHM_BLUE);
  first_ = nullptr;
  ASSERT_EQ(e6shm_detach(one), E6SHM_OK);
  EXPECT_EQ(e6shm_word_active(e6shm_snapshot_word(two)), E6SHM_BLUE);
}

TEST_F(CAbi, the_4097th_handle_is_refused_and_a_place_that_came_free_is_used_again) {
  std::vector<e6shm_t*> handles;
  const e6shm_options_t o = options();
  e6shm_t* handle = nullptr;
  std::int32_t status = E6SHM_OK;
  while ((status = e6shm_attach(&o, &handle)) == E6SHM_OK && handles.size() < 5000) handles.push_back(handle);
  EXPECT_EQ(status, E6SHM_ERR_FULL);
  EXPECT_EQ(handles.size(), 4096U);
  ASSERT_FALSE(handles.empty());
  EXPECT_EQ(e6shm_detach(handles.back()), E6SHM_OK);
  EXPECT_EQ(e6shm_attach(&o, &handles.back()), E6SHM_OK) << e6shm_last_error();
  for (e6shm_t* h : handles) EXPECT_EQ(e6shm_detach(h), E6SHM_OK);
}

TEST_F(CAbi, a_call_leaves_errno_as_it_was) {
  errno = EXDEV;
  e6shm_options_t o = options();
  o.directory = "/nowhere/at/all";
  e6shm_t* handle = nullptr;
  EXPECT_NE(e6shm_attach(&o, &handle), E6SHM_OK);
  EXPECT_EQ(errno, EXDEV);
}

TEST_F(CAbi, the_last_error_belongs_to_its_thread) {
  EXPECT_EQ(e6shm_detach(nullptr), E6SHM_ERR_BAD_ARGUMENT);
  const std::string mine = e6shm_last_error();
  EXPECT_EQ(mine, "e6shm_detach: `handle` is null");
  std::thread([] { EXPECT_STREQ(e6shm_last_error(), ""); }).join();
  (void)host();
  EXPECT_EQ(e6shm_last_error(), mine) << "a call that succeeds leaves it";
}

TEST_F(CAbi, a_null_handle_or_output_is_a_bad_argument_for_every_function) {
  e6shm_t* h = host(E6SHM_BLUE);
  e6shm_ticket_t t = begin(h);
  e6shm_lease_t l{};
  e6shm_detection_t d;
  std::int32_t n = 0;
  std::uint64_t u = 0;
  std::uint32_t c = 0;
  std::size_t z = 0;
  e6shm_snapshot_t s;
  e6shm_event_t e;
  const e6shm_options_t o = options();
  e6shm_options_t out = o;
  const std::int32_t statuses[] = {e6shm_options_from_environment(nullptr),
                                   e6shm_options_check(nullptr),
                                   e6shm_attach(nullptr, &second_),
                                   e6shm_attach(&o, nullptr),
                                   e6shm_detach(nullptr),
                                   e6shm_mode(nullptr, &n),
                                   e6shm_mode(h, nullptr),
                                   e6shm_degraded_by(nullptr, &n, nullptr, 0, &z),
                                   e6shm_degraded_by(h, nullptr, nullptr, 0, &z),
                                   e6shm_degraded_by(h, &n, nullptr, 5, &z),
                                   e6shm_path(nullptr, nullptr, 0, &z),
                                   e6shm_path(h, nullptr, 5, &z),
                                   e6shm_options_in_force(nullptr, &out),
                                   e6shm_options_in_force(h, nullptr),
                                   e6shm_snapshot(nullptr, &s),
                                   e6shm_snapshot(h, nullptr),
                                   e6shm_begin_query(nullptr, &t, nullptr, nullptr),
                                   e6shm_begin_query(h, nullptr, nullptr, nullptr),
                                   e6shm_begin_query_on(nullptr, E6SHM_BLUE, 0, &t),
                                   e6shm_begin_query_on(h, E6SHM_BLUE, 0, nullptr),
                                   e6shm_ticket_read(nullptr, nullptr, nullptr),
                                   e6shm_bind(nullptr, &t, "q", 1, nullptr, 0),
                                   e6shm_bind(h, nullptr, "q", 1, nullptr, 0),
                                   e6shm_bind(h, &t, nullptr, 1, nullptr, 0),
                                   e6shm_bind(h, &t, nullptr, 0, nullptr, 0),
                                   e6shm_bind(h, &t, "q", 1, nullptr, 3),
                                   e6shm_bind(h, &t, "q", 1, nullptr, E6SHM_ZERO_TERMINATED),
                                   e6shm_find_query(nullptr, "q", 1, nullptr, nullptr, nullptr, 0, nullptr),
                                   e6shm_find_query(h, nullptr, 1, nullptr, nullptr, nullptr, 0, nullptr),
                                   e6shm_find_query(h, "q", 1, nullptr, nullptr, nullptr, 9, nullptr),
                                   e6shm_end_query(nullptr, &t),
                                   e6shm_end_query(h, nullptr),
                                   e6shm_end_query_by_id(nullptr, "q", 1),
                                   e6shm_end_query_by_id(h, nullptr, 1),
                                   e6shm_in_flight(nullptr, &c),
                                   e6shm_in_flight(h, nullptr),
                                   e6shm_announce(nullptr, E6SHM_BLUE, 0, nullptr),
                                   e6shm_confirm(nullptr, E6SHM_BLUE, 0),
                                   e6shm_mismatch(nullptr, E6SHM_BLUE, 0, nullptr),
                                   e6shm_detect_begin(nullptr, 0, &d),
                                   e6shm_detect_begin(h, 0, nullptr),
                                   e6shm_detect_begin(h, -2, &d),
                                   e6shm_detect_try(nullptr, &d),
                                   e6shm_detect_try(h, nullptr),
                                   e6shm_detect_verify(nullptr, E6SHM_BLUE, &d),
                                   e6shm_detect_verify(h, E6SHM_BLUE, nullptr),
                                   e6shm_detect_refused(nullptr, &l, E6SHM_BLUE),
                                   e6shm_detect_refused(h, nullptr, E6SHM_BLUE),
                                   e6shm_detect_succeed(nullptr, &l, E6SHM_BLUE),
                                   e6shm_detect_succeed(h, nullptr, E6SHM_BLUE),
                                   e6shm_detect_fail(nullptr, &l, 1, 0),
                                   e6shm_detect_fail(h, nullptr, 1, 0),
                                   e6shm_detect_abandon(nullptr, &l),
                                   e6shm_detect_abandon(h, nullptr),
                                   e6shm_resume_begin(nullptr, 0, &n, &l),
                                   e6shm_resume_begin(h, 0, nullptr, &l),
                                   e6shm_resume_begin(h, 0, &n, nullptr),
                                   e6shm_resume_begin(h, INT64_MIN, &n, &l),
                                   e6shm_detect_extend(nullptr, &l),
                                   e6shm_detect_extend(h, nullptr),
                                   e6shm_resume_extend(nullptr, &l),
                                   e6shm_resume_extend(h, nullptr),
                                   e6shm_resume_abandon(nullptr, &l),
                                   e6shm_resume_abandon(h, nullptr),
                                   e6shm_resume_end(nullptr, &l, 1),
                                   e6shm_resume_end(h, nullptr, 1),
                                   e6shm_set(nullptr, E6SHM_BLUE, nullptr),
                                   e6shm_clear(nullptr, nullptr),
                                   e6shm_apply(nullptr, nullptr),
                                   e6shm_expire(nullptr, nullptr),
                                   e6shm_counter(nullptr, 0, &u),
                                   e6shm_counter(h, 0, nullptr),
                                   e6shm_counter(h, -1, &u),
                                   e6shm_counter(h, E6SHM_COUNTER_COUNT, &u),
                                   e6shm_counters(nullptr, &u, 1, &z),
                                   e6shm_counters(h, nullptr, 1, &z),
                                   e6shm_counters(h, &u, 1, nullptr),
                                   e6shm_counters(h, &u, SIZE_MAX, &z),
                                   e6shm_recent_events(nullptr, &e, 1, &z),
                                   e6shm_recent_events(h, nullptr, 1, &z),
                                   e6shm_recent_events(h, &e, 1, nullptr),
                                   e6shm_recent_events(h, &e, SIZE_MAX, &z),
                                   e6shm_strategy_parse(nullptr, 4, &n),
                                   e6shm_strategy_parse("blue", 4, nullptr),
                                   e6shm_policy_parse(nullptr, 4, &n),
                                   e6shm_policy_parse("next-query", 10, nullptr)};
  for (std::size_t i = 0; i < std::size(statuses); ++i)
    EXPECT_EQ(statuses[i], E6SHM_ERR_BAD_ARGUMENT) << "call " << i;
  for (const e6shm_strategy_t colour : {E6SHM_NONE + 0, 3, -1, INT32_MAX}) {
    EXPECT_EQ(e6shm_begin_query_on(h, colour, 0, &t), E6SHM_ERR_BAD_ARGUMENT);
    EXPECT_EQ(e6shm_announce(h, colour, 0, nullptr), E6SHM_ERR_BAD_ARGUMENT);
    EXPECT_EQ(e6shm_confirm(h, colour, 0), E6SHM_ERR_BAD_ARGUMENT);
    EXPECT_EQ(e6shm_mismatch(h, colour, 0, nullptr), E6SHM_ERR_BAD_ARGUMENT);
    EXPECT_EQ(e6shm_detect_succeed(h, &l, colour), E6SHM_ERR_BAD_ARGUMENT);
    EXPECT_EQ(e6shm_set(h, colour, nullptr), E6SHM_ERR_BAD_ARGUMENT);
  }
  EXPECT_EQ(e6shm_snapshot_word(nullptr), 0U);
}

TEST_F(CAbi, a_text_that_does_not_fit_its_buffer_says_how_long_it_is) {
  std::size_t length = 0;
  ASSERT_EQ(e6shm_path(host(), nullptr, 0, &length), E6SHM_OK);
  ASSERT_GT(length, 0U);
  std::vector<char> buffer(length + 1, 'x');
  std::size_t again = 0;
  EXPECT_EQ(e6shm_path(host(), buffer.data(), length, &again), E6SHM_ERR_TOO_LONG);
  EXPECT_EQ(again, length);
  EXPECT_EQ(buffer[0], '\0');
  EXPECT_EQ(e6shm_path(host(), buffer.data(), length + 1, &again), E6SHM_OK);
  EXPECT_EQ(std::strlen(buffer.data()), length);
}

TEST_F(CAbi, a_file_that_is_no_segment_is_refused_by_its_cause) {
  char path[512];
  ASSERT_EQ(e6shm_path(host(), path, sizeof path, nullptr), E6SHM_OK);
  first_ = (e6shm_detach(first_), nullptr);
  ASSERT_EQ(0, in_child([&] {
              std::filesystem::remove(path);
              std::ofstream(path) << "not a segment";
              std::filesystem::permissions(
                  path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
              e6shm_options_t o = E6SHM_OPTIONS_INIT;
              o.cluster = "engine.example:80/c-abi";
              o.directory = directory_.c_str();
              o.required = E6SHM_YES;
              e6shm_t* handle = nullptr;
              E6_CHILD_CHECK(e6shm_attach(&o, &handle) == E6SHM_ERR_NOT_A_SEGMENT);
              E6_CHILD_CHECK(handle == nullptr);
              return 0;
            }));
}

}  // namespace
}  // namespace e6::c_abi_test
