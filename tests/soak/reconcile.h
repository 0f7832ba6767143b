// When everybody is gone: do the segment's books say what the processes said that they did, and is anything left of the dead?
#pragma once

#include "area.h"
#include "conductor.h"

namespace e6::soak {

/// Reaps, compares, prints. What is wrong goes to the area's complaints.
void reconcile(Area& area, Conductor& conductor);

}  // namespace e6::soak
