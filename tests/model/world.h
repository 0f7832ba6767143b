// The segment and the processes on it that scenarios start from.
#pragma once

#include "core/attachment.h"
#include "layout/segment_layout.h"

namespace e6::model {

/// A fresh segment with processes 0 to `joined` - 1 in slots of the same number, alive.
void new_world(int joined);
/// Another process, not joined.
void add_stranger(int process);
[[nodiscard]] layout::Segment& segment() noexcept;
[[nodiscard]] core::Attachment& process(int which) noexcept;
[[nodiscard]] inline constexpr std::uint64_t incarnation_at_start(int process) { return static_cast<std::uint64_t>(process) + 1; }

}  // namespace e6::model
