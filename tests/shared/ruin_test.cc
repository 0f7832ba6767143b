// What a process does with the segment that was cut off or overwritten under it.
#include <fcntl.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "fixture.h"
#include "os/fd.h"
#include "os/ofd_lock.h"

namespace e6::shared_test {
namespace {

using RuinTest = SharedTest;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kMemoryOfItsOwn = true;  // the sanitizer keeps what is given back
#else
constexpr bool kMemoryOfItsOwn = false;
#endif

TEST_F(RuinTest, who_left_a_segment_that_was_cut_off_does_not_look_alive_in_it) {
  auto c = attach_with(Strategy::kBlue);
  const os::Fd ruin(::open(path().c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(os::byte_held_by_other(ruin.get(), os::kFirstSlotByte), os::Locked::kYes);
  ASSERT_EQ(::ftruncate(ruin.get(), 0), 0);
  advance_clock(1100ms);
  (void)c->begin_query();
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(os::byte_held_by_other(ruin.get(), os::kFirstSlotByte), os::Locked::kNo);
  EXPECT_EQ(inspect::look(path()).participants.size(), 1U);
}

TEST_F(RuinTest, moving_over_and_over_costs_no_more_than_address_space_a_page_and_a_little_each_time) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    const std::string name = path();
    const auto move = [&] {
      ::unlink(name.c_str());
      advance_clock(1100ms);
      const auto q = c->begin_query();
      return q && q->strategy() == Strategy::kGreen && c->mode() == Mode::kShared;
    };
    const auto mappings = [] {
      std::ifstream maps("/proc/self/maps");
      return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
    };
    const auto resident_kib = [] {
      std::ifstream statm("/proc/self/statm");
      long total = 0;
      long resident = 0;
      statm >> total >> resident;
      return resident * ::sysconf(_SC_PAGESIZE) / 1024;
    };
    for (int i = 0; i < 20; ++i) E6_CHILD_CHECK(move());
    const auto mappings_before = mappings();
    const auto kib_before = resident_kib();
    constexpr int kMoves = 200;
    for (int i = 0; i < kMoves; ++i) E6_CHILD_CHECK(move());
    const double more_mappings = static_cast<double>(mappings() - mappings_before) / kMoves;
    const double more_kib = static_cast<double>(resident_kib() - kib_before) / kMoves;
    std::printf("each move: %.2f mappings, %.1f KiB\n", more_mappings, more_kib);
    E6_CHILD_CHECK(kMemoryOfItsOwn || more_mappings <= 1.1);
    E6_CHILD_CHECK(kMemoryOfItsOwn || more_kib < 20);
    return 0;
  }));
}

TEST_F(RuinTest, a_damaged_file_that_this_process_was_never_on_is_left_alone) {
  E6_EXPECT_CHILD(in_child([&] { return attach()->mode() == Mode::kShared ? 0 : 1; }));
  { std::ofstream(path(), std::ios::trunc) << "somebody's notes"; }
  auto c = attach();
  EXPECT_EQ(c->mode(), Mode::kFallback);
  EXPECT_EQ(c->degraded_by().cause, Cause::kNotASegment);
  std::string text;
  std::getline(std::ifstream(path()) >> std::ws, text);
  EXPECT_EQ(text, "somebody's notes");
}

}  // namespace
}  // namespace e6::shared_test
