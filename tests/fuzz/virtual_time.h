// Time that passes only when somebody waits. While it is on, the clocks that libshared reads stand at a fixed moment and move on by what is slept:
// an execution that waits for a stopped lock owner takes microseconds, every execution is the same each time it is run, and how long an operation
// waited can be asked for exactly.
//
// It stands between libshared and the C library by the linker's --wrap (CMakeLists.txt): clocks, sleeps, futex waits and the timed lock. The thread
// that fuzzes has it on; whoever else runs in the process (libFuzzer's own threads) sees the real clocks.
#pragma once

#include <chrono>
#include <cstdint>

namespace e6::fuzz {

/// Where each execution begins.
inline constexpr std::uint64_t kStartMonotonicMs = 1'000'000'000;
inline constexpr std::uint64_t kStartRealtimeNs = 1'750'000'000'000'000'000;

class VirtualTime {
 public:
  VirtualTime() noexcept;
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  static void advance(std::chrono::nanoseconds by) noexcept;
  /// Since it was switched on.
  [[nodiscard]] static std::chrono::nanoseconds passed() noexcept;
};

}  // namespace e6::fuzz
