// The host-wide lock when its owner died inside and still has its files open: with much memory to give back, as a thread of a process that lives on, or with
// a child that inherited them. Also across containers, where the numbers of owners and waiters are equal.
#include "core/host_lock.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include <thread>
#include <vector>

#include "layout/turn_word.h"
#include "namespaces.h"
#include "os/ofd_lock.h"

namespace e6::shared_test {
namespace {

using State = core::HostLock::State;

class HostLockTest : public SharedTest {
 protected:
  [[nodiscard]] std::uint64_t turn() const { return RawSegment(path())->lock.turn.load(); }
  /// Is the byte of that turn locked by anybody?
  [[nodiscard]] bool locked(std::uint64_t turn) const {
    const os::Fd fd(::open(path().c_str(), O_RDWR | O_CLOEXEC));
    return os::byte_held_by_other(fd.get(), os::kLockByte + layout::turn_byte(turn)) == os::Locked::kYes;
  }
  /// A thread of this process takes the lock and ends inside. The process keeps the byte, as a dying one does until its files are closed.
  static bool die_inside_and_keep_the_files(core::Attachment& a) {
    static auto* const never_given_back = new std::vector<std::unique_ptr<core::HostLock>>;
    std::thread([&] { never_given_back->push_back(std::make_unique<core::HostLock>(a, 5s)); }).join();
    return never_given_back->back()->held();
  }
  /// A process that is inside, dead, and has its files open until `end`.
  [[nodiscard]] std::function<int()> dying(const Signal& dead, const Signal& end) const {
    return [this, &dead, &end] {
      core::Attachment* a = look_on(place());
      E6_CHILD_CHECK(a != nullptr && die_inside_and_keep_the_files(*a));
      dead.raise();
      return end.wait() ? 0 : 1;
    };
  }
};

TEST_F(HostLockTest, nobody_waits_for_the_files_of_an_owner_that_died_inside) {
  core::Attachment* mine = take_part(place());
  ASSERT_NE(mine, nullptr);
  const Signal dead;
  const Signal end;
  Child owner(dying(dead, end));
  ASSERT_TRUE(dead.wait());
  const std::uint64_t before = turn();
  ASSERT_TRUE(locked(before));
  {
    const core::HostLock lock(*mine, kPatience);
    EXPECT_TRUE(lock.held());
    EXPECT_TRUE(lock.recovered());
    EXPECT_NE(layout::turn_byte(turn()), layout::turn_byte(before));
  }
  EXPECT_TRUE(locked(before)) << "the owner's files were to be open still";
  {
    const core::HostLock again(*mine, 0ms);
    EXPECT_TRUE(again.held());
    EXPECT_FALSE(again.recovered());
  }
  end.raise();
  EXPECT_EQ(owner.wait(), 0);
}

TEST_F(HostLockTest, as_many_owners_may_die_one_after_the_other_with_their_files_open_as_there_are_bytes_and_the_next_waits) {
  core::Attachment* mine = take_part(place());
  ASSERT_NE(mine, nullptr);
  const Signal end;
  std::vector<Child> owners;
  for (std::uint32_t i = 0; i < layout::kTurnBytes; ++i) {
    const Signal dead;
    owners.emplace_back(dying(dead, end));
    ASSERT_TRUE(dead.wait()) << i;
  }
  EXPECT_EQ(core::HostLock(*mine, 20ms).state(), State::kBusy);
  owners.front().kill();
  const core::HostLock lock(*mine, kPatience);
  EXPECT_TRUE(lock.held());
  EXPECT_TRUE(lock.recovered());
  end.raise();
  for (std::uint32_t i = 1; i < layout::kTurnBytes; ++i) EXPECT_EQ(owners[i].wait(), 0);
}

TEST_F(HostLockTest, a_raw_clone_that_has_the_files_of_an_owner_killed_inside_does_not_keep_its_lock) {
  core::Attachment* mine = take_part(place());
  ASSERT_NE(mine, nullptr);
  const Signal inside;
  const Signal end;
  const Signal ended;
  Child owner([&] {
    core::Attachment* a = look_on(place());
    E6_CHILD_CHECK(a != nullptr);
    const core::HostLock lock(*a);
    E6_CHILD_CHECK(lock.held());
    if (::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
      (void)end.wait();
      ended.raise();
      ::_exit(0);
    }
    inside.raise();
    ::pause();
    return 1;
  });
  ASSERT_TRUE(inside.wait());
  const std::uint64_t before = turn();
  owner.kill();
  EXPECT_TRUE(locked(before));
  {
    const core::HostLock lock(*mine, kPatience);
    EXPECT_TRUE(lock.held());
    EXPECT_TRUE(lock.recovered());
  }
  end.raise();
  EXPECT_TRUE(ended.wait());
}

TEST_F(HostLockTest, killing_a_waiter_does_not_declare_the_heir_of_a_dying_owner_dead) {
  E6_NEEDS_ROOT();
  for (int round = 0; round < 10; ++round) {
    const Signal dead;
    const Signal end;
    Child owner = in_pid_namespace(dying(dead, end));
    ASSERT_TRUE(dead.wait());
    const Signal inside;
    const Signal let_go;
    Child heir = in_pid_namespace([&] {
      core::Attachment* a = look_on(place());
      E6_CHILD_CHECK(a != nullptr && ::getpid() == 1);
      const core::HostLock lock(*a, kPatience);
      E6_CHILD_CHECK(lock.held() && lock.recovered());
      inside.raise();
      E6_CHILD_CHECK(let_go.wait());
      return 0;
    });
    ASSERT_TRUE(inside.wait());
    const Signal waiting;
    Child waiter = in_pid_namespace([&] {  // process 1 as well: the same number in the mutex
      core::Attachment* a = look_on(place());
      E6_CHILD_CHECK(a != nullptr && ::getpid() == 1);
      waiting.raise();
      const core::HostLock lock(*a, kPatience);
      return 0;
    });
    ASSERT_TRUE(waiting.wait());
    ::usleep(2'000);
    waiter.kill();
    core::Attachment* mine = look_on(place());
    ASSERT_NE(mine, nullptr);
    EXPECT_EQ(core::HostLock(*mine, 20ms).state(), State::kBusy);
    let_go.raise();
    EXPECT_EQ(heir.wait(), 0);
    const core::HostLock lock(*mine, kPatience);
    EXPECT_TRUE(lock.held());
    EXPECT_FALSE(lock.recovered());
    end.raise();
    EXPECT_EQ(owner.wait(), 0);
  }
}

TEST_F(HostLockTest, containers_with_equal_numbers_pass_the_lock_on_while_owners_with_memory_to_give_back_are_killed) {
  E6_NEEDS_ROOT();
  constexpr int kContainers = 4;
  constexpr int kKills = 12;
  constexpr std::size_t kBallast = std::size_t{48} << 20;
  const Common<std::atomic<int>> owner;      // container + 1 of who is inside
  const Common<std::atomic<int>> met;        // two were inside at a time
  const Common<std::atomic<int>> taken;
  const auto take_and_give = [&](int number) {
    return [&, number] {
      core::Attachment* a = look_on(place());
      E6_CHILD_CHECK(a != nullptr && ::getpid() == 1);
      const std::vector<char> ballast(kBallast, 1);
      for (;;) {
        const core::HostLock lock(*a, kPatience);
        E6_CHILD_CHECK(lock.held());
        const int before = owner->exchange(number + 1);
        // whoever died inside stands there still; whoever lives has taken itself out
        if (before != 0 && !lock.recovered()) met->fetch_add(1);
        taken->fetch_add(1);
        ::usleep(300);
        if (owner->exchange(0) != number + 1) met->fetch_add(1);
      }
    };
  };
  std::vector<Child> containers;
  for (int i = 0; i < kContainers; ++i) containers.push_back(in_pid_namespace(take_and_give(i)));
  for (int kill = 0; kill < kKills; ++kill) {
    const int before = taken->load();
    ASSERT_TRUE(eventually([&] { return taken->load() > before + kContainers && owner->load() != 0; }));
    // usually the owner; else a waiter or somebody on its way in or out
    const int victim = kill % 3 == 2 ? kill % kContainers : std::max(0, owner->load() - 1);
    containers[static_cast<std::size_t>(victim)].kill();
    containers[static_cast<std::size_t>(victim)] = in_pid_namespace(take_and_give(victim));
  }
  for (Child& c : containers) c.kill();
  EXPECT_EQ(met->load(), 0);
  core::Attachment* mine = look_on(place());
  ASSERT_NE(mine, nullptr);
  EXPECT_TRUE(core::HostLock(*mine, kPatience).held());
}

TEST_F(HostLockTest, whatever_stands_in_its_words_the_lock_is_had_or_refused_within_its_bound) {
  core::Attachment* mine = take_part(place());
  ASSERT_NE(mine, nullptr);
  const RawSegment raw(path());
  for (const std::uint64_t word : {0ULL, 1ULL, 2ULL, 33ULL, ~0ULL, ~0ULL - 1, 1ULL << 63, 0x8000'0000'0000'0001ULL})
    for (const unsigned mutex : std::initializer_list<unsigned>{0, FUTEX_OWNER_DIED, FUTEX_OWNER_DIED | FUTEX_WAITERS, FUTEX_OWNER_DIED | 1, ~0U, FUTEX_WAITERS}) {
      raw->lock.turn.store(word);
      raw->lock.mutex.__data.__lock = static_cast<int>(mutex);
      const auto before = SteadyClock::now();
      {
        const core::HostLock lock(*mine, 50ms);
        const bool to_be_had = mutex == 0 || (mutex & FUTEX_OWNER_DIED) != 0;
        EXPECT_EQ(lock.held(), to_be_had) << word << " " << mutex;
        EXPECT_EQ(lock.recovered(), to_be_had && mutex != 0) << word << " " << mutex;
      }
      EXPECT_LT(SteadyClock::now() - before, 5s);
      raw->lock.mutex.__data.__lock = 0;
    }
}

TEST_F(HostLockTest, a_mutex_of_another_kind_that_says_its_owner_died_is_refused_at_once) {
  core::Attachment* mine = take_part(place());
  ASSERT_NE(mine, nullptr);
  const RawSegment raw(path());
  const int kind = raw->lock.mutex.__data.__kind;
  raw->lock.turn.store(7);
  raw->lock.mutex.__data.__lock = static_cast<int>(FUTEX_OWNER_DIED);
  raw->lock.mutex.__data.__kind = 0x7f;
  EXPECT_EQ(core::HostLock(*mine, kPatience).state(), State::kBroken);
  raw->lock.mutex.__data.__kind = kind;
}

TEST_F(HostLockTest, words_that_do_not_stand_still_keep_nobody_for_longer_than_the_bound) {
  core::Attachment* mine = take_part(place());
  ASSERT_NE(mine, nullptr);
  const RawSegment raw(path());
  std::atomic<bool> end{false};
  std::thread spoiler([&] {
    for (std::uint64_t i = 1; !end.load(std::memory_order_relaxed); i += 2) raw->lock.turn.store(i);
  });
  for (int i = 0; i < 20; ++i) {
    const auto before = SteadyClock::now();
    { const core::HostLock lock(*mine, 20ms); }
    EXPECT_LT(SteadyClock::now() - before, 5s);
  }
  end.store(true);
  spoiler.join();
  EXPECT_TRUE(core::HostLock(*mine, kPatience).held());
}

}  // namespace
}  // namespace e6::shared_test
