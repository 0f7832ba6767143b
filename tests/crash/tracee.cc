#include "tracee.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#if !defined(__x86_64__)
#error "single-stepping is written for x86-64"
#endif

extern "C" const char e6_crash_marked[];
asm(".text\n.globl e6_crash_mark\n.type e6_crash_mark,@function\n"
    "e6_crash_mark:\n  int3\n.globl e6_crash_marked\ne6_crash_marked:\n  ret\n.size e6_crash_mark, .-e6_crash_mark\n");
extern "C" void e6_crash_mark();

namespace e6::crash {
namespace {

constexpr unsigned char kBreakpoint = 0xcc;

long request(int what, pid_t pid, std::uint64_t address, std::uint64_t data) noexcept {
  // glibc's prototype takes an enum and pointers; the numbers are the kernel's
  return ::ptrace(static_cast<__ptrace_request>(what), pid, reinterpret_cast<void*>(address), reinterpret_cast<void*>(data));
}

const std::uint64_t kMarked = reinterpret_cast<std::uint64_t>(e6_crash_marked);

/// The kernel's code for reading clocks: two pages at most of the harness and its child alike.
bool in_vdso(std::uint64_t address) noexcept {
  static const std::uint64_t begin = ::getauxval(AT_SYSINFO_EHDR);
  return begin != 0 && address >= begin && address - begin < 2 * 4096;
}

/// One instruction of the child replaced by a breakpoint.
class Breakpoint {
 public:
  Breakpoint(pid_t pid, std::uint64_t address) : pid_(pid), address_(address & ~std::uint64_t{7}) {
    std::memcpy(&original_, reinterpret_cast<const void*>(address_), sizeof original_);  // the same code as here
    trapped_ = original_;
    std::memcpy(reinterpret_cast<char*>(&trapped_) + (address - address_), &kBreakpoint, 1);
  }
  void set() { (void)request(PTRACE_POKETEXT, pid_, address_, trapped_); }
  void clear() { (void)request(PTRACE_POKETEXT, pid_, address_, original_); }

 private:
  pid_t pid_;
  std::uint64_t address_;
  std::uint64_t original_ = 0;
  std::uint64_t trapped_ = 0;
};

}  // namespace

void mark() { e6_crash_mark(); }

Tracee::Tracee(const std::function<void()>& body) {
  pid_ = ::fork();
  if (pid_ == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(111);
    ::raise(SIGSTOP);
    body();
    ::_exit(0);
  }
  int status = 0;
  if (pid_ < 0 || ::waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status)) {
    how_ = "it could not be traced";
    pid_ = -1;
    return;
  }
  (void)request(PTRACE_SETOPTIONS, pid_, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
}

Tracee::~Tracee() { kill(); }

bool Tracee::at_syscall() const noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(rip_);
  return bytes[0] == 0x0f && bytes[1] == 0x05;
}

void Tracee::read_address() {
  errno = 0;
  const long address = request(PTRACE_PEEKUSER, pid_, offsetof(user_regs_struct, rip), 0);
  rip_ = static_cast<std::uint64_t>(address);
}

Stop Tracee::wait(int what) {
  if (pid_ < 0) return Stop::kGone;
  int status = 0;
  if (request(what, pid_, 0, 0) != 0 || ::waitpid(pid_, &status, 0) != pid_) {
    how_ = std::string("tracing failed: ") + std::strerror(errno);
    return Stop::kGone;
  }
  if (WIFSTOPPED(status) && (WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == (SIGTRAP | 0x80))) {
    read_address();
    return rip_ == kMarked ? Stop::kMarked : Stop::kStepped;
  }
  if (WIFSTOPPED(status)) {
    read_address();
    how_ = std::string("it got the signal ") + ::strsignal(WSTOPSIG(status));
    kill();
  } else {
    how_ = WIFEXITED(status) ? "it ended with status " + std::to_string(WEXITSTATUS(status))
                             : std::string("it was ended by the signal ") + ::strsignal(WTERMSIG(status));
    pid_ = -1;
  }
  return Stop::kGone;
}

Stop Tracee::step() {
  const Stop stop = wait(PTRACE_SINGLESTEP);
  return stop == Stop::kStepped && in_vdso(rip_) ? finish_call() : stop;
}

Stop Tracee::finish_call() {
  const std::uint64_t stack = static_cast<std::uint64_t>(request(PTRACE_PEEKUSER, pid_, offsetof(user_regs_struct, rsp), 0));
  const std::uint64_t back = static_cast<std::uint64_t>(request(PTRACE_PEEKDATA, pid_, stack, 0));
  return run_to(back, 1);
}

Stop Tracee::run_to_mark() { return wait(PTRACE_CONT); }
Stop Tracee::run_to_syscall() { return wait(PTRACE_SYSCALL); }

Stop Tracee::run_to(std::uint64_t address, std::uint32_t hit) {
  Breakpoint breakpoint(pid_, address);
  for (std::uint32_t count = rip_ == address ? 1 : 0; count < hit; ++count) {
    if (rip_ == address) {  // over the instruction itself first
      const Stop stop = step();
      if (stop != Stop::kStepped) return stop;
      if (rip_ == address) continue;
    }
    breakpoint.set();
    const Stop stop = run_to_mark();
    if (stop == Stop::kGone) return stop;
    breakpoint.clear();
    if (stop == Stop::kMarked) return stop;
    rip_ = address;  // the trap left it one byte further
    (void)request(PTRACE_POKEUSER, pid_, offsetof(user_regs_struct, rip), address);
  }
  return Stop::kStepped;
}

void Tracee::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) == pid_ && !WIFSIGNALED(status) && !WIFEXITED(status)) {
  }
  pid_ = -1;
}

bool Tracee::allowed(std::string& reason) {
  Tracee probe([] { mark(); });
  if (probe.run_to_mark() != Stop::kMarked) {
    reason = "ptrace is not allowed here (" + probe.how() + ")";
    return false;
  }
  if (probe.step() != Stop::kStepped) {
    reason = "single-stepping is not to be had here (" + probe.how() + ")";
    return false;
  }
  return true;
}

}  // namespace e6::crash
