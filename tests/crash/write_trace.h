// What this process's own code writes to a segment, write by write, at full speed in between: the pages are read-only, a write faults, is let through as
// one instruction, and the next one faults again.
#pragma once

#include <functional>
#include <vector>

#include "image.h"
#include "recording.h"

namespace e6::crash {

/// Runs `code`; the states after each of its writes, against what the segment held before. One at a time in a process.
std::vector<State> trace_writes(layout::Segment& segment, const std::function<void()>& code);

}  // namespace e6::crash
