// Random numbers that follow from a seed alone (splitmix64).
#pragma once

#include <cstdint>

namespace e6::soak {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream) noexcept : state_(seed ^ (stream + 1) * 0xd1342543de82ef95U) { (void)next(); }
  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
  }
  /// 0 to `bound` - 1.
  std::uint32_t below(std::uint32_t bound) noexcept { return static_cast<std::uint32_t>(next() % bound); }
  bool one_in(std::uint32_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace e6::soak
