// How long something took, without the time in which the machine had no processor for it: bounds hold for the code, not for the load.
#pragma once

#include <chrono>
#include <cstdint>

namespace e6::crash {

class Stopwatch {
 public:
  Stopwatch() : start_(std::chrono::steady_clock::now()), waited_(waited_ns()) {}
  [[nodiscard]] std::chrono::milliseconds elapsed() const;

 private:
  /// Nanoseconds that this thread was ready to run and did not (/proc/self/schedstat); 0 where the kernel does not tell.
  static std::uint64_t waited_ns();

  std::chrono::steady_clock::time_point start_;
  std::uint64_t waited_;
};

}  // namespace e6::crash
