#include "peer.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "e6/shared/coordinator.h"
#include "e6/shared/inspect.h"

namespace e6::shared_test {

int run_peer(int count, char** arguments) {
  if (count < 3) return 100;
  const std::string verb = arguments[0];
  Options o;
  o.directory = arguments[1];
  o.cluster = arguments[2];
  const std::string argument = count > 3 ? arguments[3] : "";
  if (verb == "look") {  // without attaching
    const auto report = inspect::look(argument);
    return report.problems.empty() ? 0 : static_cast<int>(report.problems.front().cause);
  }
  const auto attached = Coordinator::attach(o);
  if (!attached.coordinator) return 101;
  Coordinator& c = *attached.coordinator;
  if (verb == "hold") {
    if (!c.set(parse_strategy(argument).value_or(Strategy::kNone))) return 102;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::pause();
    return 104;
  }
  if (verb == "mode") return static_cast<int>(c.mode());
  if (verb == "colour") return c.snapshot().usable ? static_cast<int>(c.snapshot().active) : 0;
  if (verb == "set") return c.set(parse_strategy(argument).value_or(Strategy::kNone)) ? 0 : 102;
  if (verb == "find") {
    const auto pin = c.find_query(argument);
    return pin ? static_cast<int>(pin->strategy) : 0;
  }
  if (verb == "end") return c.end_query(argument) ? 0 : 1;
  return 103;
}

}  // namespace e6::shared_test
