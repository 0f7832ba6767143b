// The lease (core/lease.cc) with the hot word that it protects: one holder at a time whose news counts, whatever dies or comes late; those who wait get
// the answer of the one they waited for.
#include "core/commit.h"
#include "core/lease.h"
#include "core/liveness.h"
#include "kernel.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

using layout::Change;
using layout::LeaseWord;
using layout::StrategyEvent;
using layout::unpack;
using layout::unpack_lease;
constexpr std::chrono::milliseconds kSpan{300};
constexpr std::uint64_t kLate = kStart + 10'000;

layout::Lease& lease() { return segment().leases[layout::kDetectionLease]; }
std::uint32_t fence_of(std::uint64_t word) { return unpack_lease(word).fence; }
std::uint32_t epoch_now() { return unpack(segment().hot.word.load(std::memory_order_acquire)).epoch; }

struct LeaseOfThree : Scenario {
  struct Log {
    core::Claim claim = core::Claim::kHeld;
    std::uint64_t word = 0;
    std::uint32_t epoch = 0;      // when the work began
    bool released = false;
    std::uint64_t waited_for = 0;
    std::uint64_t answer = 0;     // the failure that a waiter took
  };
  std::array<Log, kMaxThreads> logs;

  void prepare() override {
    new_world(setup.threads);
    logs.fill({});
  }

  /// Takes the lease if it can be had, and what follows from how it was had.
  bool claim(int which, std::uint64_t now_ms) {
    Log& log = logs[static_cast<unsigned>(which)];
    const core::ClaimResult c = core::claim_lease(model::process(which), lease(), now_ms, kSpan);
    if (c.claim == core::Claim::kHeld) {
      log.waited_for = c.word;
      return false;
    }
    log.claim = c.claim;
    log.word = c.word;
    if (c.claim == core::Claim::kFromDead) check(was_killed(static_cast<int>(c.former_slot)), "a living holder was taken for dead");
    if (c.claim == core::Claim::kFromLate) {
      StrategyEvent fence;
      fence.change = Change::kFence;
      fence.epoch = epoch_now();
      (void)core::swap_in(segment().hot.word, fence);
    }
    log.epoch = epoch_now();
    return true;
  }
  /// The news of a probe, if the lease still stands.
  void find(int which, std::uint8_t colour) {
    const Log& log = logs[static_cast<unsigned>(which)];
    if (!core::lease_stands(lease(), log.word)) return;
    StrategyEvent e;
    e.change = Change::kDetected;
    e.colour = colour;
    e.epoch = log.epoch;
    e.expiry = 4000U + static_cast<std::uint32_t>(which);
    (void)core::swap_in(segment().hot.word, e);
  }
  void release(int which, std::uint64_t failure) {
    Log& log = logs[static_cast<unsigned>(which)];
    log.released = core::release_lease(lease(), log.word, failure);
  }

  void verify() override {
    const auto words = history(&lease().word);
    for (std::size_t i = 1; i < words.size(); ++i) {
      const LeaseWord before = unpack_lease(words[i - 1].value);
      const LeaseWord after = unpack_lease(words[i].value);
      const bool granted = after.holder != 0 && after.holder != before.holder;
      if (after.holder == 0)
        check(before.holder == static_cast<std::uint32_t>(words[i].thread) + 1 || (before.holder != 0 && was_killed(static_cast<int>(before.holder) - 1)),
              "somebody gave back what he did not hold");
      check(granted ? after.fence == before.fence + 1 : after.fence == before.fence, "fences do not count grants");
      check(!granted || after.holder == static_cast<std::uint32_t>(words[i].thread) + 1, "granted in somebody else's name");
      if (granted && before.holder != 0)
        check(was_killed(static_cast<int>(before.holder) - 1) || logs[after.holder - 1].claim == core::Claim::kFromLate,
              "the lease was taken from a holder in time");
    }
    // a late holder never overwrites: behind the fence of its successor there is nothing of it
    const auto colours = history(&segment().hot.word);
    for (const Log& late : logs) {
      if (late.claim != core::Claim::kFromLate) continue;
      const std::uint32_t former = fence_of(late.word) - 1;
      for (int t = 0; t < setup.threads; ++t) {
        if (logs[static_cast<unsigned>(t)].word == 0 || fence_of(logs[static_cast<unsigned>(t)].word) != former) continue;
        bool fenced = false;
        for (const Stored& s : colours) {
          check(!fenced || s.thread != t, "a late holder overwrote its successor");
          fenced |= unpack(s.value).epoch == late.epoch;
        }
      }
    }
    // a failure stands under the fence of whoever wrote it
    for (const Stored& s : history(&lease().failure))
      if (s.value != 0) check(s.value >> 40 == fence_of(logs[static_cast<unsigned>(s.thread)].word), "a failure under somebody else's fence");
    for (const Log& log : logs)
      if (log.answer != 0) check(log.answer >> 40 == fence_of(log.waited_for), "a waiter took an answer that it did not wait for");
  }
};

/// A holder that is killed anywhere, one who comes after it, and one who comes when the deadline has passed.
struct DeadAndLate : LeaseOfThree {
  DeadAndLate() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (!claim(which, which == 2 ? kLate : kStart)) return;
    find(which, which == 1 ? layout::kGreen : layout::kBlue);
    release(which, 0);
  }
};
const Register<DeadAndLate> dead_and_late("Lease", "one_holder_counts_whoever_dies_or_comes_late", 2, 1);

/// One fails, two wait for it; nobody dies: each gets an answer without sleeping a slice to its end.
struct Waiters : LeaseOfThree {
  Waiters() { setup.threads = 3; }
  void process(int which) override {
    Log& log = logs[static_cast<unsigned>(which)];
    for (int round = 0; round < 3; ++round) {
      const std::uint32_t news = lease().news.load(std::memory_order_acquire);
      const std::uint64_t failure = lease().failure.load(std::memory_order_acquire);
      if (log.waited_for != 0 && failure >> 40 == fence_of(log.waited_for)) {
        log.answer = failure;
        return;
      }
      if (claim(which, kStart)) return release(which, layout::pack_failure(fence_of(log.word), 4, static_cast<std::uint32_t>(which)));
      core::await_news(lease(), news, std::chrono::steady_clock::time_point::max());
    }
  }
  void verify() override {
    LeaseOfThree::verify();
    check(slept_through() == 0, "a waiter slept through the news");
    for (const Log& log : logs)
      if (log.answer != 0) {
        const auto by = static_cast<unsigned>(log.answer & 0xffU);
        check(logs[by].word != 0 && fence_of(logs[by].word) == fence_of(log.waited_for), "a waiter got somebody else's answer");
      }
  }
};
const Register<Waiters> waiters("Lease", "waiters_wake_up_and_get_the_answer_they_waited_for", 2, 1);

/// A waiter that sees the lease given back sees how the grant ended.
struct Answer : LeaseOfThree {
  Answer() { setup.threads = 2; }
  void process(int which) override {
    if (which == 0) {
      if (claim(0, kStart)) release(0, layout::pack_failure(fence_of(logs[0].word), 4, 9));
      return;
    }
    const std::uint64_t word = lease().word.load(std::memory_order_acquire);
    if (unpack_lease(word).holder == 0 && fence_of(word) == 1)
      check(lease().failure.load(std::memory_order_relaxed) == layout::pack_failure(1, 4, 9), "the lease was given back before its answer could be seen");
    if (lease().news.load(std::memory_order_acquire) == 1)
      check(unpack_lease(lease().word.load(std::memory_order_relaxed)).holder == 0, "the news was out before the lease was given back");
  }
};
const Register<Answer> answer("Lease", "whoever_sees_the_lease_given_back_sees_how_it_ended", ~0U);

/// The reaper gives back what a killed holder had, while the next one takes it over.
struct Reaped : LeaseOfThree {
  Reaped() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 2) {
      if (core::certainly_dead(model::process(2), 0)) core::free_leases_of(segment(), 0);
      return;
    }
    if (!claim(which, kStart)) return;
    if (which == 0) core::extend_lease(lease(), logs[0].word, kStart + 20, kSpan);
    find(which, layout::kBlue);
    release(which, 0);
  }
};
const Register<Reaped> reaped("Lease", "a_reaper_and_a_successor_do_not_give_back_twice", 2, 2);

}  // namespace
}  // namespace e6::model
