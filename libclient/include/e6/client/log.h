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

/// Keeps the client from touching gRPC's and Protobuf's log handlers, which belong to the whole
/// process. To be called before any connection makes its first call, by an application that has its
/// own handlers or wants the libraries' lines on standard error. Environment:
/// E6DATA_LIBRARY_LOGS=leave.
///
/// Otherwise the client installs handlers of its own before its first call. gRPC's and Protobuf's
/// lines then go through the client's logger, as "gRPC: ..." and "Protobuf: ...", and nowhere while
/// it is off. Protobuf's handler is kept if the application has set one. gRPC's cannot be asked
/// for, so one that was set before is replaced; one that is set later stays.
///
/// Notes: the lines come from the libraries' own threads, too. A logger's sink must not use a
/// connection.
void leave_library_logs() noexcept;

}  // namespace e6::client
