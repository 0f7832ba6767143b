// One execution.
#pragma once

#include <cstddef>
#include <cstdint>

#include "stage.h"

namespace e6::fuzz {

/// Ends the process by SIGABRT on a finding. `thorough`: with every verb of e6-shm and every look, instead of a sample of them.
void execute(Stage& stage, const std::uint8_t* data, std::size_t size, bool thorough);

}  // namespace e6::fuzz
