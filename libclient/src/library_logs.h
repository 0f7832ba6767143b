// What gRPC and Protobuf have to say, told through the client's logger instead of standard error.
#pragma once

namespace e6::client {

/// Installs the handlers, once per process; to be called before the first channel is made. Does
/// nothing after leave_library_logs(), or where the environment says E6DATA_LIBRARY_LOGS=leave.
void route_library_logs() noexcept;

}  // namespace e6::client
