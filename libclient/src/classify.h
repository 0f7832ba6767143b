// What a gRPC status means for recovery. Pure: no gRPC, no state.
#pragma once

#include <cstdint>
#include <string_view>

namespace e6::client {

/// gRPC status codes by their numbers on the wire (grpc/status.h), so that only the channel needs gRPC's
/// headers.
namespace code {
inline constexpr int kOk = 0;
inline constexpr int kCancelled = 1;
inline constexpr int kUnknown = 2;
inline constexpr int kDeadlineExceeded = 4;
inline constexpr int kPermissionDenied = 7;
inline constexpr int kUnimplemented = 12;
inline constexpr int kInternal = 13;
inline constexpr int kUnavailable = 14;
inline constexpr int kUnauthenticated = 16;
}  // namespace code

/// "UNAVAILABLE" and so on; "UNKNOWN" for what is no status code.
[[nodiscard]] std::string_view code_name(int code) noexcept;

enum class Meaning : std::uint8_t {
  kOk,
  kWrongStrategy,  ///< a 456: the colour is not the one that serves
  kSuspended,      ///< UNAVAILABLE with status 503: the cluster sleeps
  kAccessDenied,   ///< the session (or, on authenticate, the credentials) is not accepted
  kUnavailable,    ///< no connection, or it broke
  kTls,            ///< no connection, because of TLS: a certificate, its name, or plaintext on one side
  kTimedOut,
  kCancelled,
  kOther,  ///< the engine's own error
};

/// The meaning of a status. A 456 is recognised in `details` under any code, see has_status.
[[nodiscard]] Meaning classify(int code, std::string_view details) noexcept;

/// True if `details` contain the word "status" (any case), perhaps the word "code", and then, with nothing
/// but punctuation and spaces between, exactly the number `status`: "status: 456", "Status code 456",
/// "status=456", but not "status: 4560".
[[nodiscard]] bool has_status(std::string_view details, int status) noexcept;

/// True if a call that ended like this surely never left the machine, so that even execute may be repeated.
[[nodiscard]] bool surely_unsent(int code, std::string_view details) noexcept;

}  // namespace e6::client
