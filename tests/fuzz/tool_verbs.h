// e6-shm in this process: its command line, its verbs, and what it prints.
#pragma once

#include <cstddef>

#include "stage.h"

namespace e6::fuzz {

[[nodiscard]] std::size_t verb_count() noexcept;
/// Runs one of them on the stage's segment. It must end in time with a documented status, and print JSON that is one, or text without control characters.
void run_verb(const Stage& stage, std::size_t which);

}  // namespace e6::fuzz
