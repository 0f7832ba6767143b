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

/// What the dead left.
struct Aftermath {
  Image start;               ///< before the operation; zero bytes if there was no segment
  std::vector<Image> left;   ///< as each of the dead left it, the last one of them last
  bool neighbour = false;    ///< the neighbour lives, and is on that segment
  bool unrecorded = false;   ///< a process without the lock changed the colour, and its event could not be kept
  [[nodiscard]] const layout::Segment& broken() const noexcept { return left.back().segment(); }
};

struct Recovery {
  const Operation& operation;
  const Aftermath& aftermath;
  const layout::Segment& now;  ///< after a fresh process attached
  std::uint32_t own_slot;      ///< the fresh process's
};
/// A recovered segment: owned, whole, and neither more nor less than what the dead had completed.
void check_recovered(const Recovery& recovery, Problems& problems);

/// No byte of the file but those of `alive` is locked by anybody.
void check_bytes(const std::string& path, const std::vector<std::uint32_t>& alive, Problems& problems);

}  // namespace e6::crash
