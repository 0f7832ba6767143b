// How long one function may take, and how another thread ends it sooner.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>

namespace e6::client {

/// Last argument of every function that makes calls. What is left out comes from the cursor, then from
/// `ConnectionOptions::operation_timeout`. Both bounds cover everything that the function does: detection,
/// authentication, waking the cluster, retries and the pauses between them.
///
///   std::stop_source stop;
///   cursor.execute(sql, {.timeout = std::chrono::seconds(5), .stop = stop.get_token()});
///   ... in another thread: stop.request_stop();   // ends the wait within milliseconds: CancelledError
struct CallOptions {
  /// At most this long from now; TimeoutError. Given together with `deadline`, the sooner one counts.
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  /// At the latest then; TimeoutError. The steady clock never jumps, so that a deadline may be carried along.
  std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt;
  /// When a stop is requested, whatever the function waits for ends: a call on the wire, another thread's or
  /// process's authentication, a pause, a cluster that wakes up. It then throws CancelledError. A stop that
  /// was requested before makes it throw at once, before any call.
  std::stop_token stop = {};
};

}  // namespace e6::client
