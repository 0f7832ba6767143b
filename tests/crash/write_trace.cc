#include "write_trace.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdint>

namespace e6::crash {
namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr long long kTrapFlag = 0x100;

struct Trace {
  layout::Segment* segment = nullptr;
  Image known;
  std::vector<State> states;
  std::uintptr_t page = 0;  // open for one write
};
Trace* current = nullptr;

void protect(std::uintptr_t at, std::size_t size, int how) { (void)::mprotect(reinterpret_cast<void*>(at), size, how); }

// The handlers run in the middle of a store to the segment, never inside malloc: they may allocate.
void on_write(int, siginfo_t* info, void* context) {
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const auto base = reinterpret_cast<std::uintptr_t>(current->segment);
  if (at < base || at - base >= sizeof(layout::Segment)) {
    ::signal(SIGSEGV, SIG_DFL);
    return;
  }
  current->page = at & ~(kPage - 1);
  protect(current->page, kPage, PROT_READ | PROT_WRITE);
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
}

void after_write(int, siginfo_t*, void* context) {
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
  protect(current->page, kPage, PROT_READ);
  State state;
  state.step = static_cast<std::uint32_t>(current->states.size()) + 1;
  state.lines = catch_up_page(*current->segment, current->page - reinterpret_cast<std::uintptr_t>(current->segment), current->known);
  current->states.push_back(std::move(state));
}

}  // namespace

std::vector<State> trace_writes(layout::Segment& segment, const std::function<void()>& code) {
  Trace trace;
  trace.segment = &segment;
  trace.known.take(segment);
  current = &trace;
  struct sigaction write = {};
  struct sigaction trap = {};
  struct sigaction old_write = {};
  struct sigaction old_trap = {};
  write.sa_sigaction = on_write;
  trap.sa_sigaction = after_write;
  write.sa_flags = trap.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &write, &old_write);
  ::sigaction(SIGTRAP, &trap, &old_trap);
  const auto base = reinterpret_cast<std::uintptr_t>(&segment);
  protect(base, sizeof segment, PROT_READ);
  code();
  protect(base, sizeof segment, PROT_READ | PROT_WRITE);
  ::sigaction(SIGSEGV, &old_write, nullptr);
  ::sigaction(SIGTRAP, &old_trap, nullptr);
  current = nullptr;
  std::erase_if(trace.states, [](const State& s) { return s.lines.empty(); });  // what was there already, and swaps that failed
  return std::move(trace.states);
}

}  // namespace e6::crash
