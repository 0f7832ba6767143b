// What the client throws. Every exception is an e6::client::Error; catch the derived type whose remedy you
// know.
//
//   Error
//   ├─ OptionError            an option or environment variable is bad: fix it
//   ├─ UsageError             the call makes no sense (no query, closed connection, not UTF-8)
//   ├─ ForkError              gRPC was in use when this process was forked: connect in the child, or close before
//   ├─ SharedStateError       no segment although options.shared.required is set
//   ├─ AuthenticationError    credentials refused, or both colours refused
//   ├─ ConnectionError        the engine cannot be reached, or the connection broke
//   │  └─ TlsError            no TLS connection: certificate, host name, or plaintext on one side; tried once only
//   ├─ TimeoutError           a deadline passed
//   │  └─ PoolTimeoutError    no connection of a pool became free in time: give them back sooner, or allow more
//   ├─ CancelledError         the caller's stop token asked for it
//   ├─ ClusterSuspendedError  the cluster sleeps and was not woken
//   └─ QueryError             the engine refused the statement or call; the details are its own words
//      └─ QueryLostError      the query went away with its colour or session; run it again if it may run twice
//   and of results: DecodeError (the engine's bytes are malformed), ConversionError (a value was asked for as
//   something that it is not: fix the program)
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "e6/shared/observer.h"
#include "e6/shared/strategy.h"

namespace e6::client {

/// Where an error came from, as far as it is known.
struct ErrorContext {
  int code = 0;          ///< gRPC status code of the answer; 0 if there was none
  /// The engine's (or gRPC's) words as they came, line feeds and all; credentials, session ids and
  /// keys blotted out ("***"), then cut to 64 KiB with a mark that says so.
  std::string details;
  std::string call;      ///< the call that failed ("prepareStatementV2"); empty if none was made
  std::string query_id;  ///< the query concerned; empty if none
  Strategy strategy = Strategy::kNone;  ///< the colour that the call was sent with
  Epoch epoch;                          ///< the host's epoch when it was sent
  std::vector<Event> events;            ///< the host's latest strategy events, oldest first; at most 16
};

/// Base of everything the client throws. Copying it does not throw. `what()` is one sentence for
/// the operator: one line of UTF-8 with foreign control characters escaped (\n, \x1b), never
/// credentials or session ids, and at most 2 KiB of the engine's words.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& sentence, ErrorContext context = {});
  ~Error() override;
  Error(const Error&) noexcept = default;
  Error& operator=(const Error&) noexcept = default;

  [[nodiscard]] const ErrorContext& context() const noexcept { return *context_; }
  [[nodiscard]] int code() const noexcept { return context_->code; }
  [[nodiscard]] const std::string& details() const noexcept { return context_->details; }
  [[nodiscard]] Strategy strategy() const noexcept { return context_->strategy; }
  [[nodiscard]] Epoch epoch() const noexcept { return context_->epoch; }
  [[nodiscard]] const std::vector<Event>& events() const noexcept { return context_->events; }

 private:
  std::shared_ptr<const ErrorContext> context_;  // never null
};

/// An option or environment variable is malformed or out of range.
class OptionError : public Error {
 public:
  using Error::Error;
};

/// The call makes no sense: fetch without a query, anything on a closed connection, a text that is
/// not UTF-8.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// gRPC was in use when this process was forked, and cannot be used in it any more (TRAPS of gRPC C++: it
/// would hang).
class ForkError : public Error {
 public:
  using Error::Error;
};

/// There is no segment although `shared.required` asks for one.
class SharedStateError : public Error {
 public:
  using Error::Error;
};

/// The credentials were refused, or both colours refused the client.
class AuthenticationError : public Error {
 public:
  using Error::Error;
};

/// The engine cannot be reached, or the connection broke in the middle of a call that must not be repeated.
class ConnectionError : public Error {
 public:
  using Error::Error;
};

/// The two ends do not agree on TLS: a certificate is not accepted, names another host or has expired, or one end speaks
/// plaintext. Trying again does not help, so the client does not.
class TlsError : public ConnectionError {
 public:
  using ConnectionError::ConnectionError;
};

/// The deadline of a call or operation passed.
class TimeoutError : public Error {
 public:
  using Error::Error;
};

/// All connections of a pool stayed in use for the time-out of a checkout. The text says how many, and what to do.
class PoolTimeoutError : public TimeoutError {
 public:
  using TimeoutError::TimeoutError;
};

/// The stop token of the CallOptions (or of the cursor) asked for the end.
class CancelledError : public Error {
 public:
  using Error::Error;
};

/// The cluster is suspended, and auto-resume is off or did not succeed.
class ClusterSuspendedError : public Error {
 public:
  using Error::Error;
};

/// The engine answered with an error of its own.
class QueryError : public Error {
 public:
  using Error::Error;
};

/// The engine had accepted the query (or may have), and it is gone: with its colour after an abrupt
/// switch, or with its session; or a fetch broke off, so that what follows would lack rows. The
/// client does not send such a statement a second time by itself, unless `reexecute_lost_queries`
/// allows it.
class QueryLostError : public QueryError {
 public:
  using QueryError::QueryError;
};

/// What the engine sent is malformed: a batch, of which nothing can be had, or the address or id of
/// a query, which cannot be used and is given back.
class DecodeError : public Error {
 public:
  using Error::Error;
};

/// A value of a result was asked for as a type that it cannot be read as, or does not fit into, or it is null.
class ConversionError : public Error {
 public:
  using Error::Error;
};

}  // namespace e6::client
