// SIGBUS: the guard switched off, and an application's own handlers.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <csetjmp>

#include "cut_off.h"

namespace e6::shared_test {
namespace {

class SigbusTest : public CutOffTest {};

/// An application that handles no SIGBUS, whatever an earlier test or a sanitizer has installed in this process.
void without_handlers() {
  os::forget_handler_for_test();
  ::signal(SIGBUS, SIG_DFL);
}

TEST_F(SigbusTest, a_guard_that_is_switched_off_leaves_the_look_once_a_second) {
  Options o = options();
  o.sigbus_guard = false;
  E6_EXPECT_CHILD(in_child([&] {
    without_handlers();
    auto c = attach(o);
    E6_CHILD_CHECK(detect(*c, Strategy::kGreen));
    struct sigaction now;
    E6_CHILD_CHECK(::sigaction(SIGBUS, nullptr, &now) == 0 && now.sa_handler == SIG_DFL);
    cut(8192);
    advance_clock(1100ms);
    auto q = c->begin_query();
    E6_CHILD_CHECK(q && q->strategy() == Strategy::kGreen);
    E6_CHILD_CHECK(c->mode() == Mode::kShared && inspect::look(path()).problems.empty());
    cut(0);
    advance_clock(1100ms);
    (void)c->begin_query();
    E6_CHILD_CHECK(c->mode() == Mode::kShared && inspect::look(path()).problems.empty());
    return 0;
  }));
  const int without = in_child([&] {
    const struct rlimit no_core = {0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    without_handlers();
    auto c = attach(o);
    cut(0);
    (void)c->snapshot();
    return 0;
  });
  EXPECT_EQ(without, 128 + SIGBUS);  // or else the guard is not what saves the others
}

// The application's own handlers.

sigjmp_buf out_of_handler;
std::atomic<int> handled{0};

void count_and_leave(int) {
  ++handled;
  ::siglongjmp(out_of_handler, 1);
}
void count_and_leave_with_address(int, siginfo_t* info, void*) {
  if (info->si_addr != nullptr) ++handled;
  ::siglongjmp(out_of_handler, 1);
}

/// Touches a page behind the end of a file that is not ours.
bool touch_a_foreign_page(const std::string& directory) {
  const os::Fd fd(::open((directory + "/foreign").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  void* at = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return false;
  if (sigsetjmp(out_of_handler, 1) == 0) return *static_cast<volatile char*>(at) == 1;
  return true;
}

TEST_F(SigbusTest, an_applications_handler_still_gets_what_is_not_ours) {
  for (const bool with_info : {false, true})
    E6_EXPECT_CHILD(in_child([&] {
      os::forget_handler_for_test();
      struct sigaction own = {};
      if (with_info) {
        own.sa_flags = SA_SIGINFO;
        own.sa_sigaction = count_and_leave_with_address;
      } else {
        own.sa_handler = count_and_leave;
      }
      E6_CHILD_CHECK(::sigaction(SIGBUS, &own, nullptr) == 0);
      auto c = attach();
      for (int i = 0; i < 3; ++i) E6_CHILD_CHECK(touch_a_foreign_page(directory_.path()));
      E6_CHILD_CHECK(handled == 3);
      cut(0);
      use(*c);
      E6_CHILD_CHECK(handled == 3 && moved(*c));
      if (!with_info) {  // one that was sent and not caused
        if (sigsetjmp(out_of_handler, 1) == 0) ::raise(SIGBUS);
        E6_CHILD_CHECK(handled == 4);
      }
      return 0;
    })) << with_info;
}

TEST_F(SigbusTest, without_a_handler_of_its_own_an_application_still_dies_of_what_is_not_ours) {
  for (const bool sent : {false, true}) {
    const int status = in_child([&] {
      const struct rlimit no_core = {0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      without_handlers();
      auto c = attach();
      if (sent) ::raise(SIGBUS);
      const os::Fd fd(::open((directory_.path() + "/foreign").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
      void* at = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0);
      return *static_cast<volatile char*>(at) == 1 ? 1 : 0;
    });
    EXPECT_EQ(status, 128 + SIGBUS) << sent;
  }
}

TEST_F(SigbusTest, a_handler_that_serves_once_serves_once) {
  const int status = in_child([&] {
    const struct rlimit no_core = {0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    os::forget_handler_for_test();
    struct sigaction once = {};
    once.sa_flags = static_cast<int>(SA_RESETHAND);
    once.sa_handler = [](int) { ++handled; };  // returns: the fault comes again, and then the default is due
    ::sigaction(SIGBUS, &once, nullptr);
    auto c = attach();
    const os::Fd fd(::open((directory_.path() + "/foreign").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    void* at = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0);
    return *static_cast<volatile char*>(at) == 1 ? 1 : 0;
  });
  EXPECT_EQ(status, 128 + SIGBUS);
}

struct sigaction found_by_reporter;
TEST_F(SigbusTest, a_reporter_installed_later_that_hands_on_by_raise_does_not_disarm_the_guard) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kBlue);
    struct sigaction reporter = {};  // as Python's faulthandler does
    reporter.sa_flags = SA_NODEFER;
    reporter.sa_handler = [](int number) {
      ++handled;
      ::sigaction(number, &found_by_reporter, nullptr);
      ::raise(number);
    };
    E6_CHILD_CHECK(::sigaction(SIGBUS, &reporter, &found_by_reporter) == 0);
    cut(0);
    use(*c);
    E6_CHILD_CHECK(handled == 1 && moved(*c));
    cut(0);
    use(*c);
    E6_CHILD_CHECK(handled == 1 && moved(*c));
    return 0;
  }));
}

TEST_F(SigbusTest, a_process_without_address_space_for_the_guard_says_so) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kBlue);
    void* at = ::mmap(nullptr, kStandIn.size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct rlimit none = {1, 1};
    E6_CHILD_CHECK(::setrlimit(RLIMIT_AS, &none) == 0);
    E6_CHILD_CHECK(!os::guard_mapping(at, kStandIn));
    return 0;
  }));
}

}  // namespace
}  // namespace e6::shared_test
