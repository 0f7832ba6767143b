// A call's outcome together with what it was sent with, so that recovery can judge it.
#pragma once

#include <string>

#include "classify.h"
#include "e6/shared/strategy.h"
#include "text/one_line.h"

namespace e6::client {

struct Answer {
  Meaning meaning = Meaning::kOther;
  int code = 0;
  std::string details;    ///< of a failure, without credentials and session ids
  const char* call = "";  ///< the call's name on the wire
  Strategy strategy = Strategy::kNone;
  Epoch epoch;        ///< the host's epoch when it was sent
  bool doubtful = false;     ///< the meaning is a guess, see classify; verify.cc settles it
  bool verified = false;     ///< it was doubtful, and an authentication has shown that it is so
  bool from_engine = false;  ///< the status was sent by the engine, not made up by gRPC or a proxy
  bool unsent = false;       ///< surely never left the machine, so that even execute may be repeated

  /// The details as one line of bounded length, for a sentence or the log.
  [[nodiscard]] std::string words() const { return one_line(cut(details, 2048, " ... (cut)")); }
  [[nodiscard]] bool ok() const noexcept { return meaning == Meaning::kOk; }
  /// Turned away before anybody looked at what was asked: the engine has not moved.
  [[nodiscard]] bool refused_unread() const noexcept {
    return unsent || (!doubtful && !verified && (meaning == Meaning::kWrongStrategy || meaning == Meaning::kSuspended ||
                                    meaning == Meaning::kAccessDenied));
  }
};

}  // namespace e6::client
