// A call's outcome together with what it was sent with, so that recovery can judge it.
#pragma once

#include <string>

#include "classify.h"
#include "e6/shared/strategy.h"

namespace e6::client {

struct Answer {
  Meaning meaning = Meaning::kOther;
  int code = 0;
  std::string details;    ///< of a failure, without credentials and session ids
  const char* call = "";  ///< the call's name on the wire
  Strategy strategy = Strategy::kNone;
  Epoch epoch;        ///< the host's epoch when it was sent
  bool news = false;  ///< a 456 that the host did not know of yet

  [[nodiscard]] bool ok() const noexcept { return meaning == Meaning::kOk; }
};

}  // namespace e6::client
