// The memory through which workers report to the parent: anonymous, shared, made before the fork.
//
//   Board        written by the parent: when it began, whether to stop
//   WorkerRow    one per worker, written by the worker's main thread
//   ThreadRow    one per thread of a worker, written by that thread only
//
// Crash: every field is a figure of its own; what a killed worker had written stays as it was and is counted.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "e6/client/statistics.h"
#include "e6/shared/strategy.h"
#include "histogram.h"

namespace e6::storm {

/// Nanoseconds of CLOCK_MONOTONIC, the clock of all times on the board.
[[nodiscard]] inline std::uint64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

using Count = std::atomic<std::uint64_t>;
/// For a count that one thread writes.
inline void raise(Count& count, std::uint64_t by = 1) noexcept {
  count.store(count.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

/// Texts and how often they occurred. One writer.
struct TextCounts {
  static constexpr std::size_t kTexts = 8;
  static constexpr std::size_t kBytes = 312;
  struct Entry {
    Count count;  // 0: no text yet
    std::array<char, kBytes> text;
  };
  std::array<Entry, kTexts> entries;
  Count others;  // of texts that found no place

  void add(std::string_view text) noexcept;
};

/// What a thread's query is doing; for people who wonder what hangs.
enum class Doing : std::uint32_t { kNothing, kExecute, kFetch, kClear, kDone };

struct alignas(64) ThreadRow {
  Count queries;       // completed: executed, fetched to the end, cleared
  Count failed;
  Count lost;          // their result went with the colour
  Count wrong_colour;  // a row was not of the query and the colour that it was fetched from
  Count checked_rows;  // rows that named their query and colour
  Count batches;
  std::atomic<std::uint64_t> last_begun;  // ns << 2 | colour of the last query that was executed
  std::array<std::atomic<std::uint64_t>, 3> first_ns;  // by colour: when the first query had been executed
  std::atomic<std::uint64_t> last_done_ns;
  std::atomic<std::uint64_t> longest_gap_ns;  // between two completed queries, or the start and the first one
  std::atomic<Doing> doing;
  std::atomic<std::uint32_t> is_long;  // runs --long-query: left out of latency and gaps
  SharedHistogram latency;
  TextCounts errors;
  TextCounts losses;
};

/// Why a worker saw no point in going on.
enum class GaveUp : std::uint32_t { kNo, kUnreachable, kRefused, kUnusable };

struct alignas(64) WorkerRow {
  std::atomic<std::uint32_t> ready;      // waits for the start
  std::atomic<std::uint32_t> finished;   // its figures are complete
  std::atomic<GaveUp> gave_up;
  std::atomic<std::uint32_t> shared;     // works on the segment
  std::atomic<std::uint64_t> ended_ns;
  TextCounts errors;  // of the worker as a whole
  // e6::client::Statistics of its connections, summed, field by field.
  std::array<Count, sizeof(client::Statistics) / sizeof(std::uint64_t)> statistics;
};

/// Owns the mapping in the parent; a forked child uses the same object.
class Board {
 public:
  Board() = default;
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// Maps it. False with errno when there is no memory.
  [[nodiscard]] bool make(std::size_t workers, std::size_t threads);

  [[nodiscard]] std::size_t workers() const noexcept { return workers_; }
  [[nodiscard]] std::size_t threads() const noexcept { return threads_; }
  [[nodiscard]] WorkerRow& worker(std::size_t worker) const noexcept;
  [[nodiscard]] ThreadRow& thread(std::size_t worker, std::size_t thread) const noexcept;

  /// 0 until the start.
  [[nodiscard]] std::uint64_t start_ns() const noexcept { return head_->start_ns.load(std::memory_order_acquire); }
  /// Workers begin; pairs with start_ns().
  void start() const noexcept { head_->start_ns.store(now_ns(), std::memory_order_release); }
  [[nodiscard]] bool stopping() const noexcept { return head_->stop.load(std::memory_order_relaxed) != 0; }
  void stop() const noexcept { head_->stop.store(1, std::memory_order_relaxed); }

 private:
  struct alignas(64) Head {
    std::atomic<std::uint64_t> start_ns;
    std::atomic<std::uint32_t> stop;
  };
  void* mapping_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t workers_ = 0;
  std::size_t threads_ = 0;
  Head* head_ = nullptr;
};

}  // namespace e6::storm
