// Many executions in one process. libshared keeps what it knows of a cluster, and every mapping it ever had, for the life of a process; here a life is one
// execution, so that memory does not grow and each execution attaches anew.
#pragma once

#include "core/host.h"

namespace e6::fuzz {

/// As if the process were a new one: closes and unmaps all that the host holds, without leaving in order. Nobody may be using it; tickets begun
/// on it must be gone.
void forget(core::Host& host) noexcept;

}  // namespace e6::fuzz
