// A file's bytes in memory. Mapped by Boost.Interprocess; the only place that includes it.
// A segment with a robust mutex in it must never be unmapped once it was locked (an owner that dies later could not be marked dead): whoever locks
// keeps its Mapping for good.
#pragma once

#include <cstddef>
#include <memory>

#include "e6/shared/error.h"

namespace e6::os {

class Mapping {
 public:
  Mapping();
  Mapping(Mapping&&) noexcept;
  Mapping& operator=(Mapping&&) noexcept;
  ~Mapping();

  /// Maps the first `size` bytes of `fd`. The descriptor may be closed afterwards.
  static Error map(int fd, std::size_t size, bool writable, Mapping& out);

  [[nodiscard]] void* data() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  struct Region;
  std::unique_ptr<Region> region_;
};

}  // namespace e6::os
