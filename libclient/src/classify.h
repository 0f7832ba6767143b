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
inline constexpr int kResourceExhausted = 8;
inline constexpr int kAborted = 10;
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

/// What a status says, and how far its words can be believed.
struct Classification {
  Meaning meaning = Meaning::kOther;
  /// The words stand somewhere in a longer text, which may be a statement's own error that quotes
  /// them. Nothing may be believed of it, and nothing repeated, before it is verified (verify.cc).
  bool doubtful = false;
};

/// Two grades (docs/client.md, "Certain and doubtful"). Certain: the whole of `details`, in any
/// case, without white space around it and one full stop, is a known form: "Received http2 header
/// with status: 456" (UNKNOWN), "status: 456" (any code), the same two with 503 (UNAVAILABLE),
/// "Access denied" (INTERNAL), anything with UNAUTHENTICATED. Doubtful: the words occur elsewhere
/// in the text, or the code is UNKNOWN and there is no text at all.
[[nodiscard]] Classification classify(int code, std::string_view details) noexcept;

/// The same for a call that carries no statement (authenticate, ClusterService): its text can quote
/// none, so that both grades are believed, and a 456 under any code.
[[nodiscard]] Meaning classify_believed(int code, std::string_view details) noexcept;

/// True if `details` are gRPC's own words for a connection or stream that broke in the middle of a
/// call: "Socket closed", "Received RST_STREAM with error code 2" and the like.
[[nodiscard]] bool transport_broke(int code, std::string_view details) noexcept;

/// The same for a call that carries no statement and is safe to repeat (authenticate, clear),
/// whoever says it: an engine or a proxy that sheds load has not looked at what it was asked.
[[nodiscard]] bool worth_another_try(int code, std::string_view details) noexcept;

/// True if `details` contain the word "status" (any case), perhaps the word "code", and then, with nothing
/// but punctuation and spaces between, exactly the number `status`: "status: 456", "Status code 456",
/// "status=456", but not "status: 4560".
[[nodiscard]] bool has_status(std::string_view details, int status) noexcept;

/// True if a call that ended like this surely never left the machine, so that even execute may be
/// repeated. To be asked only about a status that did not come from the engine itself.
[[nodiscard]] bool surely_unsent(int code, std::string_view details) noexcept;

}  // namespace e6::client
