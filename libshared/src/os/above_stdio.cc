#include "os/above_stdio.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "os/backoff.h"
#include "os/process_mark.h"

namespace e6::os {
namespace {

constexpr int kFirstFree = 3;
constexpr std::chrono::milliseconds kAloneBound{200};
constexpr const char* kHarmless = "/";  // what a reservation's descriptors lead to

// Counted so that a child knows whether it has inherited a reservation. seq_cst, and in this order,
// because the kernel copies a process's descriptors before its memory: what was begun before the
// former has been counted in the latter.
std::atomic<std::uint64_t> begun{0};
std::atomic<std::uint64_t> over{0};
std::atomic<bool> handlers_registered{false};
thread_local std::uint64_t begun_before_fork = 0;
thread_local bool quiet_before_fork = true;
// One thread reserves at a time: when it ends, no other one relies on its descriptors.
ForkSafeLock alone;

/// False for a reservation's own: they may go at any moment.
bool taken(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) == 0;
}

bool leads_to_harmless(int fd) noexcept {
  struct stat st;
  struct stat harmless;
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_PATH) != 0 && ::fstat(fd, &st) == 0 &&
         ::stat(kHarmless, &harmless) == 0 && st.st_dev == harmless.st_dev &&
         st.st_ino == harmless.st_ino;
}

void before_fork() noexcept {
  begun_before_fork = begun.load(std::memory_order_seq_cst);
  quiet_before_fork = over.load(std::memory_order_seq_cst) >= begun_before_fork;
}

// The thread that reserved is not there to end it. Only async-signal-safe calls.
void in_child() noexcept {
  const std::uint64_t now = begun.load(std::memory_order_seq_cst);
  over.store(now, std::memory_order_seq_cst);
  if (quiet_before_fork && now == begun_before_fork) return;
  for (int fd = 0; fd < kFirstFree; ++fd)
    if (leads_to_harmless(fd)) ::close(fd);
}

}  // namespace

StdioReservation::StdioReservation() noexcept {
  if (taken(STDIN_FILENO) && taken(STDOUT_FILENO) && taken(STDERR_FILENO)) [[likely]]
    return;
  needed_ = true;
  if (!handlers_registered.exchange(true, std::memory_order_relaxed))
    ::pthread_atfork(before_fork, nullptr, in_child);
  Backoff pause(steady_now() + kAloneBound);
  while (!(alone_ = alone.try_lock()))
    if (!pause.wait()) break;
  begun.fetch_add(1, std::memory_order_seq_cst);
  for (;;) {
    const int fd = ::open(kHarmless, O_PATH | O_CLOEXEC);
    if (fd >= kFirstFree) ::close(fd);
    if (fd < 0 || fd >= kFirstFree) return;
    held_ |= 1U << fd;
  }
}

StdioReservation::~StdioReservation() {
  if (!needed_) [[likely]]
    return;
  const int kept = errno;
  // looks: the application may have closed it and opened its own in its place
  for (int fd = 0; fd < kFirstFree; ++fd)
    if ((held_ >> fd & 1U) != 0 && leads_to_harmless(fd)) ::close(fd);
  over.fetch_add(1, std::memory_order_seq_cst);
  if (alone_) alone.unlock();
  errno = kept;
}

Fd moved_above_stdio(int fd) noexcept {
  if (fd < 0 || fd >= kFirstFree) return Fd(fd);
  Fd low(fd);
  Fd high(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstFree));
  const int kept = errno;
  low.reset();
  errno = kept;
  return high;
}

}  // namespace e6::os
