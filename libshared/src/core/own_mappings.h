// The mappings that this process has of segment files, by file. They are never unmapped: threads
// may be inside, and pointers into them stay. But their memory can be given back.
#pragma once

#include <sys/types.h>

#include <cstddef>

#include "layout/hot_word.h"
#include "layout/segment_layout.h"
#include "os/sigbus_guard.h"

namespace e6::core {

/// What takes the place of a segment whose bytes are gone: everybody of this process moves on at
/// the next call.
inline constexpr os::StandIn kRetiredStandIn{sizeof(layout::Segment),
                                             offsetof(layout::Segment, hot), layout::kRetiredWord};

/// Remembers a mapping for good. Without memory for it, that mapping is not released below.
void note_own_mapping(void* begin, dev_t device, ino_t inode) noexcept;

/// Puts stand-ins into the place of this process's mappings of a file that was removed.
void release_own_mappings(dev_t device, ino_t inode) noexcept;

}  // namespace e6::core
