#include "counters.h"

#include <array>
#include <bit>
#include <cstddef>

namespace e6::client {

Statistics Counters::read() const noexcept {
  constexpr std::size_t kFields = sizeof(Statistics) / sizeof(std::uint64_t);
  static_assert(sizeof(Statistics) == kFields * sizeof(std::uint64_t), "every field is a 64-bit count");
  // atomic_ref of a const object is C++26; nobody declares a Counters const.
  auto* words = reinterpret_cast<std::uint64_t*>(const_cast<Statistics*>(&values_));
  std::array<std::uint64_t, kFields> copy{};
  for (std::size_t i = 0; i < kFields; ++i) {
    copy[i] = std::atomic_ref<std::uint64_t>(words[i]).load(std::memory_order_relaxed);
  }
  return std::bit_cast<Statistics>(copy);
}

}  // namespace e6::client
