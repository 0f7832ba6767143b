// A histogram of durations that one thread writes and another process may read.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace e6::storm {

/// Buckets of microseconds that are never wider than 1/32 of their value (as in HdrHistogram, with 5 bits of
/// precision): 64 exact ones, then 32 per power of two, up to 2^36 us (19 hours).
class Buckets {
 public:
  static constexpr std::size_t kCount = 64 + 30 * 32;

  [[nodiscard]] static constexpr std::size_t of(std::uint64_t micros) noexcept {
    if (micros < 64) return static_cast<std::size_t>(micros);
    const auto octave = static_cast<std::size_t>(std::bit_width(micros)) - 7;  // 64..127 is 0
    if (octave >= 30) return kCount - 1;
    return 64 + octave * 32 + static_cast<std::size_t>((micros >> (octave + 1)) - 32);
  }
  /// The largest value of a bucket.
  [[nodiscard]] static constexpr std::uint64_t top(std::size_t bucket) noexcept {
    if (bucket < 64) return bucket;
    const std::size_t octave = (bucket - 64) / 32;
    const std::uint64_t step = (bucket - 64) % 32 + 32;
    return ((step + 1) << (octave + 1)) - 1;
  }
};
static_assert(Buckets::of(63) == 63 && Buckets::of(64) == 64 && Buckets::of(127) == 95);
static_assert(Buckets::of(128) == 96 && Buckets::top(Buckets::of(128)) == 131);
static_assert(Buckets::of(~0ULL) == Buckets::kCount - 1);

/// Zeroed memory is an empty one. One writer; readers see each bucket at some recent moment.
struct SharedHistogram {
  std::array<std::atomic<std::uint64_t>, Buckets::kCount> counts;

  void add(std::uint64_t micros) noexcept {
    auto& count = counts[Buckets::of(micros)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
};

/// Several of them together.
class Histogram {
 public:
  void add(const SharedHistogram& from) noexcept {
    for (std::size_t i = 0; i < Buckets::kCount; ++i) {
      const std::uint64_t count = from.counts[i].load(std::memory_order_relaxed);
      counts_[i] += count;
      total_ += count;
    }
  }
  /// The value in microseconds that a share (0 to 1) of all values does not exceed; 0 when there are none.
  [[nodiscard]] std::uint64_t quantile(double share) const noexcept {
    const double wanted = share * static_cast<double>(total_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < Buckets::kCount; ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return Buckets::top(i);
    }
    return 0;
  }

 private:
  std::array<std::uint64_t, Buckets::kCount> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace e6::storm
