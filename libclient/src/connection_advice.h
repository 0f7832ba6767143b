// What the user can do about a connection that failed for a reason which the settings explain.
#pragma once

#include <string>
#include <string_view>

#include "e6/client/options.h"
#include "http_proxy.h"

namespace e6::client {

/// For an UNAVAILABLE without a connection, or at a connection's end, as gRPC says in `details`;
/// empty if there is nothing to say. `proxy` may be null.
[[nodiscard]] std::string connection_advice(std::string_view details, const ChannelTuning& tuning,
                                            const HttpProxy* proxy);

}  // namespace e6::client
