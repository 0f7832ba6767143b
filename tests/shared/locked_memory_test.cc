// Processes that lock their memory (mlockall) under a limit (ulimit -l): a mapping is refused then,
// for a reason that the errno does not tell.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "namespaces.h"

namespace e6::shared_test {
namespace {

constexpr rlim_t kEnoughToLive = 512 * 1024;  // for what the child allocates besides

class LockedMemoryTest : public SharedTest {
 protected:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  void SetUp() override {
    SharedTest::SetUp();
    GTEST_SKIP() << "a sanitizer maps more memory than may be locked";
  }
#endif
  /// Runs `body` in a child that locks all its memory to come and has no right to exceed the limit.
  int locking(rlim_t limit, const std::function<int()>& body) const {
    const auto locked = [&] {
      const struct rlimit most = {limit, limit};
      E6_CHILD_CHECK(::setrlimit(RLIMIT_MEMLOCK, &most) == 0);
      E6_CHILD_CHECK(::mlockall(MCL_FUTURE) == 0);
      return body();
    };
    if (::geteuid() != 0) return in_child(locked);
    if (::chmod(directory_.path().c_str(), 01777) != 0) return -1;
    return as_user(12'345, 0, locked);
  }
  /// What a process without a segment says, in a child.
  static int expect_the_remedy(const Coordinator& c, rlim_t limit) {
    E6_CHILD_CHECK(c.mode() == Mode::kFallback);
    const Error e = c.degraded_by();
    for (const std::string& words :
         {std::string("mlockall"), std::string("ulimit -l"), std::string("LimitMEMLOCK"),
          std::to_string(limit) + " bytes", std::to_string(sizeof(layout::Segment)) + " bytes",
          c.options().directory}) {
      if (says(e, words)) continue;
      std::fprintf(stderr, "no '%s' in: %s\n", words.c_str(), e.sentence().c_str());
      return 1;
    }
    return 0;
  }
};

TEST_F(LockedMemoryTest, a_new_segment_that_may_not_be_mapped_says_that_memory_is_locked) {
  if (::geteuid() == 0) E6_NEEDS_ROOT();
  E6_EXPECT_CHILD(
      locking(kEnoughToLive, [&] { return expect_the_remedy(*attach(), kEnoughToLive); }));
  EXPECT_EQ(directory_.entries(), 0U);
}

TEST_F(LockedMemoryTest, a_segment_that_is_there_and_may_not_be_mapped_says_so_too) {
  if (::geteuid() == 0) E6_NEEDS_ROOT();
  const auto makes_one = [&] { return attach()->mode() == Mode::kShared ? 0 : 1; };
  ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
  E6_EXPECT_CHILD(::geteuid() == 0 ? as_user(12'345, 0, makes_one) : in_child(makes_one));
  ASSERT_EQ(directory_.entries(), 1U);
  E6_EXPECT_CHILD(
      locking(kEnoughToLive, [&] { return expect_the_remedy(*attach(), kEnoughToLive); }));
}

TEST_F(LockedMemoryTest, a_limit_that_leaves_no_room_for_the_guard_of_the_mapping_says_so_too) {
  if (::geteuid() == 0) E6_NEEDS_ROOT();
  const rlim_t one_and_a_half = sizeof(layout::Segment) + kEnoughToLive;
  E6_EXPECT_CHILD(
      locking(one_and_a_half, [&] { return expect_the_remedy(*attach(), one_and_a_half); }));
  E6_EXPECT_CHILD(locking(one_and_a_half, [&] {
    Options o = options();
    o.sigbus_guard = false;
    return attach(o)->mode() == Mode::kShared ? 0 : 1;
  }));
}

TEST_F(LockedMemoryTest, a_process_that_may_lock_nothing_any_more_says_so_too) {
  if (::geteuid() == 0) E6_NEEDS_ROOT();
  E6_EXPECT_CHILD(locking(kEnoughToLive, [&] {
    const struct rlimit none = {0, kEnoughToLive};
    E6_CHILD_CHECK(::setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    return expect_the_remedy(*attach(), 0);
  }));
}

TEST_F(LockedMemoryTest, without_locked_memory_the_limit_is_not_blamed) {
  E6_EXPECT_CHILD(in_child([&] {
    const struct rlimit small = {4096, 4096};
    E6_CHILD_CHECK(::setrlimit(RLIMIT_MEMLOCK, &small) == 0);
    const struct rlimit address_space = {1024 * 1024, RLIM_INFINITY};
    E6_CHILD_CHECK(::setrlimit(RLIMIT_AS, &address_space) == 0);
    auto c = Coordinator::attach(options()).coordinator;
    E6_CHILD_CHECK(c && c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(!says(c->degraded_by(), "ulimit -l"));
    return 0;
  }));
}

}  // namespace
}  // namespace e6::shared_test
