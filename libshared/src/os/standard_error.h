// The one place that writes to the process's standard error.
#pragma once

#include <string_view>

namespace e6::os {

/// Writes `line` with one write(2), if descriptor 2 is a standard error: a terminal, a pipe, a
/// local socket, or a file that is open for writing or appending only. A process may have closed
/// it, and whatever it opened since has that number: a file that is read and written (a database, a
/// segment) and a network connection get nothing. Never ends in SIGPIPE. Waits at most 100 ms for a
/// reader that is slow. False: it was not written.
bool write_to_standard_error(std::string_view line) noexcept;

}  // namespace e6::os
