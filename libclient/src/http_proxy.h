// Which HTTP proxy gRPC puts between a channel and its engine, by the variables that gRPC reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace e6::client {

struct HttpProxy {
  const char* variable;  ///< the environment variable that names it
  std::string address;   ///< host:port, without user and password
};

/// The proxy for `host` by the rules of gRPC 1.51: the first of grpc_proxy, https_proxy and
/// http_proxy that is set, unless `host` ends like an entry of no_grpc_proxy (or of no_proxy, where
/// that one is not set). Nothing if gRPC cannot use the value.
[[nodiscard]] std::optional<HttpProxy> http_proxy_for(std::string_view host);

}  // namespace e6::client
