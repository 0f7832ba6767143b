// A segment directory of its own for each test, removed afterwards, and children that cannot hang the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "e6shm.h"

namespace e6::c_abi_test {

class CAbi : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::is_directory("/dev/shm") && ::access("/dev/shm", W_OK) == 0
                              ? "/dev/shm/e6shm-c-abi-XXXXXX"
                              : ::testing::TempDir() + "/e6shm-c-abi-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    for (e6shm_t* handle : {first_, second_})
      if (handle != nullptr) (void)e6shm_detach(handle);
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] e6shm_options_t options() const {
    e6shm_options_t o = E6SHM_OPTIONS_INIT;
    o.cluster = "engine.example:80/c-abi";
    o.directory = directory_.c_str();
    o.required = E6SHM_YES;
    return o;
  }
  e6shm_t* attach(e6shm_t*& slot) {
    const e6shm_options_t o = options();
    EXPECT_EQ(e6shm_attach(&o, &slot), E6SHM_OK) << e6shm_last_error();
    return slot;
  }
  /// The handle that most tests need; blue is active if `colour` says so.
  e6shm_t* host(e6shm_strategy_t colour = E6SHM_NONE) {
    if (first_ == nullptr) attach(first_);
    if (colour != E6SHM_NONE) {
      EXPECT_EQ(e6shm_set(first_, colour, nullptr), E6SHM_OK) << e6shm_last_error();
    }
    return first_;
  }
  e6shm_t* second_handle() { return second_ == nullptr ? attach(second_) : second_; }

  static e6shm_ticket_t begin(e6shm_t* handle) {
    e6shm_ticket_t ticket{};
    EXPECT_EQ(e6shm_begin_query(handle, &ticket, nullptr, nullptr), E6SHM_OK) << e6shm_last_error();
    return ticket;
  }
  static std::uint32_t in_flight(e6shm_t* handle) {
    std::uint32_t count = 0;
    EXPECT_EQ(e6shm_in_flight(handle, &count), E6SHM_OK) << e6shm_last_error();
    return count;
  }

  std::string directory_;
  e6shm_t* first_ = nullptr;
  e6shm_t* second_ = nullptr;
};

/// Runs `work` in a child; it returns the child's exit status, 0 for fine. A child that hangs is killed by
/// its alarm.
template <class Work>
pid_t start_child(Work&& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::alarm(20);
  ::_exit(work());
}
inline int status_of(pid_t child) {
  int status = -1;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
template <class Work>
int in_child(Work&& work) {
  return status_of(start_child(work));
}

}  // namespace e6::c_abi_test

/// In a child, where a failed EXPECT would be lost: ends it with the line number (modulo 251, plus 1).
#define E6_CHILD_CHECK(condition)                                                                  \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      std::fprintf(stderr, "child, line %d: %s (%s)\n", __LINE__, #condition, e6shm_last_error()); \
      return __LINE__ % 251 + 1;                                                                   \
    }                                                                                              \
  } while (false)
