// The whole storm, from the first fork to the last word.
#pragma once

#include "arguments.h"

namespace e6::storm {

/// Returns the exit status. To be called while the process has one thread.
[[nodiscard]] int run_storm(const Arguments& arguments);

}  // namespace e6::storm
