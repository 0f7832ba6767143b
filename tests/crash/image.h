// The bytes of a segment at one moment, and what the kernel does to them when a process dies.
#pragma once

#include <memory>

#include "layout/segment_layout.h"

namespace e6::crash {

class Image {
 public:
  Image();
  Image(const Image& from);
  Image& operator=(const Image& from);
  explicit Image(const layout::Segment& from);

  [[nodiscard]] layout::Segment& segment() noexcept { return *bytes_; }
  [[nodiscard]] const layout::Segment& segment() const noexcept { return *bytes_; }
  void take(const layout::Segment& from) noexcept;
  void put(layout::Segment& into) const noexcept;

  /// Applies what exit does to a robust mutex whose owner's thread id is `tid` (futex(2), robust lists): the word says so, the waiters' bit stays.
  void let_die(int tid) noexcept;

 private:
  struct Free {
    void operator()(layout::Segment* bytes) const noexcept;
  };
  std::unique_ptr<layout::Segment, Free> bytes_;
};

}  // namespace e6::crash
