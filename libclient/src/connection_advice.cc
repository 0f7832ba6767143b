#include "connection_advice.h"

#include "seconds_text.h"

namespace e6::client {

std::string connection_advice(std::string_view details, const ChannelTuning& tuning,
                              const HttpProxy* proxy) {
  // The words of gRPC 1.51.
  const auto says = [&](std::string_view words) {
    return details.find(words) != std::string_view::npos;
  };
  if (says("Too many pings") || says("too_many_pings") || says("ENHANCE_YOUR_CALM")) {
    return "the engine does not allow a ping every " + seconds_text(tuning.keepalive_time) +
           "; set channel.keepalive_time (keepalive_time in a URL) to a longer time";
  }
  if (says("keepalive watchdog timeout")) {
    return "the other end confirmed no ping within the keepalive_timeout of " +
           seconds_text(tuning.keepalive_timeout);
  }
  if (proxy != nullptr) {
    return "the connection goes through the HTTP proxy " + proxy->address +
           " of the environment variable " + proxy->variable +
           "; check it, or name the engine's host in no_grpc_proxy";
  }
  return "";
}

}  // namespace e6::client
