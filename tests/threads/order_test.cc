// What one process did before an operation, another sees after the operation that answers it. Each such promise is a plain variable here that
// nothing but the operation in question keeps apart: ThreadSanitizer says where it does not. Without it the sums are still compared.
#include <array>
#include <thread>

#include "core/event_ring.h"
#include "core/host.h"
#include "core/host_lock.h"
#include "core/pins.h"
#include "fixture.h"
#include "one_mapping.h"

namespace e6::shared_test {
namespace {

using Outcome = Detection::Outcome;

class OrderTest : public SharedTest {
 protected:
  static constexpr int kProcesses = 4;
  static constexpr int kRounds = 300;

  /// What stands for a process: kept for good, as in one.
  core::Host& make_process() const {
    static auto* const kept = new std::vector<std::unique_ptr<core::Host>>;
    kept->push_back(std::make_unique<core::Host>(options(), place()));
    const Error e = kept->back()->acquire(true, e6::FallbackWarning::kWhenObserved);
    EXPECT_TRUE(e.ok()) << e.sentence();
    return *kept->back();
  }
  /// Runs `body(number)` on a thread for each of the processes.
  static void together(const std::function<void(int)>& body, int processes = kProcesses) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(processes));
    for (int i = 0; i < processes; ++i) threads.emplace_back(body, i);
    for (std::thread& t : threads) t.join();
  }
};

TEST_F(OrderTest, processes_that_are_threads_share_one_mapping_and_have_slots_of_their_own) {
  const std::size_t before = mapped_files();
  make_process();
  make_process();
  EXPECT_EQ(mapped_files(), before + 1);
  EXPECT_EQ(inspect::look(path()).participants.size(), 2U);
}

TEST_F(OrderTest, what_was_done_before_the_colour_changed_is_seen_by_whoever_sees_the_new_colour) {
  core::Host& writer = make_process();
  std::array<core::Host*, kProcesses> readers{};
  for (core::Host*& r : readers) r = &make_process();
  std::array<int, kRounds + 1> told{};  // by epoch; written before the change that leads to it
  std::thread writing([&] {
    for (int n = 1; n <= kRounds; ++n) {
      told[writer.snapshot().epoch.active + 1] = n;
      writer.operate(layout::Change::kSet, n % 2 == 0 ? Strategy::kBlue : Strategy::kGreen);
    }
  });
  together([&](int i) {
    const bool done = eventually([&] {
      const std::uint32_t epoch = readers[static_cast<std::size_t>(i)]->snapshot().epoch.active;
      EXPECT_EQ(told[epoch], static_cast<int>(epoch));
      return epoch == kRounds;
    });
    EXPECT_TRUE(done);
  });
  writing.join();
}

TEST_F(OrderTest, what_was_done_before_an_event_was_recorded_is_seen_by_whoever_reads_it) {
  core::Host& writer = make_process();
  const layout::Segment& segment = *look_on(place())->segment;
  std::array<int, kRounds + 1> told{};
  std::thread writing([&] {
    for (int n = 1; n <= kRounds; ++n) {
      told[writer.snapshot().epoch.active + 1] = n;
      writer.operate(layout::Change::kSet, n % 2 == 0 ? Strategy::kBlue : Strategy::kGreen);
    }
  });
  together([&](int) {  // they look at the ring alone
    const bool done = eventually([&] {
      std::uint32_t latest = 0;
      for (const Event& e : core::read_events(segment, layout::kEventSlots)) {
        if (e.kind != EventKind::kOperatorSet) continue;
        latest = e.epoch.active;
        EXPECT_EQ(told[latest], static_cast<int>(latest));
      }
      return latest == kRounds;
    });
    EXPECT_TRUE(done);
  }, 2);
  writing.join();
}

TEST_F(OrderTest, a_query_that_can_be_found_was_bound_whole_and_its_pin_is_free_only_when_its_finder_is_done) {
  std::array<core::Attachment*, kProcesses> owners{};
  for (core::Attachment*& o : owners) o = take_part(place());
  std::array<int, layout::kPins> told{};  // by pin; the owner's until it binds, then its finder's until it ends the query
  const Common<std::atomic<int>> left;
  left->store(kProcesses * kRounds);
  std::thread finding([&] {
    layout::Segment& segment = *take_part(place())->segment;
    const bool all = eventually([&] {
      for (std::uint32_t index = 0; index < layout::kPins; index += layout::kPinsPerGroup) {  // an owner takes the first one of its group
        const std::string id = std::to_string(index);
        if (!core::find_pin(segment, id)) continue;
        EXPECT_EQ(told[index]--, 1);
        if (core::end_pin_by_id(segment, id)) left->fetch_sub(1, std::memory_order_relaxed);
      }
      return left->load(std::memory_order_relaxed) == 0;
    });
    EXPECT_TRUE(all);
  });
  together([&](int i) {
    core::Attachment& a = *owners[static_cast<std::size_t>(i)];
    for (int n = 0; n < kRounds; ++n) {
      const core::PinClaim claim = core::begin_pin(a, Strategy::kBlue, {});
      const auto index = static_cast<std::uint32_t>(claim) - 1;
      ASSERT_LT(index, layout::kPins);
      EXPECT_EQ(told[index]++, 0);
      ASSERT_EQ(core::bind_pin(a, claim, std::to_string(index), ""), Cause::kOk);
      const layout::Word& state = a.segment->pin_groups[index / layout::kPinsPerGroup].states[index % layout::kPinsPerGroup];
      ASSERT_TRUE(eventually([&] { return !layout::pin_in_flight(state.load(std::memory_order_relaxed)); }));
    }
  });
  finding.join();
}

TEST_F(OrderTest, the_host_wide_lock_is_held_by_one_at_a_time_and_shows_what_its_last_owner_did) {
  std::array<core::Attachment*, kProcesses> all{};
  for (core::Attachment*& a : all) a = take_part(place());
  int guarded = 0;
  together([&](int i) {
    for (int n = 0; n < kRounds; ++n) {
      const core::HostLock lock(*all[static_cast<std::size_t>(i)], 20s);
      ASSERT_TRUE(lock.held());
      ++guarded;
    }
  });
  EXPECT_EQ(guarded, kProcesses * kRounds);
}

TEST_F(OrderTest, one_process_probes_at_a_time_and_sees_what_the_last_one_did) {
  std::array<core::Host*, kProcesses> all{};
  for (core::Host*& h : all) h = &make_process();
  int guarded = 0;
  together([&](int i) {
    core::Host& host = *all[static_cast<std::size_t>(i)];
    for (int n = 0; n < kRounds;) {
      const Detection d = host.detect_begin(SteadyClock::now() + kPatience);
      ASSERT_TRUE(d.outcome == Outcome::kProbe || d.outcome == Outcome::kFailed);
      if (d.outcome != Outcome::kProbe) continue;
      ++guarded;
      ++n;
      if (n % 2 == 0)
        host.detect_abandon(d.lease);
      else
        host.detect_fail(d.lease, ProbeFailure::kDenied, 16);
    }
  });
  EXPECT_EQ(guarded, kProcesses * kRounds);
}

TEST_F(OrderTest, one_process_resumes_at_a_time_and_whoever_waited_sees_what_it_did) {
  std::array<core::Host*, kProcesses> all{};
  for (core::Host*& h : all) h = &make_process();
  int guarded = 0;
  together([&](int i) {
    core::Host& host = *all[static_cast<std::size_t>(i)];
    for (int n = 0; n < kRounds;) {
      ResumeLease lease;
      const ResumeOutcome outcome = host.resume_begin(SteadyClock::now() + kPatience, lease);
      ASSERT_NE(outcome, ResumeOutcome::kTimeout);
      if (outcome != ResumeOutcome::kResume) continue;
      ++guarded;
      ++n;
      host.resume_end(lease, true);
    }
  });
  EXPECT_EQ(guarded, kProcesses * kRounds);
}

}  // namespace
}  // namespace e6::shared_test
