// The kernel's part of the model, as scenarios see it: byte locks that end with their process, the robust mutex, the futex, the clock.
#pragma once

#include <cstdint>

namespace e6::model {

inline constexpr std::uint64_t kStart = 1'000'000;  ///< the model's clock at the start of a run, in ms

/// Everything is free, nobody waits, the clock stands at kStart.
void new_kernel();
/// Slot `slot` is alive from now on, by the descriptor of `process`.
void bear(std::uint32_t slot, int process);
/// From now on a process that is killed keeps its byte locks until close_files_of_the_dead(), as one with much memory does; the mutex is marked at once.
void close_files_late();
/// Closes them, and those of everybody who is killed later, until nothing else can happen: the whole of what a thread of its own does.
void close_files_of_the_dead();
/// A step that moves the clock. Scenarios that use it say so in prepare.
void let_time_move();
void pass_time(std::uint64_t ms);
/// Waits for news that ended because nothing else could happen.
[[nodiscard]] unsigned slept_through() noexcept;
[[nodiscard]] constexpr int descriptor_of(int process) noexcept { return 1'000'000 + process; }

}  // namespace e6::model
