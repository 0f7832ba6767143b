// A process that forks in the very moment in which one of its threads puts the stand-in into a mapping's place.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cstdarg>
#include <cstring>

#include "fixture.h"
#include "os/sigbus_guard.h"

namespace {
std::function<void()> before_move;
std::function<void(void* from)> after_move;
}  // namespace

extern "C" void* mremap(void* from, std::size_t old_size, std::size_t new_size, int flags, ...) noexcept {
  va_list arguments;
  va_start(arguments, flags);
  void* to = (flags & MREMAP_FIXED) != 0 ? va_arg(arguments, void*) : nullptr;
  va_end(arguments);
  if (before_move) std::exchange(before_move, nullptr)();
  const long at = ::syscall(SYS_mremap, from, old_size, new_size, flags, to);
  if (after_move) std::exchange(after_move, nullptr)(from);
  return reinterpret_cast<void*>(at);
}

namespace e6::shared_test {
namespace {

using StandInTest = SharedTest;

constexpr std::size_t kSize = 64 * 1024;
constexpr os::StandIn kSmall{kSize, 4096, 42};

void* some_memory(void* at) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (at != nullptr ? MAP_FIXED_NOREPLACE : 0);
  return ::mmap(at, kSize, PROT_READ | PROT_WRITE, flags, -1, 0);
}

bool stands_in(const void* begin) {
  std::uint64_t word = 0;
  std::memcpy(&word, static_cast<const char*>(begin) + kSmall.word_at, sizeof word);
  return word == kSmall.word && os::mapping_replaced(begin);
}

TEST_F(StandInTest, a_child_forked_before_the_step_makes_it_itself) {
  void* begin = some_memory(nullptr);
  ASSERT_TRUE(os::guard_mapping(begin, kSmall));
  int status = -1;
  before_move = [&] { status = in_child([&] { return os::replace_mapping(begin, kSmall) && stands_in(begin) ? 0 : 1; }); };
  EXPECT_TRUE(os::replace_mapping(begin, kSmall) && stands_in(begin));
  EXPECT_EQ(status, 0);
}

TEST_F(StandInTest, a_child_forked_after_the_step_leaves_alone_what_it_has_in_the_place_of_the_reserve) {
  void* begin = some_memory(nullptr);
  ASSERT_TRUE(os::guard_mapping(begin, kSmall));
  int status = -1;
  after_move = [&](void* reserve) {
    status = in_child([&] {
      auto* own = static_cast<char*>(some_memory(reserve));
      E6_CHILD_CHECK(own == reserve);
      own[kSize - 1] = 'x';
      E6_CHILD_CHECK(os::replace_mapping(begin, kSmall) && stands_in(begin));
      E6_CHILD_CHECK(own[kSize - 1] == 'x');
      return 0;
    });
  };
  EXPECT_TRUE(os::replace_mapping(begin, kSmall) && stands_in(begin));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace e6::shared_test
