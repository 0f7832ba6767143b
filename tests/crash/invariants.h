// What must hold whenever a process died, and again once the next one came. docs/crash-safety.md says why each of them does.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "image.h"
#include "operation.h"
#include "problems.h"

namespace e6::crash {

/// The segment as nobody has repaired it yet: what a reader may come upon at any instruction.
/// Readers end, stay within the segment, and see either side of the operation. `start`: before the operation.
void check_readers(const layout::Segment& start, const layout::Segment& seen, Problems& problems);

/// Everything that stands in the segment belongs to somebody of `alive`.
void check_ownership(const layout::Segment& segment, const std::vector<std::uint32_t>& alive, Problems& problems);

/// Not another one that took its name.
bool same_segment(const layout::Segment& start, const layout::Segment& now) noexcept;

struct Recovery {
  const Operation& operation;
  const layout::Segment& start;   ///< before the operation
  const layout::Segment& broken;  ///< as the dead left it
  const layout::Segment& now;     ///< after a fresh process attached
  std::uint32_t own_slot;         ///< the fresh process's
};
/// A recovered segment: owned, whole, and neither more nor less than what the dead had completed.
void check_recovered(const Recovery& recovery, Problems& problems);

/// No byte of the file but those of `alive` is locked by anybody.
void check_bytes(const std::string& path, const std::vector<std::uint32_t>& alive, Problems& problems);

}  // namespace e6::crash
