// Want of memory in the midst of a change to what the threads of a process share: the change fails, and nobody is blocked afterwards.
#include <cstdlib>
#include <new>

#include "fixture.h"

namespace {
thread_local int allocations_left = -1;  // -1: any number
}

void* operator new(std::size_t size) {
  if (allocations_left == 0) throw std::bad_alloc();
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

}  // namespace
}  // namespace e6::shared_test
