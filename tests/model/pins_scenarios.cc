// Pins (core/pins.cc): nobody ever finds the parts of two queries as one, each query ends once, and a query that runs is counted.
#include "core/liveness.h"
#include "core/pins.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

// The ids have two words, and the first is the same in both.
constexpr std::string_view kIds[] = {"query-id-1", "query-id-2"};
constexpr std::string_view kEngines[] = {"engine-1", "engine-2"};

core::PinClaim begin(int who, unsigned n) {
  return core::begin_pin(process(who), n == 0 ? Strategy::kBlue : Strategy::kGreen, Epoch{n + 1, n + 1});
}
Cause bind(int who, core::PinClaim claim, unsigned n) { return core::bind_pin(process(who), claim, kIds[n], kEngines[n]); }

/// Looks for a query and checks that what it gets is one.
bool find(unsigned n) {
  const auto pin = core::find_pin(segment(), kIds[n]);
  if (!pin) return false;
  check(pin->engine_address == kEngines[n], "a query was found with another one's engine");
  check(pin->epoch == Epoch{n + 1, n + 1}, "a query was found with another one's epoch");
  check(pin->strategy == (n == 0 ? Strategy::kBlue : Strategy::kGreen), "a query was found with another one's colour");
  return true;
}

/// One place, used twice, while somebody looks.
struct UsedTwice : Scenario {
  UsedTwice() { setup.threads = 2; }
  void prepare() override { new_world(2); }
  void process(int which) override {
    if (which == 1) {
      (void)find(0);
      (void)find(1);
      return;
    }
    for (unsigned n = 0; n < 2; ++n) {
      const core::PinClaim claim = begin(0, n);
      check(bind(0, claim, n) == Cause::kOk, "a query could not be bound");
      if (n == 0) check(core::end_pin(model::process(0), claim), "a query was ended although nobody ended it");
    }
  }
  void verify() override {
    check(find(1) && !find(0), "what is bound is not found, or what has ended is");
  }
};
const Register<UsedTwice> used_twice("Pins", "nobody_finds_the_parts_of_two_queries_as_one", ~0U);

/// One thread of a process begins, another binds, while another process looks.
struct BoundByAnother : Scenario {
  std::atomic<std::uint64_t> handed{0};
  core::PinClaim first = 0;
  BoundByAnother() { setup.threads = 3; }
  void prepare() override {
    new_world(3);
    handed.store(0);
    first = begin(0, 0);
    check(bind(0, first, 0) == Cause::kOk, "a query could not be bound");
  }
  void process(int which) override {
    if (which == 0) {
      (void)core::end_pin(model::process(0), first);
      handed.store(begin(0, 1), std::memory_order_release);
    } else if (which == 1) {
      if (const core::PinClaim claim = handed.load(std::memory_order_acquire)) check(bind(0, claim, 1) == Cause::kOk, "a query could not be bound");
    } else {
      (void)find(0);
      (void)find(1);
    }
  }
};
const Register<BoundByAnother> bound_by_another("Pins", "nobody_finds_half_of_a_query_that_another_thread_binds", 3, 3);

/// The owner ends its query, others end it by its id; and the owner uses the place again at once.
struct EndedOnce : Scenario {
  std::array<unsigned, kMaxThreads> ended{};
  core::PinClaim claim = 0;
  EndedOnce() { setup.threads = 3; }
  void prepare() override {
    new_world(3);
    ended.fill(0);
    claim = begin(0, 0);
    check(bind(0, claim, 0) == Cause::kOk, "a query could not be bound");
  }
  void process(int which) override {
    if (which != 0) {
      ended[static_cast<unsigned>(which)] = core::end_pin_by_id(segment(), kIds[0]) ? 1 : 0;
      return;
    }
    ended[0] = core::end_pin(model::process(0), claim) ? 1 : 0;
    const core::PinClaim next = begin(0, 1);
    check(bind(0, next, 1) == Cause::kOk, "a query was ended by another one's id");
    check(!core::end_pin(model::process(0), claim), "a query was ended by an old claim");
  }
  void verify() override {
    check(ended[0] + ended[1] + ended[2] == 1, "a query did not end exactly once");
    check(find(1), "a query was ended by another one's id");
  }
};
const Register<EndedOnce> ended_once("Pins", "a_query_ends_once_whoever_ends_it", 3, 2);

/// What is known to run is counted, while pins around it come and go, also beyond the number of places.
struct Counted : Scenario {
  std::atomic<std::uint32_t> told{0};
  core::PinClaim old = 0;
  Counted() { setup.threads = 2; }
  void prepare() override {
    new_world(2);
    told.store(0);
    old = begin(0, 0);
    check(bind(0, old, 0) == Cause::kOk, "a query could not be bound");
    for (int i = 0; i < 2; ++i) (void)begin(1, 0);  // all places of one group, and what the process already has of the other
  }
  void process(int which) override {
    if (which == 1) {
      const std::uint32_t known = told.load(std::memory_order_acquire);
      check(core::count_in_flight(model::process(1), ~0U) >= 3 + known, "a query that runs was not counted");
      return;
    }
    const core::PinClaim second = begin(0, 1);
    const core::PinClaim third = begin(0, 1);
    check(third == core::kOnlyCounted, "there were more places than the scenario thinks");
    (void)bind(0, second, 1);
    told.store(2, std::memory_order_release);
  }
  void verify() override {
    check(core::count_in_flight(model::process(1), ~0U) == 5, "queries were lost or counted twice");
  }
};
const Register<Counted> counted("Pins", "a_query_that_runs_is_counted_with_or_without_a_place", ~0U);

/// The owner is killed anywhere, a reaper frees its places, another process takes them, and somebody looks.
struct DeadOwner : Scenario {
  DeadOwner() {
    setup.threads = 4;
    setup.killable = 1;
    setup.kills = 1;
  }
  void prepare() override { new_world(4); }
  void process(int which) override {
    switch (which) {
      case 0:
        (void)bind(0, begin(0, 0), 0);
        return;
      case 1:
        if (core::certainly_dead(model::process(1), 0)) (void)core::free_pins_of(segment(), 0);
        return;
      case 2:
        check(bind(2, begin(2, 1), 1) == Cause::kOk, "a query could not be bound");
        return;
      default:
        (void)find(1);
    }
  }
  void verify() override {
    check(find(1), "what is bound is not found");
    if (was_killed(0)) (void)core::free_pins_of(segment(), 0);
    check(core::count_in_flight(model::process(1), ~0U) == (was_killed(0) ? 1U : 2U), "a dead owner's query is still counted, or a living one's is not");
  }
};
const Register<DeadOwner> dead_owner("Pins", "what_a_killed_owner_left_does_not_mix_with_what_comes_after_it", 2, 1);

}  // namespace
}  // namespace e6::model
