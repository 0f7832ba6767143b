#include "os/process_mark.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace e6::os {
namespace process_mark_detail {
std::atomic<Page*> page{nullptr};
}

namespace {

using process_mark_detail::Page;
using process_mark_detail::page;

struct Inherited {
  std::atomic<int> fd_plus_one{0};  // 0 empty
  std::atomic<dev_t> device{0};     // of the file: a number that meanwhile leads elsewhere is not ours to close
  std::atomic<ino_t> inode{0};
  std::atomic<std::uint64_t> generation{0};
};
constexpr int kReserved = -1;  // an entry being filled in
std::array<Inherited, 256> inherited;
std::atomic<std::uint64_t> last_generation{0};
std::atomic<std::uint64_t> forks_begun{0};
std::atomic<std::uint64_t> forks_over{0};
Page fallback_page;  // where no page can be had: fork() is still noticed by the handler

void close_if_ours(const Inherited& entry, int fd) noexcept {
  struct stat st;
  if (::fstat(fd, &st) == 0 && st.st_dev == entry.device.load(std::memory_order_relaxed) &&
      st.st_ino == entry.inode.load(std::memory_order_relaxed))
    ::close(fd);
}

void before_fork() noexcept { forks_begun.fetch_add(1, std::memory_order_seq_cst); }
void after_fork() noexcept { forks_over.fetch_add(1, std::memory_order_seq_cst); }

// Only async-signal-safe calls: it runs between fork and the child's first instruction.
void in_child() noexcept {
  forks_over.store(forks_begun.load(std::memory_order_relaxed), std::memory_order_relaxed);
  if (Page* p = page.load(std::memory_order_relaxed)) p->generation.store(0, std::memory_order_relaxed);
  for (Inherited& entry : inherited) {
    const int fd = entry.fd_plus_one.exchange(0, std::memory_order_relaxed);
    if (fd > 0) close_if_ours(entry, fd - 1);
  }
}

Page* make_page() noexcept {
  const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return &fallback_page;
  (void)::madvise(memory, size, MADV_WIPEONFORK);  // older kernels: the handler alone
  return static_cast<Page*>(memory);               // zero bytes are a Page of generation 0
}

}  // namespace

namespace process_mark_detail {

std::uint64_t renew() noexcept {
  Page* p = page.load(std::memory_order_acquire);
  if (p == nullptr) {
    Page* made = make_page();
    // release: pairs with the acquire load in process_generation
    if (page.compare_exchange_strong(p, made, std::memory_order_acq_rel)) {
      ::pthread_atfork(before_fork, after_fork, in_child);
      p = made;
    } else if (made != &fallback_page) {
      ::munmap(made, static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
    }
  }
  const std::uint64_t mine = last_generation.fetch_add(1, std::memory_order_relaxed) + 1;
  std::uint64_t none = 0;
  return p->generation.compare_exchange_strong(none, mine, std::memory_order_relaxed) ? mine : none;
}

}  // namespace process_mark_detail

bool close_in_children(int fd) noexcept {
  const std::uint64_t generation = process_generation();
  struct stat st;
  if (::fstat(fd, &st) != 0) return false;
  for (Inherited& entry : inherited) {
    int empty = 0;
    if (!entry.fd_plus_one.compare_exchange_strong(empty, kReserved, std::memory_order_relaxed)) continue;
    entry.device.store(st.st_dev, std::memory_order_relaxed);
    entry.inode.store(st.st_ino, std::memory_order_relaxed);
    entry.generation.store(generation, std::memory_order_relaxed);
    entry.fd_plus_one.store(fd + 1, std::memory_order_release);  // pairs with the fork itself: a child sees all or nothing
    return true;
  }
  return false;
}

void keep_in_children(int fd) noexcept {
  for (Inherited& entry : inherited) {
    int stored = fd + 1;
    if (entry.fd_plus_one.compare_exchange_strong(stored, 0, std::memory_order_relaxed)) return;
  }
}

void close_inherited(std::uint64_t generation) noexcept {
  for (Inherited& entry : inherited) {
    int stored = entry.fd_plus_one.load(std::memory_order_relaxed);
    if (stored == 0 || entry.generation.load(std::memory_order_relaxed) == generation) continue;
    if (stored > 0 && entry.fd_plus_one.compare_exchange_strong(stored, 0, std::memory_order_relaxed)) close_if_ours(entry, stored - 1);
  }
}

// seq_cst: reads of the counters and the kernel's copy of the descriptors are in one order with what the forking thread does
namespace {

std::uint64_t forks_counted_from_here_on() noexcept {
  (void)process_generation();  // sees to it that the handlers are there
  return forks_begun.load(std::memory_order_seq_cst);
}

}  // namespace

ForkWatch::ForkWatch() noexcept
    : begun_(forks_counted_from_here_on()), quiet_(forks_over.load(std::memory_order_seq_cst) >= begun_) {}

bool ForkWatch::forked() const noexcept { return !quiet_ || forks_begun.load(std::memory_order_seq_cst) != begun_; }

bool ForkSafeLock::try_lock() noexcept {
  const std::uint64_t mine = process_generation();
  std::uint64_t seen = holder_.load(std::memory_order_relaxed);
  // acquire: pairs with the release in unlock
  return seen != mine && holder_.compare_exchange_strong(seen, mine, std::memory_order_acquire);
}

}  // namespace e6::os
