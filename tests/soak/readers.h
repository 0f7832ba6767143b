// Processes that only look, all the time, and hold what they see against what must never be seen. Nobody kills them.
#pragma once

#include "area.h"

namespace e6::soak {

/// Looks at snapshots as a request does: one after the other, through the public interface. Never returns.
[[noreturn]] void run_reader(Area& area);

/// Looks into the segment itself: pins and their owners, sums of counters, events; and at reports of inspect.h. Never returns.
[[noreturn]] void run_auditor(Area& area);

}  // namespace e6::soak
