#include "os/sigbus_guard.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <new>

#include "os/backoff.h"
#include "os/process_mark.h"

namespace e6::os {
namespace {

enum State : std::uint64_t { kArmed = 0, kReplacing = 1, kReplaced = 2, kFailed = 3 };
constexpr unsigned kStateBits = 2;
constexpr std::uint64_t kStateMask = (1U << kStateBits) - 1;
constexpr std::uint32_t kPatience = 100'000;  // faults at one mapping; a stand-in that faults itself (bad memory) must not loop for ever
constexpr long kPauseNs = 100'000;

// Pushed, never removed, so that a handler may walk the list at any instruction and a child has all of it.
struct Watched {
  std::uintptr_t begin = 0;
  StandIn stand_in;
  void* reserve = nullptr;
  bool by_handler = false;  // else replaced from ordinary code only
  Watched* next = nullptr;
  std::atomic<std::uint64_t> state{kArmed};  // generation of the process that replaces << kStateBits | State
  std::atomic<std::uint32_t> faults{0};
};
std::atomic<Watched*> all_watched{nullptr};

std::atomic<bool> installed{false};
ForkSafeLock installing;
struct sigaction before;  // written before `installed` and before the handler can run
std::atomic<bool> before_is_spent{false};

void* make_stand_in(const StandIn& s) noexcept {
  void* memory = ::mmap(nullptr, s.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  (void)::madvise(memory, s.size, MADV_NOHUGEPAGE);  // one page is touched: let it cost one page
  std::memcpy(static_cast<char*>(memory) + s.word_at, &s.word, sizeof s.word);
  return memory;
}

/// One step under the kernel's lock of the address space: a thread that touches the place meanwhile waits in its page fault.
bool move_over(void* memory, void* target, std::size_t size) noexcept {
  return ::mremap(memory, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, target) != MAP_FAILED;
}

Watched* find(std::uintptr_t address) noexcept {
  // acquire: pairs with the release in push()
  for (Watched* w = all_watched.load(std::memory_order_acquire); w != nullptr; w = w->next)
    if (address - w->begin < w->stand_in.size) return w;
  return nullptr;
}

/// Async-signal-safe. False: it cannot be done. True: it was done, or another thread of this process is doing it.
bool replace(Watched& w) noexcept {
  const std::uint64_t self = process_generation() << kStateBits;
  std::uint64_t seen = w.state.load(std::memory_order_acquire);
  do {
    const std::uint64_t state = seen & kStateMask;
    if (state == kReplaced) return true;
    if (state == kFailed) return false;
    // A claim of another generation was left by a thread that exists in the parent only, before its step or after it.
    if (state == kReplacing && (seen & ~kStateMask) == self) return true;
  } while (!w.state.compare_exchange_weak(seen, self | kReplacing, std::memory_order_acq_rel, std::memory_order_acquire));
  // After its step the reserve is no longer ours, and something else may stand there.
  void* memory = (seen & kStateMask) == kReplacing ? make_stand_in(w.stand_in) : w.reserve;
  const bool done = memory != nullptr && move_over(memory, reinterpret_cast<void*>(w.begin), w.stand_in.size);
  w.state.store(self | (done ? kReplaced : kFailed), std::memory_order_release);  // pairs with the acquire loads above and in survived()
  return done;
}

/// A fault at this address is dealt with: the instruction may be tried again.
bool survived(std::uintptr_t address) noexcept {
  Watched* w = find(address);
  if (w == nullptr || !w->by_handler || w->faults.fetch_add(1, std::memory_order_relaxed) >= kPatience || !replace(*w)) return false;
  if ((w->state.load(std::memory_order_acquire) & kStateMask) == kReplacing) {
    const timespec pause{0, kPauseNs};
    ::nanosleep(&pause, nullptr);
  }
  return true;
}

bool readable(std::uintptr_t address) noexcept {
  // reads eight bytes before it refuses the first argument
  return ::syscall(SYS_rt_sigprocmask, -1, address, nullptr, std::size_t{8}) == 0 || errno != EFAULT;
}

/// A handler that was installed after ours and hands on by raise(), as Python's faulthandler does, loses the address: look everywhere.
bool survived_somewhere() noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (Watched* w = all_watched.load(std::memory_order_acquire); w != nullptr; w = w->next)
    for (std::size_t at = 0; at < w->stand_in.size; at += page)
      if (!readable(w->begin + at)) return survived(w->begin + at);
  return false;
}

/// What would have happened without us.
void hand_on(int number, siginfo_t* info, void* context) noexcept {
  const bool caused = info->si_code > 0;  // by an instruction, not sent
  const bool with_info = (before.sa_flags & SA_SIGINFO) != 0;
  const bool once = (static_cast<unsigned>(before.sa_flags) & SA_RESETHAND) != 0;
  const bool spent = once && before_is_spent.exchange(true, std::memory_order_relaxed);
  if (!with_info && !spent && before.sa_handler == SIG_IGN && !caused) return;
  if (spent || (!with_info && (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN))) {
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(number, &standard, nullptr);
    if (!caused) ::raise(number);  // else the instruction brings it again by itself
    return;
  }
  sigset_t mask = static_cast<const ucontext_t*>(context)->uc_sigmask;
  for (int s = 1; s < NSIG; ++s)
    if (::sigismember(&before.sa_mask, s) == 1) (void)::sigaddset(&mask, s);
  if ((before.sa_flags & SA_NODEFER) == 0) (void)::sigaddset(&mask, number);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);  // returning from the handler restores it
  if (with_info)
    before.sa_sigaction(number, info, context);
  else
    before.sa_handler(number);
}

void on_bus_error(int number, siginfo_t* info, void* context) noexcept {
  const int kept = errno;
  const bool handed_on_by_raise = info->si_code == SI_TKILL && info->si_pid == ::getpid();
  const bool fine = info->si_code > 0 ? survived(reinterpret_cast<std::uintptr_t>(info->si_addr)) : handed_on_by_raise && survived_somewhere();
  if (!fine) hand_on(number, info, context);
  errno = kept;
}

/// Not yet in the list. Null: no memory.
Watched* make_watched(void* begin, const StandIn& stand_in) noexcept {
  void* reserve = make_stand_in(stand_in);
  if (reserve == nullptr) return nullptr;
  auto* w = new (std::nothrow) Watched;
  if (w == nullptr) {
    ::munmap(reserve, stand_in.size);
    return nullptr;
  }
  w->begin = reinterpret_cast<std::uintptr_t>(begin);
  w->stand_in = stand_in;
  w->reserve = reserve;
  return w;
}

void push(Watched& w) noexcept {
  w.next = all_watched.load(std::memory_order_relaxed);
  // release: the entry is whole before a handler can find it
  while (!all_watched.compare_exchange_weak(w.next, &w, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

bool install() noexcept {
  // acquire: pairs with the release below
  if (installed.load(std::memory_order_acquire)) return true;
  Backoff pause(steady_now() + std::chrono::seconds(1));
  while (!installing.try_lock())
    if (!pause.wait()) return false;
  bool done = installed.load(std::memory_order_acquire);
  if (!done) {
    struct sigaction ours = {};
    ours.sa_sigaction = on_bus_error;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&ours.sa_mask);  // no other handler may run, and touch the mapping, while SIGBUS is blocked
    struct sigaction replaced = {};
    done = ::sigaction(SIGBUS, nullptr, &before) == 0 && ::sigaction(SIGBUS, &ours, &replaced) == 0;
    if (done && replaced.sa_sigaction != before.sa_sigaction) before = replaced;  // another thread installed one in between
    installed.store(done, std::memory_order_release);
  }
  installing.unlock();
  return done;
}

}  // namespace

bool guard_mapping(void* begin, const StandIn& stand_in) noexcept {
  errno = 0;
  Watched* w = make_watched(begin, stand_in);
  if (w == nullptr) return false;
  if (install()) {
    w->by_handler = true;
    push(*w);
    return true;
  }
  ::munmap(w->reserve, w->stand_in.size);
  delete w;
  return false;
}

bool replace_mapping(void* begin, const StandIn& stand_in) noexcept {
  if (Watched* w = find(reinterpret_cast<std::uintptr_t>(begin))) return replace(*w);
  Watched* w = make_watched(begin, stand_in);
  if (w == nullptr) return false;
  push(*w);
  return replace(*w);
}

void forget_handler_for_test() noexcept {
  if (installed.exchange(false, std::memory_order_acq_rel)) ::sigaction(SIGBUS, &before, nullptr);
}

bool mapping_replaced(const void* begin) noexcept {
  const Watched* w = find(reinterpret_cast<std::uintptr_t>(begin));
  return w != nullptr && (w->state.load(std::memory_order_acquire) & kStateMask) == kReplaced;
}

}  // namespace e6::os
