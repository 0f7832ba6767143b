// In place of libshared's os/process_mark.h: each thread of the model is a process.
#pragma once

#include <cstdint>

namespace e6::os {

std::uint64_t process_generation() noexcept;
inline bool close_in_children(int) noexcept { return true; }
inline void keep_in_children(int) noexcept {}
inline void close_inherited(std::uint64_t) noexcept {}

class ForkSafeLock {
 public:
  bool try_lock() noexcept;
  void unlock() noexcept;

 private:
  bool held_ = false;
};

}  // namespace e6::os
