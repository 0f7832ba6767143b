// Segments of another boot: from before this kernel's boot they are stale and replaced, from after
// it another kernel's.
#include <sys/stat.h>
#include <time.h>

#include <cstring>
#include <filesystem>

#include "fixture.h"
#include "os/clock.h"

namespace e6::shared_test {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr const char* kOtherBoot = "00000000-1111-2222-3333-444444444444";

/// When this kernel booted, by the present time.
std::uint64_t boot_realtime_ns() {
  timespec t;
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return os::realtime_ns() - static_cast<std::uint64_t>(t.tv_sec) * kSecondNs -
         static_cast<std::uint64_t>(t.tv_nsec);
}
std::uint64_t long_before_boot() { return boot_realtime_ns() - 3'600 * kSecondNs; }

class BootTest : public SharedTest {
 protected:
  /// A sound segment, left behind by a process that is gone.
  void make_segment(const std::string& cluster = "db.example:9000") {
    E6_EXPECT_CHILD(in_child([&] {
      auto c = attach_with(Strategy::kBlue, cluster);
      return 0;
    }));
  }
  /// As if a process of another boot had made it at this time.
  static void give_to_other_boot(const std::string& where, std::uint64_t created_realtime_ns) {
    const RawSegment raw(where);
    ASSERT_TRUE(raw.valid());
    std::memcpy(raw->header.boot_id, kOtherBoot, std::strlen(kOtherBoot) + 1);
    raw->header.created_realtime_ns = created_realtime_ns;
    raw->header.checksum = core::header_checksum(raw->header);
  }
  /// Another kernel puts a segment of its own in the place of the present one.
  void replace_as_another_kernel(std::uint64_t created_realtime_ns) {
    const std::string theirs = directory_.path() + "/theirs";
    std::filesystem::copy_file(path(), theirs);
    ASSERT_EQ(::chmod(theirs.c_str(), 0600), 0);
    give_to_other_boot(theirs, created_realtime_ns);
    ASSERT_EQ(::rename(theirs.c_str(), path().c_str()), 0);
  }
  [[nodiscard]] bool of_other_boot() const {
    return std::strcmp(RawSegment(path())->header.boot_id, kOtherBoot) == 0;
  }
  [[nodiscard]] ino_t inode() const {
    struct stat st {};
    return ::stat(path().c_str(), &st) == 0 ? st.st_ino : 0;
  }
};

TEST_F(BootTest, a_segment_that_survived_a_reboot_is_replaced) {
  make_segment();
  const ino_t first = inode();
  give_to_other_boot(path(), long_before_boot());
  EXPECT_TRUE(inspect::look(path()).stale_boot);
  auto c = attach();
  EXPECT_EQ(c->mode(), Mode::kShared) << c->degraded_by().sentence();
  EXPECT_FALSE(c->snapshot().usable);
  EXPECT_NE(inode(), first);
  EXPECT_FALSE(of_other_boot());
  EXPECT_EQ(directory_.entries(), 1U);
}

TEST_F(BootTest, many_processes_replace_a_segment_of_an_earlier_boot_once) {
  make_segment();
  give_to_other_boot(path(), long_before_boot());
  const Signal start;
  const Signal attached;
  const Signal done;
  std::vector<Child> children;
  for (int i = 0; i < 16; ++i)
    children.emplace_back([&] {
      E6_CHILD_CHECK(start.wait());
      auto c = Coordinator::attach(options()).coordinator;
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
      attached.raise();
      E6_CHILD_CHECK(done.wait());
      return 0;
    });
  start.raise();
  EXPECT_TRUE(attached.wait(16));
  EXPECT_EQ(inspect::look(path()).participants.size(), 16U);
  done.raise();
  for (Child& c : children) EXPECT_EQ(c.wait(), 0);
}

TEST_F(BootTest,
       a_segment_that_another_kernel_made_while_this_one_runs_is_refused_and_left_as_it_is) {
  for (const std::uint64_t created :
       {boot_realtime_ns() + kSecondNs, os::realtime_ns(), os::realtime_ns() + 3'600 * kSecondNs}) {
    const std::string cluster = "db:" + std::to_string(created % 60'000 + 1);
    make_segment(cluster);
    give_to_other_boot(path(cluster), created);
    const std::uint64_t checksum = RawSegment(path(cluster))->header.checksum;
    auto c = attach(cluster);
    EXPECT_EQ(c->mode(), Mode::kFallback);
    const Error e = c->degraded_by();
    EXPECT_EQ(e.cause, Cause::kForeignKernel) << e.sentence();
    EXPECT_EQ(to_string(e.cause), "foreign-kernel");
    for (const char* words : {kOtherBoot, "another kernel", "E6_SHM_DIR", "e6-shm rm"})
      EXPECT_TRUE(says(e, words)) << e.sentence();
    EXPECT_TRUE(detect(*c, Strategy::kGreen));
    EXPECT_EQ(c->begin_query()->strategy(), Strategy::kGreen);
    EXPECT_EQ(RawSegment(path(cluster))->header.checksum, checksum);

    Options o = options(cluster);
    o.required = true;
    E6_EXPECT_CHILD(in_child(
        [&] { return Coordinator::attach(o).error.cause == Cause::kForeignKernel ? 0 : 1; }));
  }
}

TEST_F(BootTest,
       a_process_that_had_a_segment_here_takes_nobody_elses_for_stale_however_old_it_claims_to_be) {
  auto c = attach_with(Strategy::kBlue);
  replace_as_another_kernel(long_before_boot());  // its clock is wrong
  const ino_t theirs = inode();
  for (int i = 0; i < 3; ++i) {
    advance_clock(1100ms);
    auto q = c->begin_query();
    ASSERT_TRUE(q);  // on the segment that has lost its name
    EXPECT_EQ(q->strategy(), Strategy::kBlue);
  }
  EXPECT_EQ(inode(), theirs);
  E6_EXPECT_CHILD(in_child([&] {  // and neither does its child
    (void)c->begin_query();
    E6_CHILD_CHECK(c->mode() == Mode::kFallback);
    E6_CHILD_CHECK(c->degraded_by().cause == Cause::kForeignKernel);
    return 0;
  }));
  EXPECT_EQ(inode(), theirs);
  ASSERT_EQ(::unlink(path().c_str()), 0);
  advance_clock(1100ms);
  EXPECT_EQ(c->begin_query()->strategy(), Strategy::kBlue);
  EXPECT_FALSE(of_other_boot());
}

TEST_F(BootTest, two_kernels_do_not_replace_each_others_segments_for_ever) {
  make_segment();
  give_to_other_boot(path(), long_before_boot());
  auto c = attach();
  EXPECT_FALSE(of_other_boot());  // once
  int replaced = 0;
  for (int i = 0; i < 20; ++i) {
    if (!of_other_boot()) {
      ++replaced;
      replace_as_another_kernel(long_before_boot());
    }
    advance_clock(1100ms);
    c->end_query(c->begin_query_on(Strategy::kBlue, {}));
    (void)c->begin_query();
  }
  EXPECT_EQ(replaced, 1);
  EXPECT_TRUE(of_other_boot());
}

TEST_F(BootTest, whoever_stays_on_a_segment_whose_name_another_kernel_has_taken_is_told_once) {
  struct Listener : Observer {
    std::vector<Cause> degraded;
    int restored = 0;
    void on_degraded(const Error& e) noexcept override { degraded.push_back(e.cause); }
    void on_restored() noexcept override { ++restored; }
  };
  auto c = attach_with(Strategy::kBlue);
  auto listener = std::make_shared<Listener>();
  c->add_observer(listener);
  for (int round = 1; round <= 2; ++round) {
    replace_as_another_kernel(os::realtime_ns());
    for (int i = 0; i < 3; ++i) {
      advance_clock(1100ms);
      (void)c->begin_query();
    }
    EXPECT_EQ(listener->degraded,
              std::vector<Cause>(static_cast<std::size_t>(round), Cause::kForeignKernel));
    EXPECT_EQ(listener->restored, round - 1);
    ASSERT_EQ(::unlink(path().c_str()), 0);
    advance_clock(1100ms);
    (void)c->begin_query();
    EXPECT_EQ(listener->restored, round);
    EXPECT_EQ(c->mode(), Mode::kShared);
  }
}

TEST_F(BootTest,
       a_look_at_another_kernels_segment_says_whose_it_is_and_does_not_judge_who_lives_there) {
  make_segment();
  give_to_other_boot(path(), os::realtime_ns());
  const auto report = inspect::look(path());
  ASSERT_FALSE(report.problems.empty());
  EXPECT_EQ(report.problems.front().cause, Cause::kForeignKernel);
  EXPECT_TRUE(report.readable);
  EXPECT_TRUE(report.foreign_kernel);
  EXPECT_FALSE(report.stale_boot);
  EXPECT_FALSE(report.live);
  EXPECT_EQ(report.snapshot.active, Strategy::kBlue);
  for (const auto& p : report.participants) EXPECT_EQ(p.alive, inspect::Alive::kUnknown);
}

TEST(MadeBeforeBoot, in_doubt_a_segment_counts_as_made_since) {
  constexpr std::uint64_t now = 1'800'000'000 * kSecondNs;
  constexpr std::uint64_t uptime = 1'000 * kSecondNs;
  constexpr std::uint64_t boot = now - uptime;
  constexpr std::uint64_t margin = core::kBootMarginNs;
  static_assert(core::made_before_boot(0, now, uptime));
  static_assert(core::made_before_boot(boot - margin - 1, now, uptime));
  static_assert(!core::made_before_boot(boot - margin + 1, now, uptime));
  static_assert(!core::made_before_boot(boot, now, uptime));
  static_assert(!core::made_before_boot(now, now, uptime));
  static_assert(!core::made_before_boot(~std::uint64_t{0}, now, uptime));
  // the clock has not been set since the boot: nothing is replaced until it has
  static_assert(!core::made_before_boot(boot - 3'600 * kSecondNs, 20 * kSecondNs, 20 * kSecondNs));
  static_assert(!core::made_before_boot(0, 10 * kSecondNs, 20 * kSecondNs));
}

}  // namespace
}  // namespace e6::shared_test
