// Two segments of one cluster side by side: a user's own and a group's.
#pragma once

#include <string>

#include "core/segment.h"

namespace e6::core {

/// The path of another segment of `place`'s cluster in its directory that this user's processes
/// could be on, and that a living participant uses: the user's own, or one of a group that this
/// process is a member of (of its first 256). Empty if there is none. A few system calls for each
/// group. Throws std::bad_alloc.
std::string second_segment(const Place& place);

}  // namespace e6::core
