// What the bytes of an input mean. Every sequence of bytes is an input: numbers are taken modulo what there is, and where bytes are missing they are zero.
//
//   byte 0   bits 0-1  which segment to start from: busy, its lock's owner dead inside, fresh, full
//            bits 2-3  transition policy (3: as 0)
//            bit  4    the header's checksum is made right after all changes
//            bit  5    another process holds the host-wide lock and does not give it back
//   byte 1             the order of the operations
//   then changes, one after the other, each a byte for its kind (modulo 8) and:
//   0  bytes           offset 3, length 1 (1 to 64), that many bytes
//   1  field           field 1, element 2, value 8
//   2  field, special  field 1, element 2, which special value 1
//   3  flip            field 1, element 2, bit 1
//   4  random          offset 3, length 3, seed 4, gap 1 (words between changed ones, at most); length 0: to the end
//   5  size            size 3: the file is cut off or extended
//   6  copy            from 3, to 3, length 2
//   7  running         what follows changes while a coordinator is attached, instead of before
//
// Offsets are bytes of the segment, little-endian like all numbers; fields by their number in fields.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "e6/shared/options.h"
#include "layout/segment_layout.h"

namespace e6::fuzz {

enum class Base : std::uint8_t { kBusy, kOwnerDied, kFresh, kFull };
inline constexpr std::size_t kBases = 4;

struct Change {
  enum class Kind : std::uint8_t { kBytes, kField, kSpecial, kFlip, kRandom, kSize, kCopy, kRunning };
  Kind kind = Kind::kBytes;
  std::size_t field = 0;
  std::size_t element = 0;
  std::size_t offset = 0;
  std::size_t from = 0;
  std::size_t length = 0;
  std::uint64_t value = 0;  // of the field; seed; number of the special value or bit
  std::size_t gap = 0;
  std::vector<std::uint8_t> bytes;
};

struct Plan {
  Base base = Base::kBusy;
  TransitionPolicy policy = TransitionPolicy::kOnCompletion;
  bool seal = false;
  bool lock_held = false;
  std::uint8_t order = 0;
  std::vector<Change> before;           // anybody attaches
  std::vector<Change> running;          // while somebody is attached
  std::optional<std::size_t> file_size;
};

[[nodiscard]] Plan read_plan(const std::uint8_t* data, std::size_t size);
void apply(const std::vector<Change>& changes, layout::Segment& segment);

}  // namespace e6::fuzz
