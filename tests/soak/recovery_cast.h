// Who acts in recovery_bench: the victim, whoever it reaps, the writer that waits, the reader; and the memory in which they are told what to do.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace e6::soak {

// What a victim has done when it goes no further.
enum Kind : std::uint32_t {
  kInside,      // nothing yet: there is nothing to repair
  kArmed,       // it reaps somebody, and has written down what the totals will be
  kHalfFolded,  // ... and brought half of them there
  kKinds
};

enum Outcome : std::uint32_t { kRepaired, kTooLate, kWrong };

// What a reader's samples are filed under.
enum Window : std::uint32_t { kNotSampled, kIdle, kElsewhere, kHere, kWindows };

inline constexpr std::size_t kNanoseconds = 8192;
using Histogram = std::array<std::uint64_t, kNanoseconds + 1>;  // the last: longer

struct Control {
  alignas(64) std::atomic<std::uint32_t> window;
  alignas(64) std::atomic<std::uint32_t> end;
  std::atomic<std::uint32_t> restless;                          // the reader has a processor of its own and does not sleep between its looks
  std::atomic<std::uint32_t> segment, kind;                     // of this round: 0 here, 1 elsewhere
  std::atomic<std::uint32_t> joined, go, inside;                // the victim
  std::atomic<std::uint32_t> dead_slot_plus_one;                // whom it reaps
  std::atomic<std::uint32_t> writer_ready, writer_go, writer_waits, writer_done;  // rounds
  std::atomic<std::int64_t> killed_ns, held_ns;
  std::atomic<std::uint64_t> delay_before_ns, delay_after_ns;   // that the writer had waited for a processor
  std::atomic<std::int64_t> waited_ns, ran_ns;                  // the writer, in all its waits
  std::atomic<std::uint32_t> outcome;                           // Outcome
  alignas(64) Histogram histograms[kWindows];
};

/// Makes the memory. Before any process is started.
[[nodiscard]] bool make_control();
Control& control();

struct Stage {
  std::string directory;
  std::size_t megabytes = 0;   ///< that the next victim has in use
};
Stage& stage();

[[noreturn]] void be_reaped();
[[noreturn]] void be_victim();
[[noreturn]] void be_writer();
[[noreturn]] void be_reader();

pid_t start(void (*body)());
void collect(pid_t pid);
/// Nanoseconds that a process has been ready to run without a processor; 0 where the kernel does not say.
std::uint64_t processor_delay(pid_t pid);
std::int64_t now_ns();

}  // namespace e6::soak
