// A worker: a forked process with threads and connections of its own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>

#include "arguments.h"
#include "board.h"
#include "e6/shared/coordinator.h"

namespace e6::storm {

/// What a child runs after the fork; ends the process. `inherited` is the parent's knowledge of the host, made
/// before the fork, or null. Ends by itself when the parent has gone.
[[noreturn]] void run_worker(const Arguments& arguments, const Board& board, std::size_t index, pid_t parent,
                             std::shared_ptr<Coordinator> inherited);

}  // namespace e6::storm
