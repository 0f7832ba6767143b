#include "tls_trouble.h"

#include <cerrno>
#include <cstring>
#include <string_view>

#include "classify.h"

namespace e6::client {
namespace {

// gRPC asks the C library, which answers in the application's language.
bool says_reset(std::string_view details) noexcept {
  char text[128];
  return details.find("Connection reset by peer") != std::string_view::npos ||
         details.find(::strerror_r(ECONNRESET, text, sizeof text)) != std::string_view::npos;
}

}  // namespace

TlsTrouble tls_trouble(int code, std::string_view details, bool enabled) noexcept {
  if (!surely_unsent(code, details)) return TlsTrouble::kNone;
  const auto says = [&](std::string_view words) { return details.find(words) != std::string_view::npos; };
  // The words of gRPC 1.51 and of OpenSSL 3.
  const bool closed = says("Socket closed") || says_reset(details);
  if (!enabled) return closed ? TlsTrouble::kClosed : TlsTrouble::kNone;
  if (says("is not in peer certificate")) return TlsTrouble::kOtherName;
  if (says("certificate verify failed")) return TlsTrouble::kNotTrusted;
  if (says("wrong version number")) return TlsTrouble::kPlaintextThere;
  if (says("SSL_ERROR_SSL")) return TlsTrouble::kHandshake;
  if (details.starts_with("empty address list")) return TlsTrouble::kUnusable;
  // A handshake that was cut short is a server that comes or goes; one that was complete is not.
  return closed && !says("andshake") ? TlsTrouble::kClosed : TlsTrouble::kNone;
}

std::string tls_sentence(TlsTrouble trouble, const std::string& target, const TlsOptions& options) {
  const bool own_roots = !options.roots_file.empty() || !options.roots_pem.empty();
  const std::string roots = own_roots ? "the root certificates given in tls.roots_file or tls.roots_pem" : "the system's root certificates";
  switch (trouble) {
    case TlsTrouble::kNotTrusted:
      return "the TLS certificate of " + target + " is not accepted: it is not vouched for by " + roots +
             ", has expired or is not valid yet; check it, tls.roots_file and this host's clock";
    case TlsTrouble::kOtherName:
      return "the TLS certificate of " + target + " names another host; connect by a name that is in it, or set tls.server_name to one";
    case TlsTrouble::kPlaintextThere:
      return target + " does not speak TLS; switch TLS off (tls.enabled, secure=false in a URL) or use the port that speaks it";
    case TlsTrouble::kUnusable:
      return "the certificates for TLS to " + target +
             " cannot be used; root certificates, certificate and key must be PEM, and the key must be the certificate's";
    case TlsTrouble::kClosed:
      if (!options.enabled)
        return target + " speaks TLS and this connection does not; switch TLS on (tls.enabled, secure=true in a URL) or use the plaintext port";
      if (options.certificate_file.empty() && options.certificate_pem.empty())
        return target +
               " closed the connection right after the TLS handshake; it seems to want a client certificate: set tls.certificate_file and tls.key_file";
      return target +
             " closed the connection right after the TLS handshake; it seems not to accept the client certificate: check who signed it and its dates";
    default:
      return "the TLS handshake with " + target + " failed; check the TLS settings of both sides";
  }
}

}  // namespace e6::client
