// A process that lives the whole life of a client of libshared, at random, until it is told to leave or is killed.
#pragma once

#include <memory>

#include "area.h"
#include "e6/shared/coordinator.h"

namespace e6::soak {

/// `inherited`: the coordinator that the process had when it was forked, if any. Never returns.
[[noreturn]] void run_worker(Area& area, std::shared_ptr<Coordinator> inherited);

/// Everybody in a soak works on the same cluster. `mix` decides what may differ between processes.
[[nodiscard]] Options worker_options(const Area& area, std::uint64_t mix);

}  // namespace e6::soak
