// A call's outcome together with what it was sent with, so that recovery can judge it.
#pragma once

#include <chrono>
#include <string>

#include "classify.h"
#include "e6/shared/strategy.h"
#include "text/one_line.h"

namespace e6::client {

struct Answer {
  Meaning meaning = Meaning::kOther;
  int code = 0;
  std::string details;    ///< of a failure, without credentials and session ids
  std::string advice;     ///< what the user can do about a connection that failed; may be empty
  const char* call = "";  ///< the call's name on the wire
  Strategy strategy = Strategy::kNone;
  Epoch epoch;        ///< the host's epoch when it was sent
  /// When a call that failed was sent; the epoch: unknown.
  std::chrono::steady_clock::time_point at{};
  bool doubtful = false;     ///< the meaning is a guess, see classify; verify.cc settles it
  bool verified = false;     ///< it was doubtful, and an authentication has shown that it is so
  bool from_engine = false;  ///< the status was sent by the engine, not made up by gRPC or a proxy
  bool unsent = false;  ///< surely never left the machine, so that even execute may be repeated

  /// The details as one line of bounded length, for a sentence or the log.
  [[nodiscard]] std::string words() const { return one_line(cut(details, 2048, " ... (cut)")); }
  [[nodiscard]] bool ok() const noexcept { return meaning == Meaning::kOk; }
  /// Since when the engine has been out of reach, as far as this call knows; the epoch: only now.
  [[nodiscard]] std::chrono::steady_clock::time_point unreached_since() const noexcept {
    return unsent ? at : std::chrono::steady_clock::time_point{};
  }
  /// Turned away before anybody looked at what was asked: the engine has not moved.
  [[nodiscard]] bool refused_unread() const noexcept {
    return unsent || (!doubtful && !verified &&
                      (meaning == Meaning::kWrongStrategy || meaning == Meaning::kSuspended ||
                       meaning == Meaning::kAccessDenied));
  }
};

}  // namespace e6::client
