// Control of the monotonic clocks of this process and of the children it forks: they can be moved forward, never back.
//
// clock_gettime is defined in this program, so that libshared and the standard library ask it. Sleeping and futex waits stay real.
#pragma once

#include <chrono>

namespace e6::shared_test {

/// Moves CLOCK_MONOTONIC and CLOCK_MONOTONIC_COARSE on. The previous offset is restored by reset_clock.
void advance_clock(std::chrono::milliseconds by) noexcept;
void reset_clock() noexcept;

}  // namespace e6::shared_test
