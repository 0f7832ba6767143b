// The clocks of the simulation: they stand still until the scheduler moves them.
//
// clock_gettime is defined in this program, so that libshared and the standard library ask it. Nothing here ever sleeps: whoever would wait is asked
// again later instead.
#pragma once

#include <cstdint>

namespace e6::simulation {

/// Milliseconds of CLOCK_MONOTONIC and CLOCK_MONOTONIC_COARSE.
[[nodiscard]] std::uint64_t now_ms() noexcept;
void advance_clock(std::uint64_t ms) noexcept;
/// Back to the beginning, for the next run.
void reset_clock() noexcept;

}  // namespace e6::simulation
