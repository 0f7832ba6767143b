// The scheduler's dice: the same seed gives the same run on every machine.
#pragma once

#include <cstdint>

namespace e6::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
  }
  /// 0 to `bound` - 1; `bound` at least 1.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  /// From `least` to `most`, both included.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept { return least + below(most - least + 1); }
  /// True in `permille` of 1000 cases.
  bool chance(std::uint64_t permille) noexcept { return below(1000) < permille; }

 private:
  std::uint64_t state_;
};

}  // namespace e6::simulation
