// A child that is run to a marked place and from there instruction by instruction.
//
// The harness is linked statically and not relocated, so that parent and child have the same code at the same addresses: an instruction is named by
// its address and by how many times it was come by since the mark.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace e6::crash {

/// Where the operation begins and ends. To be called in the child.
void mark();

enum class Stop : std::uint8_t {
  kStepped,
  kMarked,  ///< came to the next mark
  kGone,    ///< ended in some other way; see Tracee::how
};

class Tracee {
 public:
  explicit Tracee(const std::function<void()>& body);
  ~Tracee();
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// The next instruction.
  [[nodiscard]] std::uint64_t at() const noexcept { return rip_; }
  /// Is it a system call?
  [[nodiscard]] bool at_syscall() const noexcept;

  /// One instruction; a clock read by the vDSO is one as well. It writes nothing shared, takes another way whenever the kernel updates the clock
  /// meanwhile, and would never end where a step takes long.
  Stop step();
  Stop run_to_mark();
  /// Runs until the instruction at `address` is the next one for the `hit`-th time (from 1) since the mark.
  Stop run_to(std::uint64_t address, std::uint32_t hit);
  /// Runs to the next entry to or exit from a system call; kStepped there.
  Stop run_to_syscall();
  /// SIGKILL; returns when it is gone with all that the kernel takes back.
  void kill();
  [[nodiscard]] const std::string& how() const noexcept { return how_; }

  /// Whether tracing is allowed here; if not, why.
  static bool allowed(std::string& reason);

 private:
  Stop wait(int request);
  Stop finish_call();
  void read_address();

  pid_t pid_ = -1;
  std::uint64_t rip_ = 0;
  std::string how_;
};

}  // namespace e6::crash
