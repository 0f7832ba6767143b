// The functions of libshared that write shared memory. Every one of them must be come by in some operation.
#pragma once

#include <string>
#include <vector>

#include "recording.h"

namespace e6::crash {

std::vector<std::string> all_writers();
/// Those whose first instruction was executed.
std::vector<std::string> writers_in(const Recording& recording);

}  // namespace e6::crash
