// In place of libshared's os/mapping.h: segments of the model are memory of its own.
#pragma once

#include <cstddef>

namespace e6::os {

class Mapping {
 public:
  Mapping() = default;
  explicit Mapping(void* data) noexcept : data_(data) {}
  [[nodiscard]] void* data() const noexcept { return data_; }

 private:
  void* data_ = nullptr;
};

}  // namespace e6::os
