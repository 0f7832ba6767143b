// Want of memory: what must not throw does without, what was to be changed fails as a whole, nobody is blocked and nothing is lost afterwards.
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <new>
#include <thread>
#include <utility>

#include "fixture.h"

namespace {
thread_local int allocations_left = -1;  // -1: any number
thread_local int refused = 0;
thread_local const std::function<void()>* held_up_by = nullptr;  // at its next allocation
}  // namespace

void* operator new(std::size_t size) {
  if (held_up_by != nullptr) (*std::exchange(held_up_by, nullptr))();
  if (allocations_left == 0) {
    ++refused;
    throw std::bad_alloc();
  }
  if (allocations_left > 0) --allocations_left;
  if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace e6::shared_test {
namespace {

using NoMemoryTest = SharedTest;

class Counting : public Observer {
 public:
  void on_event(const Event&) noexcept override { ++heard; }
  int heard = 0;
};

TEST_F(NoMemoryTest, an_observer_that_cannot_be_added_keeps_nobody_from_the_list) {
  auto c = attach();
  auto first = std::make_shared<Counting>();
  c->add_observer(first);
  const auto second = std::make_shared<Counting>();
  int failed = 0;
  for (bool added = false; !added;) {
    auto copy = std::shared_ptr<Observer>(second);
    allocations_left = failed;
    try {
      c->add_observer(std::move(copy));
      added = true;
    } catch (const std::bad_alloc&) {
      ++failed;
    }
    allocations_left = -1;
    const int before = first->heard;
    EXPECT_TRUE(c->set(failed % 2 == 0 ? Strategy::kBlue : Strategy::kGreen));
    EXPECT_GT(first->heard, before) << "after " << failed << " failures";
  }
  EXPECT_GE(failed, 2) << "the list and its elements";
  EXPECT_EQ(second->heard, 1);
  c->remove_observer(first.get());
  c->remove_observer(second.get());
  EXPECT_EQ(first.use_count(), 1);
}

constexpr int kMost = 500;

/// Does `call` with memory for no allocation, for one, for two, ... until it gets all that it asks for, and `check` after each.
/// 0, or what `check` returned.
template <typename Call, typename Check>
int with_ever_more_memory(const Call& call, const Check& check) {
  for (int n = 0; n < kMost; ++n) {
    refused = 0;
    allocations_left = n;
    call();
    allocations_left = -1;
    const bool all = refused == 0;
    if (const int wrong = check(); wrong != 0) {
      std::fprintf(stderr, "with memory for %d allocations\n", n);
      return wrong;
    }
    if (all) return 0;
  }
  std::fprintf(stderr, "%d allocations are not enough\n", kMost);
  return 1;
}

/// Everything that must not throw.
void use(Coordinator& c) {
  if (auto q = c.begin_query()) {
    (void)c.bind(*q, "a query id that is too long for the string itself", "an engine's address that is too long for it");
    (void)c.find_query("a query id that is too long for the string itself");
    (void)c.end_query("a query id that is too long for the string itself");
    (void)c.bind(*q, "", "");
    c.end_query(std::move(*q));
  }
  (void)c.announce(Strategy::kGreen, c.snapshot().epoch);
  c.confirm(Strategy::kBlue, c.snapshot().epoch);
  (void)c.set(Strategy::kBlue);
  (void)c.mismatch(Strategy::kBlue, c.snapshot().epoch);
  const Detection d = c.detect_begin(SteadyClock::now());
  if (d.outcome == Detection::Outcome::kProbe) c.detect_fail(d.lease, ProbeFailure::kUnreachable, 14);
  (void)c.set(Strategy::kBlue);
  (void)c.in_flight();
}

TEST_F(NoMemoryTest, attaching_fails_as_a_whole_or_falls_back_and_keeps_nothing) {
  E6_EXPECT_CHILD(in_child([&] {
    attach("another:1").reset();  // what is made once per process
    const auto descriptors = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    const auto before = descriptors();
    Options o;
    Coordinator::AttachResult result;
    E6_CHILD_CHECK(with_ever_more_memory(
                       [&] {
                         const int left = std::exchange(allocations_left, -1);
                         o = options();
                         allocations_left = left;
                         result = Coordinator::attach(std::move(o));
                       },
                       [&] {
                         if (!result.coordinator) E6_CHILD_CHECK(result.error.cause == Cause::kSystem && result.error.sys_errno == ENOMEM);
                         result = {};
                         E6_CHILD_CHECK(descriptors() == before);
                         E6_CHILD_CHECK(directory_.entries() <= 2);
                         return 0;
                       }) == 0);
    o = options();
    o.ttl = 600s;
    auto c = attach(o);
    E6_CHILD_CHECK(c->options().ttl == 600s);  // no hold was left behind
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    return 0;
  }));
}

TEST_F(NoMemoryTest, a_coordinator_is_used_on_a_segment) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kBlue);
    return with_ever_more_memory([&] { use(*c); },
                                 [&] {
                                   E6_CHILD_CHECK(c->mode() == Mode::kShared && c->snapshot().active == Strategy::kBlue);
                                   E6_CHILD_CHECK(c->in_flight() == 0);
                                   return 0;
                                 });
  }));
}

TEST_F(NoMemoryTest, a_coordinator_is_used_without_a_segment) {
  E6_EXPECT_CHILD(in_child([&] {
    Options o = options();
    o.directory += "/missing";
    auto c = attach(o);
    return with_ever_more_memory(
        [&] {
          advance_clock(70s);  // it is tried again
          use(*c);
        },
        [&] {
          E6_CHILD_CHECK(c->set(Strategy::kBlue) || c->snapshot().active == Strategy::kBlue);
          E6_CHILD_CHECK(c->in_flight() == 0 && c->begin_query());
          return 0;
        });
  }));
}

TEST_F(NoMemoryTest, a_forked_child_becomes_a_participant_as_soon_as_there_is_memory) {
  auto c = attach_with(Strategy::kBlue);
  bool all = false;
  for (int n = 0; n < kMost && !all; ++n) {
    const int result = in_child([&] {
      refused = 0;
      allocations_left = n;
      use(*c);
      allocations_left = -1;
      (void)c->set(Strategy::kBlue);
      E6_CHILD_CHECK(c->begin_query() && c->mode() == Mode::kShared);
      return refused == 0 ? 2 : 0;
    });
    all = result == 2;
    ASSERT_TRUE(all || result == 0) << "with memory for " << n << " allocations";
  }
  EXPECT_TRUE(all);
}

TEST_F(NoMemoryTest, a_process_keeps_its_colour_when_it_has_no_memory_to_move_to_another_segment) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    const std::string name = path();
    int without = 0;
    return with_ever_more_memory(
        [&] {
          ::unlink(name.c_str());
          advance_clock(1100ms);
          const auto q = c->begin_query();
          without += !q || q->strategy() != Strategy::kGreen ? 1 : 0;
        },
        [&] {
          E6_CHILD_CHECK(without == 0);
          advance_clock(1100ms);
          E6_CHILD_CHECK(c->begin_query()->strategy() == Strategy::kGreen && c->mode() == Mode::kShared);
          E6_CHILD_CHECK(directory_.entries() == 1);
          return 0;
        });
  }));
}

TEST_F(NoMemoryTest, while_who_changes_the_list_of_observers_is_held_up_others_wait_a_tenth_of_a_second_and_go_on_untold) {
  auto c = attach();
  const auto observer = std::make_shared<Counting>();
  c->add_observer(observer);
  std::atomic<bool> inside{false};
  std::atomic<bool> go_on{false};
  const std::function<void()> hold_up = [&] {
    inside = true;
    (void)eventually([&] { return go_on.load(); });
  };
  std::thread adding([&] {
    auto another = std::make_shared<Counting>();
    held_up_by = &hold_up;
    c->add_observer(std::move(another));
  });
  EXPECT_TRUE(eventually([&] { return inside.load(); }));
  const auto before = SteadyClock::now();
  EXPECT_TRUE(c->set(Strategy::kBlue));
  const auto took = SteadyClock::now() - before;
  go_on = true;
  adding.join();
  EXPECT_GE(took, 90ms);
  EXPECT_LT(took, 5s);
  EXPECT_EQ(observer->heard, 0);
  EXPECT_EQ(events_of(*c, EventKind::kOperatorSet), 1U);
  EXPECT_TRUE(c->set(Strategy::kGreen));
  EXPECT_EQ(observer->heard, 1);
}

TEST_F(NoMemoryTest, an_observer_is_told) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kBlue);
    auto observer = std::make_shared<Counting>();
    c->add_observer(observer);
    allocations_left = 0;
    (void)c->set(Strategy::kGreen);
    allocations_left = -1;
    E6_CHILD_CHECK(observer->heard == 1);
    return 0;
  }));
}

}  // namespace
}  // namespace e6::shared_test
