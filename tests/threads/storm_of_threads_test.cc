// Every operation at once, by processes that are threads over one mapping (one_mapping.h), some of which die, also inside the lock. ThreadSanitizer
// says whether anything in it is not atomic and not ordered; afterwards the segment must be whole and no count lost.
#include <algorithm>
#include <random>
#include <thread>

#include "core/host.h"
#include "core/host_lock.h"
#include "core/lease.h"
#include "core/participants.h"
#include "core/pins.h"
#include "fixture.h"
#include "os/clock.h"
#include "os/process_mark.h"

namespace e6::shared_test {
namespace {

using layout::Change;
using Outcome = Detection::Outcome;

constexpr int kProcesses = 5;
constexpr int kRounds = 400;
constexpr int kDeaths = 24;

class StormOfThreadsTest : public SharedTest {};

/// What a worker process does, in no order: a fixed number of operations that a seed chooses.
class Worker {
 public:
  Worker(core::Host& host, unsigned seed) : host_(host), random_(seed) {}

  void run() {
    for (int n = 0; n < kRounds; ++n) step(pick(20));
    queries_.clear();
  }

 private:
  [[nodiscard]] unsigned pick(unsigned of) { return static_cast<unsigned>(random_() % of); }
  [[nodiscard]] Strategy some_colour() { return pick(2) == 0 ? Strategy::kBlue : Strategy::kGreen; }
  [[nodiscard]] std::string some_id() { return "query-" + std::to_string(pick(64)); }
  [[nodiscard]] Epoch now() const { return host_.snapshot().epoch; }

  void step(unsigned what) {
    switch (what) {
      case 0:
      case 1:
      case 2:
        begin();
        return;
      case 3:
      case 4:
        if (!queries_.empty()) queries_.erase(queries_.begin());
        return;
      case 5:
        (void)host_.end_query(some_id());
        return;
      case 6:
        (void)host_.find_query(some_id());
        return;
      case 7:
        (void)host_.announce(some_colour(), now());
        return;
      case 8:
        host_.confirm(some_colour(), now());
        return;
      case 9:
        (void)host_.mismatch(host_.snapshot().active, now());
        return;
      case 10:
      case 11:
      case 12:
        detect(host_.detect_begin(SteadyClock::now() + 50ms));
        return;
      case 13:
        detect(host_.detect_try());
        return;
      case 14:
        resume();
        return;
      case 15:
        operate();
        return;
      case 16:
        (void)host_.in_flight();
        return;
      case 17:
        (void)host_.recent_events(100);
        return;
      case 18:
        (void)inspect::look(host_.path());
        return;
      default:
        leave_and_come_back();
    }
  }

  void begin() {
    auto q = host_.begin_query();
    if (!q) q = host_.begin_query_on(some_colour(), now());
    if (pick(4) != 0) (void)host_.bind(*q, some_id(), "engine.example:80");
    queries_.push_back(std::move(*q));
  }

  void detect(const Detection& d) {
    if (d.outcome != Outcome::kProbe) return;
    host_.detect_refused(d.lease, d.lease.order[0]);
    switch (pick(6)) {
      case 0:
        host_.detect_fail(d.lease, ProbeFailure::kBothRefused, 0);
        return;
      case 1:
        host_.detect_fail(d.lease, ProbeFailure::kUnreachable, 14);
        return;
      case 2:
        host_.detect_abandon(d.lease);
        return;
      default:
        (void)host_.detect_succeed(d.lease, d.lease.order[pick(2)]);
    }
  }

  void resume() {
    ResumeLease lease;
    if (host_.resume_begin(SteadyClock::now() + 5ms, lease) == ResumeOutcome::kResume) host_.resume_end(lease, pick(2) == 0);
  }

  void operate() {
    constexpr Change kActions[] = {Change::kSet, Change::kClear, Change::kApply, Change::kExpire};
    (void)host_.operate(kActions[pick(4)], some_colour());
  }

  void leave_and_come_back() {
    queries_.clear();
    host_.release();
    (void)host_.acquire(false, e6::FallbackWarning::kWhenObserved);
  }

  core::Host& host_;
  std::minstd_rand random_;
  std::vector<QueryTicket> queries_;
};

/// A process that joins, begins queries, perhaps probes, and dies: its descriptor goes, as at the end of a process, and nothing is given back.
/// With `inside` it dies as the owner of the lock.
void live_and_die(const core::Place& place, bool inside) {
  core::Attachment* a = look_on(place);
  if (a == nullptr) return;
  if (core::join(*a)) return;  // the lock was not to be had in time
  for (int i = 0; i < 3; ++i)
    (void)core::bind_pin(*a, core::begin_pin(*a, Strategy::kBlue, {}), "of the dead " + std::to_string(a->slot.load()), "");
  (void)core::claim_lease(*a, a->segment->leases[layout::kDetectionLease], os::monotonic_ms(), 10s);
  static auto* const never_unlocked = new std::vector<std::unique_ptr<core::HostLock>>;
  // the thread's end is what tells the kernel that the owner is gone; a process's end does it in the same order, locks of its files last
  if (inside) std::thread([&] { never_unlocked->push_back(std::make_unique<core::HostLock>(*a, 5s)); }).join();
  os::keep_in_children(a->fd.get());
  a->fd.reset();
}

TEST_F(StormOfThreadsTest, every_operation_at_once_by_processes_of_which_some_die_leaves_nothing_behind_and_loses_no_count) {
  std::vector<std::unique_ptr<core::Host>>& hosts = *new std::vector<std::unique_ptr<core::Host>>;  // kept for good, as in a process
  static auto* const reachable = &hosts;
  ASSERT_NE(reachable, nullptr);
  for (int i = 0; i <= kProcesses; ++i) hosts.push_back(std::make_unique<core::Host>(options(), place()));
  for (int i = 0; i < kProcesses; ++i)
    ASSERT_TRUE(
        hosts[static_cast<std::size_t>(i)]->acquire(true, e6::FallbackWarning::kWhenObserved).ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < kProcesses; ++i)
    threads.emplace_back([&, i] { Worker(*hosts[static_cast<std::size_t>(i)], static_cast<unsigned>(i) + 1).run(); });
  for (int n = 0; n < kDeaths; ++n) live_and_die(place(), n % 2 == 0);
  for (std::thread& t : threads) t.join();
  for (int i = 0; i < kProcesses; ++i) hosts[static_cast<std::size_t>(i)]->release();

  core::Host& last = *hosts.back();
  ASSERT_TRUE(last.acquire(true, e6::FallbackWarning::kWhenObserved).ok());
  EXPECT_EQ(last.in_flight(), 0U);
  const inspect::Report report = inspect::look(path());
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(report.participants.size(), 1U);
  EXPECT_TRUE(report.pins.empty());
  const auto total = [&](Counter c) { return report.totals[static_cast<std::size_t>(c)]; };
  EXPECT_GT(total(Counter::kQueriesBegun), 0U);
  EXPECT_EQ(total(Counter::kQueriesBegun), total(Counter::kQueriesEnded));
  EXPECT_GE(total(Counter::kLockRecoveries), 1U);
  const auto died = [](const Event& e) { return e.kind == EventKind::kDied; };
  EXPECT_TRUE(std::any_of(report.events.begin(), report.events.end(), died));
  const Detection d = last.detect_begin(SteadyClock::now() + kPatience);
  EXPECT_NE(d.outcome, Outcome::kTimeout);  // nobody who is gone holds the lease
  if (d.outcome == Outcome::kProbe) last.detect_abandon(d.lease);
  last.release();
}

}  // namespace
}  // namespace e6::shared_test
