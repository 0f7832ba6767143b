// A segment's file cut off while processes have it mapped: nobody dies, nobody hangs, everybody meets on a new segment.
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cerrno>
#include <thread>

#include "core/host_lock.h"
#include "cut_off.h"

namespace e6::shared_test {
namespace {

class TruncationTest : public CutOffTest {};

TEST_F(TruncationTest, a_segment_cut_off_anywhere_is_replaced_and_no_call_dies) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{8192}, std::size_t{400'000}, sizeof(layout::Segment) - 1}) {
    E6_EXPECT_CHILD(in_child([&] {
      auto c = attach_with(Strategy::kBlue);
      auto running = c->begin_query();
      E6_CHILD_CHECK(running && c->bind(*running, "before", "engine").ok());
      cut(size);
      for (int i = 0; i < 3; ++i) use(*c);
      advance_clock(1100ms);
      use(*c);
      E6_CHILD_CHECK(c->mode() == Mode::kShared);
      E6_CHILD_CHECK(c->degraded_by().ok());
      c->end_query(std::move(*running));  // its place is gone; ending it does no harm
      E6_CHILD_CHECK(c->set(Strategy::kGreen));
      E6_CHILD_CHECK(inspect::look(path()).problems.empty());
      E6_CHILD_CHECK(inspect::look(path()).participants.size() == 1);
      E6_CHILD_CHECK(events_of(*c, EventKind::kRetired, EventCause::kCutOff) == 1);
      E6_CHILD_CHECK(start_peer({"colour", directory_.path(), "db.example:9000"}).wait() == 2);
      E6_CHILD_CHECK(directory_.entries() == 1);
      return 0;
    })) << size;
    ::unlink(path().c_str());
  }
}

TEST_F(TruncationTest, the_colour_is_carried_over_as_long_as_it_can_be_read) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    cut(8192);  // header and hot word are left
    auto q = c->begin_query();  // its pin is gone
    for (int i = 0; i < 3; ++i) {
      auto next = c->begin_query();
      E6_CHILD_CHECK(next && next->strategy() == Strategy::kGreen);
    }
    E6_CHILD_CHECK(c->mode() == Mode::kShared && inspect::look(path()).problems.empty());
    return 0;
  }));
}

TEST_F(TruncationTest, a_file_cut_off_and_filled_up_with_zeros_is_noticed_within_a_second) {
  E6_EXPECT_CHILD(in_child([&] {
    auto c = attach_with(Strategy::kGreen);
    cut(0);
    cut(sizeof(layout::Segment));
    use(*c);
    advance_clock(1100ms);
    use(*c);
    E6_CHILD_CHECK(c->mode() == Mode::kShared);
    E6_CHILD_CHECK(inspect::look(path()).problems.empty());
    return 0;
  }));
}

TEST_F(TruncationTest, threads_and_processes_in_the_middle_of_every_call_move_on_together) {
  constexpr int kProcesses = 3;
  const Signal running;
  const Signal cut_off;
  const Signal arrived;
  const Signal done;
  const Common<std::atomic<bool>> stop;
  std::vector<Child> children;
  auto c = attach_with(Strategy::kBlue);
  for (int p = 0; p < kProcesses; ++p)
    children.emplace_back([&] {
      std::vector<std::thread> threads;
      for (int t = 0; t < 2; ++t)
        threads.emplace_back([&] {
          while (!*stop) use(*c);
        });
      threads.emplace_back([&] {  // a reader of nothing but the word
        while (!*stop) (void)c->snapshot();
      });
      running.raise();
      E6_CHILD_CHECK(cut_off.wait());
      const bool here = eventually([&] { return c->mode() == Mode::kShared && inspect::look(c->path()).participants.size() >= kProcesses; });
      if (here) arrived.raise();
      E6_CHILD_CHECK(done.wait());
      for (std::thread& t : threads) t.join();
      E6_CHILD_CHECK(here);
      return 0;
    });
  ASSERT_TRUE(running.wait(kProcesses));
  ::usleep(20'000);  // in the thick of it; the result does not depend on it
  cut(0);
  const auto before = SteadyClock::now();
  cut_off.raise();
  EXPECT_TRUE(arrived.wait(kProcesses));
  std::printf("cut off -> %d processes on one new segment: %.0f ms\n", kProcesses,
              std::chrono::duration<double, std::milli>(SteadyClock::now() - before).count());
  *stop = true;
  done.raise();
  for (Child& child : children) EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(directory_.entries(), 1U);
  EXPECT_TRUE(moved(*c));  // this process, which has not touched it since
}

TEST_F(TruncationTest, a_reader_sees_the_word_of_before_or_the_mark_and_never_a_hole) {
  constexpr std::uint64_t kBefore = 0x1234'5678'9abc'def0;
  for (int round = 0; round < 15; ++round) {
    const os::Fd fd(::open((directory_.path() + "/file").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(kStandIn.size)), 0);
    void* at = ::mmap(nullptr, kStandIn.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(at, MAP_FAILED);
    auto& word = *reinterpret_cast<layout::Word*>(static_cast<char*>(at) + kStandIn.word_at);
    word.store(kBefore);
    ASSERT_TRUE(os::guard_mapping(at, kStandIn));
    std::atomic<int> reading{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
      readers.emplace_back([&] {
        ++reading;
        for (;;) {
          const std::uint64_t seen = word.load(std::memory_order_acquire);
          if (seen == kBefore) continue;
          if (seen != layout::kRetiredWord) ++wrong;
          return;
        }
      });
    readers.emplace_back([&] {  // through the kernel, without a fault: sees every moment of the change
      std::uint64_t seen = 0;
      const iovec into{&seen, sizeof seen};
      const iovec from{static_cast<void*>(&word), sizeof seen};
      ++reading;
      for (;;) {
        const ssize_t n = ::process_vm_readv(::getpid(), &into, 1, &from, 1, 0);
        if (n < 0 && errno != EFAULT) return;  // not allowed here
        if (n < 0 || seen == kBefore) continue;
        if (seen != layout::kRetiredWord) ++wrong;
        return;
      }
    });
    while (reading < 4) std::this_thread::yield();
    ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
    for (std::thread& t : readers) t.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_TRUE(os::mapping_replaced(at));
    ::unlink((directory_.path() + "/file").c_str());
  }
}

TEST_F(TruncationTest, a_thread_that_holds_the_lock_gives_it_back_and_ends_in_order) {
  for (const int protocol : {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT}) E6_EXPECT_CHILD(in_child([&] {
    (void)::unlink(path().c_str());  // cut off by the child before
    core::Attachment* a = take_part(place());
    E6_CHILD_CHECK(a != nullptr && os::guard_mapping(a->segment, kStandIn));
    pthread_mutexattr_t robust;
    pthread_mutex_t own;  // one that the application holds around it
    ::pthread_mutexattr_init(&robust);
    ::pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
    ::pthread_mutexattr_setprotocol(&robust, protocol);
    ::pthread_mutex_init(&own, &robust);
    int wrong = 1;
    std::thread holder([&] {
      robust_list_head* head = nullptr;
      std::size_t size = 0;
      if (::syscall(SYS_get_robust_list, 0, &head, &size) != 0) return;
      ::pthread_mutex_lock(&own);
      const auto* with_own = head->list.next;
      {
        const core::HostLock lock(*a);
        if (!lock.held()) return;
        cut(0);
      }
      if (head->list.next != with_own) return;  // the way to the application's mutex is whole
      {
        const core::HostLock lock(*a);  // on the stand-in
        if (!lock.held()) return;
      }
      if (head->list.next != with_own) return;
      ::pthread_mutex_unlock(&own);
      if (head->list.next != &head->list) return;
      ::pthread_mutex_lock(&own);  // dies with it: the next one must be told
      wrong = 0;
    });
    holder.join();
    E6_CHILD_CHECK(wrong == 0);
    E6_CHILD_CHECK(::pthread_mutex_lock(&own) == EOWNERDEAD);
    return 0;
  }));
}

TEST_F(TruncationTest, a_waiter_on_the_futex_goes_on_to_the_new_segment) {
  auto c = attach();
  const Detection mine = c->detect_begin(SteadyClock::now() + 1s);
  ASSERT_EQ(mine.outcome, Detection::Outcome::kProbe);
  const Signal waiting;
  Child waiter([&] {
    waiting.raise();
    const Detection d = c->detect_begin(SteadyClock::now() + kPatience);
    E6_CHILD_CHECK(d.outcome == Detection::Outcome::kProbe);  // the lease is gone with its segment
    E6_CHILD_CHECK(c->detect_succeed(d.lease, Strategy::kGreen));
    return 0;
  });
  ASSERT_TRUE(waiting.wait());
  ::usleep(20'000);  // asleep, most probably; the result does not depend on it
  cut(0);
  EXPECT_EQ(waiter.wait(), 0);
  EXPECT_FALSE(c->detect_succeed(mine.lease, Strategy::kBlue));  // of the segment that is gone
  EXPECT_EQ(c->snapshot().active, Strategy::kGreen);
}

TEST_F(TruncationTest, a_forked_child_and_its_child_have_the_guard_too) {
  auto c = attach_with(Strategy::kBlue);
  E6_EXPECT_CHILD(in_child([&] {
    E6_CHILD_CHECK(in_child([&] {
      (void)c->begin_query();
      cut(0);
      use(*c);
      E6_CHILD_CHECK(moved(*c));
      return 0;
    }) == 0);
    E6_CHILD_CHECK(moved(*c));  // on the name's new segment, past its parent's mapping
    return 0;
  }));
  EXPECT_TRUE(moved(*c));
}

}  // namespace
}  // namespace e6::shared_test
