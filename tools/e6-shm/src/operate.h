// What the acting verbs share: joining a segment that is there, doing one thing, telling what changed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "choose.h"
#include "e6/shared/coordinator.h"

namespace e6::tool {

/// One action on the colour of a segment.
struct Action {
  std::string done;     ///< "set", "cleared", ...
  std::string refused;  ///< why nothing happened when `act` returned false
  std::function<bool(Coordinator&)> act;
};

/// Joins the chosen segment as a participant, acts, prints before and after. Never makes a segment. Returns
/// the exit status.
[[nodiscard]] int operate(const Choice& choice, const Action& action);

}  // namespace e6::tool
