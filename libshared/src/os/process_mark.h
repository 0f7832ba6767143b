// Which process is this? One load, also after a fork that nobody told us about.
//
// A page that the kernel wipes in every child (MADV_WIPEONFORK) holds the generation of the process. A forked child, by fork() or raw clone,
// finds zero there and takes a generation of its own. Descriptors that must not survive in a child, because their open file description carries
// the parent's locks (TRAPS: a child would keep its dead parent alive), are closed by an atfork handler.
#pragma once

#include <atomic>
#include <cstdint>

namespace e6::os {

namespace process_mark_detail {
struct Page {
  std::atomic<std::uint64_t> generation;
};
extern std::atomic<Page*> page;
std::uint64_t renew() noexcept;
}  // namespace process_mark_detail

/// The generation of the calling process: never 0, differs from that of any ancestor. Thread-safe.
inline std::uint64_t process_generation() noexcept {
  // acquire: pairs with the release store in renew(), so that the page is mapped before it is read
  if (auto* p = process_mark_detail::page.load(std::memory_order_acquire)) {
    const std::uint64_t g = p->generation.load(std::memory_order_relaxed);
    if (g != 0) [[likely]]
      return g;
  }
  return process_mark_detail::renew();
}

/// Has `fd` closed in every child right after fork(). False when the table (256 places) is full.
/// A raw clone without handlers keeps it open until the child execs, ends, or uses the library.
bool close_in_children(int fd) noexcept;
/// Takes the descriptor out again, before the parent closes it.
void keep_in_children(int fd) noexcept;
/// In a child that was made without the handlers: closes what they would have closed. Does nothing otherwise.
void close_inherited(std::uint64_t generation) noexcept;

/// Did this process fork since the watch was made? A thread that opens a descriptor and then has it closed in children must know: a child that another
/// thread forks in between has the descriptor and no word of it.
class ForkWatch {
 public:
  ForkWatch() noexcept;
  /// Also true when a fork was going on already. Raw clones are not counted.
  [[nodiscard]] bool forked() const noexcept;

 private:
  std::uint64_t begun_;
  bool quiet_;
};

/// A lock between threads of one process that a fork cannot leave locked: what another process generation holds counts as free. Polls;
/// for rare operations only.
class ForkSafeLock {
 public:
  bool try_lock() noexcept;
  void unlock() noexcept { holder_.store(0, std::memory_order_release); }  // pairs with the acquire in try_lock

 private:
  std::atomic<std::uint64_t> holder_{0};
};

}  // namespace e6::os
