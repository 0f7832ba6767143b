// Where the client's log lines go.
#pragma once

#include <memory>

namespace spdlog {
class logger;
}

namespace e6::client {

/// Replaces the client's logger; nullptr restores the default one, "e6.client". The default is silent unless
/// E6DATA_LOG_LEVEL is set (trace, debug, info, warning, error, critical, off); then it writes to
/// stderr. One line comes out all the same: the warning of a process that has to work without the
/// host's segment, once per process and cluster (E6_SHM_FALLBACK_WARNING=0 silences it). A logger
/// that was set here gets it instead, as a warning.
/// Thread-safe; loggers that were set stay alive as long as the process.
///
/// Levels: info for detections, colours tried, transitions; warning for a mismatch; error for a failed
/// detection and for a query that lost its colour; debug for sessions, cached and cleared colours, retries.
/// Credentials, session ids and statements are never logged.
///
/// Notes: a logger whose sinks lock a mutex can hang a child that was forked while another thread was
/// logging. The default one takes no lock.
void set_logger(std::shared_ptr<spdlog::logger> logger);

/// The logger in use; never null.
[[nodiscard]] std::shared_ptr<spdlog::logger> logger();

}  // namespace e6::client
