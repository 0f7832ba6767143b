// Which failures to connect are about TLS, what to do about them, and whether a listener speaks it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "e6/client/options.h"

namespace e6::client {

enum class TlsTrouble : std::uint8_t {
  kNone,
  kNotTrusted,      ///< the engine's certificate is not accepted: unknown authority, or out of its time
  kOtherName,       ///< it is, but names another host
  kPlaintextThere,  ///< TLS here, plaintext there
  kHandshake,       ///< the handshake failed in another way
  kUnusable,        ///< what the options give cannot be used: no PEM, or a key that is not the certificate's
  kClosed,          ///< TCP, and TLS if it is on, connected; then the other side closed without a word
};

/// What gRPC's words for a channel that never became ready say about TLS. Pure.
[[nodiscard]] TlsTrouble tls_trouble(int code, std::string_view details, bool enabled) noexcept;

/// What is wrong at `target`, and the remedy; without a full stop.
[[nodiscard]] std::string tls_sentence(TlsTrouble trouble, const std::string& target, const TlsOptions& options);

/// True if the address in gRPC's `details` ("ipv4:10.0.0.1:80: Socket closed") answers a greeting of TLS with TLS. False
/// if it does not, within `patience`, or if there is no such address. Resolves no names.
[[nodiscard]] bool speaks_tls(std::string_view details, std::chrono::milliseconds patience) noexcept;

}  // namespace e6::client
