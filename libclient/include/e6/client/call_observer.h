// The application's view of each gRPC call, for its metrics and traces.
#pragma once

#include <chrono>
#include <string_view>

#include "e6/shared/strategy.h"

namespace e6::client {

/// One call that has ended. The texts live as long as on_call runs.
struct CallRecord {
  std::string_view target;  ///< host:port of the connection
  std::string_view method;  ///< the call's name on the wire: "getNextResultBatch", "ClusterService.status"
  Strategy strategy = Strategy::kNone;  ///< the colour it was sent with
  Epoch epoch;                          ///< the host's epoch when it was sent
  int code = 0;                         ///< gRPC status code; 0 is OK
  std::chrono::nanoseconds duration{0};
};

/// Given to a connection as `ConnectionOptions::observer`; may serve any number of them. No statement, session
/// or credential passes through here.
///
/// Notes: called on the thread that made the call, before the function that caused it returns, from several
/// threads at once: be quick, take no lock that the application holds while it uses a connection, and make no
/// call of the same connection.
class CallObserver {
 public:
  CallObserver() = default;
  CallObserver(const CallObserver&) = delete;
  CallObserver& operator=(const CallObserver&) = delete;
  virtual ~CallObserver();
  virtual void on_call(const CallRecord& call) noexcept = 0;
};

}  // namespace e6::client
