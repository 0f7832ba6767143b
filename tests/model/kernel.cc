#include "kernel.h"

#include "core/segment.h"
#include "machine.h"
#include "os/backoff.h"
#include "os/clock.h"
#include "os/futex.h"
#include "os/host_identity.h"
#include "os/ofd_lock.h"
#include "os/process_mark.h"
#include "os/robust_mutex.h"

namespace e6::model {
namespace {

constexpr Object kBytes = 0;
constexpr Object kMutex = 1;
constexpr Object kClock = 2;
constexpr Object kFutexes = 3;
constexpr unsigned kByteLocks = 16;
constexpr int kFree = 0;
constexpr int kObserver = kMaxThreads;  // whoever verifies

struct Kernel {
  int holders[kByteLocks];      // descriptor; 0 free
  int last_holders[kByteLocks]; // whose death freed it; kNobody if nobody's
  int mutex_owner;              // process; kNobody free
  int mutex_dead_owner;         // process that died inside and was not repaired; kNobody
  bool mutex_lost;              // unlocked without repair
  std::uint64_t releases;       // of anything that somebody may poll for
  std::uint64_t look_began[kMaxThreads + 1];  // releases when whoever polls began its latest look
  std::uint64_t wakes;
  std::uint64_t now_ms;
  bool time_moves;
  bool files_close_late;
  bool dying[kMaxThreads];      // its files are not closed yet
  unsigned slept_through;
  unsigned early_wakes[kMaxThreads + 1];
};
Kernel k;

int self() noexcept { return this_thread() == kNobody ? kObserver : this_thread(); }

unsigned lock_of_slot(unsigned slot) noexcept { return (slot + layout::kTurnBytes + 1) % kByteLocks; }

unsigned lock_of(off_t byte) noexcept {
  if (byte < os::kRetireByte) return static_cast<unsigned>(byte - os::kLockByte) % kByteLocks;
  return byte == os::kRetireByte ? layout::kTurnBytes : lock_of_slot(static_cast<unsigned>(byte - os::kFirstSlotByte));
}

void close_files_of(int process) {
  for (unsigned i = 0; i < kByteLocks; ++i)
    if (k.holders[i] == descriptor_of(process)) {
      k.holders[i] = kFree;
      k.last_holders[i] = process;
    }
  ++k.releases;
}

void end_of(int process) {
  if (k.mutex_owner == process) {
    k.mutex_owner = kNobody;
    k.mutex_dead_owner = process;
  }
  ++k.releases;  // whoever polls may see the mark
  if (k.files_close_late)
    k.dying[process] = true;
  else
    close_files_of(process);
}

bool anybody_dying() noexcept {
  for (const bool dying : k.dying)
    if (dying) return true;
  return false;
}

}  // namespace

void new_kernel() {
  k = Kernel{};
  k.mutex_owner = k.mutex_dead_owner = kNobody;
  for (int& last : k.last_holders) last = kNobody;
  k.now_ms = kStart;
  on_kill(end_of);
}

void bear(std::uint32_t slot, int process) { k.holders[lock_of_slot(slot)] = descriptor_of(process); }
void close_files_late() { k.files_close_late = true; }
void close_files_of_the_dead() {
  while (wait_until(anybody_dying, "for somebody to die")) {
    kernel_step(kBytes, "the files of the dead are closed");
    for (int p = 0; p < kMaxThreads; ++p) {
      if (k.dying[p]) close_files_of(p);
      k.dying[p] = false;
    }
  }
}
void let_time_move() { k.time_moves = true; }
void pass_time(std::uint64_t ms) {
  kernel_step(kClock, "time passes");
  k.now_ms += ms;
}
unsigned slept_through() noexcept { return k.slept_through; }

}  // namespace e6::model

namespace e6::os {

using namespace e6::model;  // NOLINT: this file is the seam between the two

std::uint64_t monotonic_ms() noexcept {
  if (k.time_moves) {
    kernel_look("read the clock");
    observe(k.now_ms);
  }
  return k.now_ms;
}

Locked try_lock_byte(int fd, off_t byte) noexcept {
  kernel_step(kBytes, "try to lock a byte");
  const unsigned lock = lock_of(byte);
  if (k.holders[lock] != kFree && k.holders[lock] != fd) return Locked::kNo;
  if (k.last_holders[lock] != kNobody) learn_death(k.last_holders[lock]);
  k.holders[lock] = fd;
  k.last_holders[lock] = kNobody;
  return Locked::kYes;
}

void unlock_byte(int fd, off_t byte) noexcept {
  kernel_step(kBytes, "unlock a byte");
  kernel_publish(kBytes);
  const unsigned lock = lock_of(byte);
  if (k.holders[lock] == fd) k.holders[lock] = kFree;
  ++k.releases;
}

Locked byte_held_by_other(int fd, off_t byte) noexcept {
  kernel_look("is a byte locked?");
  const unsigned lock = lock_of(byte);
  const bool held = k.holders[lock] != kFree && k.holders[lock] != fd;
  observe(held ? 1 : 0);
  if (held) return Locked::kYes;
  kernel_join(kBytes);
  if (k.last_holders[lock] != kNobody) learn_death(k.last_holders[lock]);
  return Locked::kNo;
}

int mutex_init(pthread_mutex_t&) noexcept { return 0; }

MutexResult mutex_lock(pthread_mutex_t&, SteadyTime) noexcept {
  kernel_step(kMutex, "lock the mutex");
  if (k.mutex_lost) return MutexResult::kUnrecoverable;
  check(k.mutex_owner == kNobody, "two processes met in the mutex");
  k.mutex_owner = self();
  kernel_publish(kMutex);  // for owner_died()
  if (k.mutex_dead_owner == kNobody) return MutexResult::kLocked;
  if (k.mutex_dead_owner < kMaxThreads) learn_death(k.mutex_dead_owner);
  return MutexResult::kOwnerDied;
}

// Who sees the mutex taken, or given back since, sees what whoever took it had seen.
bool owner_died(const pthread_mutex_t&) noexcept {
  kernel_look("is the mutex marked?");
  kernel_join(kMutex);
  const bool died = k.mutex_owner == kNobody && k.mutex_dead_owner != kNobody;
  observe(died ? 1 : 0);
  return died;
}

void mutex_consistent(pthread_mutex_t&) noexcept {
  kernel_step(kMutex, "mark the mutex consistent");
  k.mutex_dead_owner = kNobody;
}

void mutex_unlock(pthread_mutex_t&) noexcept {
  kernel_step(kMutex, "unlock the mutex");
  kernel_publish(kMutex);
  if (k.mutex_dead_owner != kNobody) k.mutex_lost = true;
  k.mutex_owner = kNobody;
}

Backoff::Backoff(SteadyTime, std::chrono::microseconds) noexcept { k.look_began[self()] = k.releases; }

bool Backoff::wait() noexcept {
  const std::uint64_t seen = k.look_began[self()];
  const bool again = wait_until([seen] { return k.releases != seen; }, "for a lock");
  k.look_began[self()] = k.releases;
  return again;
}

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, std::chrono::nanoseconds) noexcept {
  kernel_step(kFutexes, "sleep unless the word has changed");
  // a slice may end at any time: once per process it ends at once
  if (k.early_wakes[self()] == 0 && pick(2) == 1) {
    ++k.early_wakes[self()];
    return;
  }
  const std::uint64_t seen = k.wakes;
  if (latest_value(&word) != expected) return;
  if (!wait_until([seen] { return k.wakes != seen; }, "for news")) ++k.slept_through;
}

void futex_wake_all(std::atomic<std::uint32_t>&) noexcept {
  kernel_step(kFutexes, "wake the sleepers");
  ++k.wakes;
}

std::uint64_t process_generation() noexcept { return static_cast<std::uint64_t>(self()) + 1; }

bool ForkSafeLock::try_lock() noexcept {
  if (held_) return false;
  return held_ = true;
}

void ForkSafeLock::unlock() noexcept {
  held_ = false;
  ++k.releases;
}

std::array<char, 16> program_name() noexcept { return {'m', 'o', 'd', 'e', 'l'}; }

}  // namespace e6::os

namespace e6::core {
// the header's bytes do not change while a scenario runs
std::uint64_t header_checksum(const layout::Header& header) noexcept { return header.checksum; }
}  // namespace e6::core

// Every descriptor leads to the one segment there is.
int model_fstat(int, struct stat* st) noexcept {
  std::memset(st, 0, sizeof *st);
  st->st_dev = 1;
  st->st_ino = 1;
  st->st_nlink = 1;
  return 0;
}
