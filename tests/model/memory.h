// The memory of the machine: for every location its stores in modification order, each with the view that whoever acquires it gets; for every thread
// the oldest store per location that it may still see.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "atomic.h"
#include "machine.h"

namespace e6::model {

inline constexpr unsigned kMaxLocations = 384;

/// Per location the earliest time stamp that may still be seen.
struct View {
  std::array<std::uint32_t, kMaxLocations> at;
};

struct Message {
  std::uint64_t value = 0;
  std::uint64_t id = 0;      // fingerprint of the thread's past when it stored this
  std::uint32_t time = 0;    // its place in the modification order
  std::uint32_t view = 0;    // what an acquiring load gets, in Memory::views_
  int thread = kNobody;
  bool attached = false;     // of a read-modify-write: nothing comes between it and the store it read
};

struct Location {
  const void* at = nullptr;
  unsigned readers = 0;      // bit per thread, over all runs
  unsigned writers = 0;
  std::uint64_t run = 0;     // the run that `order` is of
  std::uint64_t chain = 0;   // fingerprint of `order`
  std::vector<Message> order;
};

struct ThreadView {
  View current;     // what it has seen
  View acquirable;  // what an acquire fence would add: from relaxed loads
  View released;    // what its last release fence published: goes with later relaxed stores
  std::uint64_t past = 0;  // fingerprint of everything it did and saw
  unsigned spurious = 0;
};

class Memory {
 public:
  void begin_run(unsigned spurious) noexcept;
  void forget_sharing() noexcept;

  unsigned locate(const void* at, std::uint64_t initial);
  /// Notes that `thread` touches it. True when that makes it shared just now.
  bool touch(unsigned location, int thread, bool writes) noexcept;
  [[nodiscard]] bool shared(unsigned location) const noexcept;

  using Choose = unsigned (*)(unsigned count);
  std::uint64_t load(unsigned location, int thread, std::memory_order order, Choose choose);
  void store(unsigned location, int thread, std::uint64_t value, std::memory_order order, Choose choose);
  std::uint64_t modify(unsigned location, int thread, Rmw how, std::uint64_t operand, std::uint64_t mask, std::memory_order order, Choose choose);
  bool exchange_if(unsigned location, int thread, std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                   std::memory_order failure, bool weak, Choose choose);
  void fence(int thread, std::memory_order order);

  [[nodiscard]] ThreadView& of(int thread) noexcept { return threads_[static_cast<unsigned>(thread)]; }
  [[nodiscard]] const Location& location(unsigned index) const noexcept { return locations_[index]; }
  [[nodiscard]] std::uint64_t fingerprint() const noexcept { return chains_; }
  void join(View& into, const View& from) const noexcept;
  [[nodiscard]] bool stale(unsigned location) const noexcept { return stale_ && location == last_; }

 private:
  void read(Location& l, unsigned index, ThreadView& t, const Message& m, std::memory_order order);
  void insert(Location& l, unsigned index, std::size_t after, int thread, std::uint64_t value, std::memory_order order, const Message* read_from);
  std::uint32_t new_view();
  void clear(View& view) const noexcept;

  std::array<Location, kMaxLocations> locations_;
  std::array<std::uint16_t, 4096> index_{};  // open addressing by address; location + 1
  unsigned known_ = 0;
  std::uint64_t run_ = 0;
  std::uint64_t chains_ = 0;
  std::array<ThreadView, kMaxThreads> threads_;
  std::vector<View> views_;
  std::uint32_t views_used_ = 0;
  View total_;  // of sequentially consistent fences
  unsigned last_ = 0;
  bool stale_ = false;  // the last load did not return the latest store
};

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t x = a * 0x9e3779b97f4a7c15U + b + 0x7f4a7c15U;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93U;
  x ^= x >> 29;
  x *= 0xd6e8feb86659fd93U;
  return x ^ x >> 32;
}

}  // namespace e6::model
