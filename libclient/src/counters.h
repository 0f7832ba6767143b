// A connection's statistics while threads are counting.
#pragma once

#include <atomic>
#include <cstdint>

#include "e6/client/statistics.h"

namespace e6::client {

/// Counters of one connection in one process. Relaxed throughout: they order nothing and are only ever
/// summed.
class Counters {
 public:
  using Field = std::uint64_t Statistics::*;

  void add(Field field, std::uint64_t by = 1) noexcept { at(field).fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] Statistics read() const noexcept;

 private:
  // The statistics' own fields, read and written through atomic_ref; a field of plain type keeps the public
  // struct plain.
  [[nodiscard]] std::atomic_ref<std::uint64_t> at(Field field) noexcept {
    return std::atomic_ref<std::uint64_t>(values_.*field);
  }
  Statistics values_;
};

}  // namespace e6::client
