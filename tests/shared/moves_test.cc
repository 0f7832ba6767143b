// A segment whose name has vanished or leads elsewhere, or that was given up: everybody moves to the same new one, with what is known.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "core/host_lock.h"
#include "fixture.h"
#include "os/ofd_lock.h"
#include "os/segment_file.h"

namespace e6::shared_test {
namespace {

class MovesTest : public SharedTest {
 protected:
  void TearDown() override {
    os::disable_tmpfile_for_test(false);
    SharedTest::TearDown();
  }
};

TEST_F(MovesTest, when_the_name_vanishes_everyone_meets_on_a_new_segment_with_the_colour_they_knew) {
  auto c = attach_with(Strategy::kGreen);
  auto running = c->begin_query();
  ASSERT_TRUE(c->bind(*running, "query-1", "engine").ok());
  const Signal ready;
  const Signal vanished;
  Child other([&] {
    (void)c->begin_query_on(Strategy::kGreen, {});
    ready.raise();
    E6_CHILD_CHECK(vanished.wait());
    const auto before = SteadyClock::now();
    while (inspect::look(path()).participants.size() < 2) {
      auto q = c->begin_query();  // never without a colour
      E6_CHILD_CHECK(q && q->strategy() == Strategy::kGreen);
      E6_CHILD_CHECK(SteadyClock::now() - before < 5s);
      ::usleep(1'000);
    }
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    return 0;
  });
  ASSERT_TRUE(ready.wait());
  ASSERT_EQ(::unlink(path().c_str()), 0);
  vanished.raise();
  const auto before = SteadyClock::now();
  while (inspect::look(path()).participants.size() < 2 && SteadyClock::now() - before < 5s) {
    auto q = c->begin_query();
    ASSERT_TRUE(q);
    EXPECT_EQ(q->strategy(), Strategy::kGreen);
    ::usleep(1'000);
  }
  const auto took = std::chrono::duration<double>(SteadyClock::now() - before).count();
  std::printf("unlinked -> both on the new segment: %.2f s\n", took);
  EXPECT_EQ(other.wait(), 0);
  EXPECT_LT(took, 3.0);
  EXPECT_TRUE(c->snapshot().usable);
  EXPECT_EQ(c->mode(), Mode::kShared);
  EXPECT_EQ(events_of(*c, EventKind::kRetired, EventCause::kUnlinked), 1U);  // the new ring says why there is a new one
  // a query begun before is still found and ends without harm
  EXPECT_TRUE(c->find_query("query-1"));
  c->end_query(std::move(*running));
  EXPECT_EQ(start_peer({"colour", directory_.path(), "db.example:9000"}).wait(), static_cast<int>(c->snapshot().active));
}

TEST_F(MovesTest, a_pending_colour_carried_to_a_new_segment_waits_its_drain_timeout_anew) {
  Options o = options();
  o.policy = TransitionPolicy::kWhenIdle;
  auto c = attach(o);
  ASSERT_TRUE(detect(*c, Strategy::kBlue));
  auto running = c->begin_query();
  ASSERT_TRUE(c->announce(Strategy::kGreen, c->snapshot().epoch));
  ASSERT_EQ(::unlink(path().c_str()), 0);
  advance_clock(1100ms);
  auto another = c->begin_query();
  ASSERT_TRUE(std::filesystem::exists(path()));
  EXPECT_EQ(another->strategy(), Strategy::kBlue);
  EXPECT_EQ(c->snapshot().pending, Strategy::kGreen);
  c->end_query(std::move(*another));
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);  // one is still running, on the segment that is gone
  c->end_query(std::move(*running));
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  EXPECT_EQ(events_of(*c, EventKind::kApplied, EventCause::kIdle), 1U);
}

TEST_F(MovesTest, a_name_that_leads_to_another_segment_is_followed_within_a_second) {
  auto c = attach_with(Strategy::kGreen);
  ASSERT_EQ(::unlink(path().c_str()), 0);
  EXPECT_EQ(start_peer({"set", directory_.path(), "db.example:9000", "blue"}).wait(), 0);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  advance_clock(1100ms);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kBlue);
  EXPECT_EQ(c->snapshot().active, Strategy::kBlue);
}

TEST_F(MovesTest, a_segment_that_is_removed_over_and_over_holds_neither_descriptors_nor_memory) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    auto running = c->begin_query();
    E6_CHILD_CHECK(c->bind(*running, "query-1", "").ok());
    for (int i = 0; i < 20; ++i) {
      E6_CHILD_CHECK(::unlink(path().c_str()) == 0);
      advance_clock(1100ms);
      auto q = c->begin_query();
      E6_CHILD_CHECK(q && q->strategy() == Strategy::kGreen && c->mode() == Mode::kShared);
      E6_CHILD_CHECK(i > 2 || c->find_query("query-1"));
    }
    int held = 0;
    for (const char* list : {"/proc/self/fd", "/proc/self/map_files"})
      for (const auto& entry : std::filesystem::directory_iterator(list)) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry, gone).string().starts_with(directory_.path())) ++held;
      }
    std::printf("20 moves: %d descriptors and mappings of segments\n", held);
    E6_CHILD_CHECK(held <= 10);
    c->end_query(std::move(*running));  // its segment was let go of: no harm
    E6_CHILD_CHECK(c->in_flight() == 0);
    return 0;
  }));
}

/// How many mappings this process has of the file under the name, and of others in its directory.
/// (A file that was made without a name counts as deleted for /proc/self/maps.)
struct Mapped {
  int named = 0;
  int removed = 0;
};
Mapped mapped_of(const core::Place& place) {
  struct stat st {};
  const bool there = ::stat(place.path().c_str(), &st) == 0;
  Mapped mapped;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(place.directory) == std::string::npos) continue;
    std::istringstream words(line);
    std::string skipped;
    ino_t inode = 0;
    words >> skipped >> skipped >> skipped >> skipped >> inode;
    ++(there && inode == st.st_ino ? mapped.named : mapped.removed);
  }
  return mapped;
}

TEST_F(MovesTest, a_child_forked_after_its_segment_was_removed_lets_go_of_the_old_memory) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    auto running = c->begin_query();
    E6_CHILD_CHECK(c->bind(*running, "query-1", "").ok());
    E6_CHILD_CHECK(::unlink(path().c_str()) == 0);
    const auto child = [&] {
      E6_CHILD_CHECK(mapped_of(place()).removed == 1);  // inherited
      c->end_query(c->begin_query_on(Strategy::kGreen, {}));
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
      E6_CHILD_CHECK(mapped_of(place()).removed == 0);
      E6_CHILD_CHECK(mapped_of(place()).named == 1);
      running.reset();  // its parent's: no harm
      E6_CHILD_CHECK(c->snapshot().active != Strategy::kBlue);
      return 0;
    };
    E6_CHILD_CHECK(in_child(child) == 0);  // of a parent that has not noticed
    advance_clock(1100ms);
    (void)c->begin_query();
    E6_CHILD_CHECK(in_child(child) == 0);  // of one that has moved
    E6_CHILD_CHECK(in_child([&] { return in_child(child); }) == 0);
    // the parent's query still runs there
    E6_CHILD_CHECK(mapped_of(place()).removed == 1);
    E6_CHILD_CHECK(c->find_query("query-1"));
    return 0;
  }));
}

TEST_F(MovesTest, a_child_that_finds_no_segment_does_not_hold_the_memory_of_its_parents_either) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    std::filesystem::remove_all(directory_.path());
    E6_CHILD_CHECK(in_child([&] {
                     c->end_query(c->begin_query_on(Strategy::kGreen, {}));
                     E6_CHILD_CHECK(c->mode() == Mode::kFallback);
                     E6_CHILD_CHECK(mapped_of(place()).removed == 0);
                     std::filesystem::create_directory(directory_.path());
                     advance_clock(70s);
                     E6_CHILD_CHECK(!c->begin_query() && c->mode() == Mode::kShared);
                     return 0;
                   }) == 0);
    return 0;
  }));
}

TEST_F(MovesTest, whoever_attaches_gives_the_one_who_is_just_replacing_a_retired_segment_time_and_then_replaces_it_himself) {
  attach_with(Strategy::kBlue).reset();
  RawSegment(path())->hot.word.store(layout::kRetiredWord);
  const os::Fd replacing(::open(path().c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(os::try_lock_byte(replacing.get(), os::kRetireByte), os::Locked::kYes);  // and is stopped
  core::SegmentRef ref;
  const auto before = SteadyClock::now();
  const Error e = core::attach_segment(place(), ref);
  const auto took = SteadyClock::now() - before;
  EXPECT_TRUE(e.ok()) << e.sentence();
  EXPECT_TRUE(ref.created);
  EXPECT_GE(took, 15ms);
  EXPECT_LT(took, 5s);
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(MovesTest, many_who_find_a_retired_segment_at_once_meet_on_one_new_one_and_leave_no_litter) {
  if (kManyTimesSlower) GTEST_SKIP() << "32 processes join one after the other, each within 100 ms: not at the speed of ThreadSanitizer";
  for (const bool without_tmpfile : {false, true}) {
    os::disable_tmpfile_for_test(without_tmpfile);
    attach_with(Strategy::kBlue).reset();
    RawSegment(path())->hot.word.store(layout::kRetiredWord);
    const Signal start;
    std::vector<Child> children;
    for (int i = 0; i < 32; ++i)
      children.emplace_back([&] {
        E6_CHILD_CHECK(start.wait());
        auto result = Coordinator::attach(options());
        if (result.coordinator->mode() != Mode::kShared) std::fprintf(stderr, "%s\n", result.coordinator->degraded_by().sentence().c_str());
        E6_CHILD_CHECK(result.coordinator->mode() == Mode::kShared);
        return 0;
      });
    start.raise();
    for (Child& c : children) EXPECT_EQ(c.wait(), 0);
    EXPECT_EQ(directory_.entries(), 1U);
    EXPECT_EQ(events_of(*attach(), EventKind::kJoined), 33U);
  }
}

TEST_F(MovesTest, a_segment_that_cannot_be_repaired_is_replaced_and_its_colour_carried_over) {
  auto c = attach_with(Strategy::kGreen);
  const std::uint64_t first = RawSegment(c->path())->header.instance;
  const Signal inside;
  Child owner([&] {
    core::Attachment* a = take_part(place());
    E6_CHILD_CHECK(a != nullptr);
    const core::HostLock lock(*a);
    a->segment->journal.armed.store(99'999);  // no slot has that number
    inside.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(inside.wait());
  owner.kill();
  E6_EXPECT_CHILD(in_child([&] {
    auto result = Coordinator::attach(options());
    E6_CHILD_CHECK(result.coordinator && result.coordinator->mode() == Mode::kShared);
    E6_CHILD_CHECK(result.coordinator->snapshot().usable);
    E6_CHILD_CHECK(result.coordinator->snapshot().active == Strategy::kGreen);
    return 0;
  }));
  EXPECT_TRUE(c->snapshot().usable);
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
  auto q = c->begin_query();
  ASSERT_TRUE(q);
  EXPECT_TRUE(c->bind(*q, "query-1", "").ok());
  EXPECT_NE(RawSegment(c->path())->header.instance, first);
  EXPECT_EQ(c->mode(), Mode::kShared) << c->degraded_by().sentence();
  EXPECT_EQ(directory_.entries(), 1U);
  EXPECT_EQ(events_of(*c, EventKind::kRetired, EventCause::kOwnerDied), 1U);
}

}  // namespace
}  // namespace e6::shared_test
