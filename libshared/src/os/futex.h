// Sleeping on a word that other processes change.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace e6::os {

/// Sleeps while `word` is `expected`, at most for `bound`. Returns early for any reason; the caller looks again by itself.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, std::chrono::nanoseconds bound) noexcept;
/// Wakes everybody who sleeps on `word`, in all processes.
void futex_wake_all(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace e6::os
