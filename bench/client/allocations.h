// How often this thread has allocated.
#pragma once

#include <cstdint>

namespace e6::bench {

/// Calls of operator new on this thread so far, by anybody in the process.
[[nodiscard]] std::uint64_t allocations() noexcept;

}  // namespace e6::bench
