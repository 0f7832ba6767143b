// A file in memory that is there to be found by its name.
#pragma once

#include <string_view>

#include "os/fd.h"

namespace e6::os {

/// Makes a memfd, which /proc/PID/fd shows as "/memfd:NAME (deleted)" for as long as it is open.
/// Closed on exec, above descriptor 2. The name is cut to 240 bytes, the kernel allows 249.
/// Invalid, with errno, where the system has or allows none.
Fd named_memfd(std::string_view name, std::string_view contents) noexcept;

}  // namespace e6::os
