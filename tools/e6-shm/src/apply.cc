// e6-shm apply: makes the pending colour the active one without waiting for its policy.
#include <memory>

#include "operate.h"
#include "verbs.h"

namespace e6::tool {

void add_apply(CommandLine& line) {
  auto choice = std::make_shared<Choice>();
  Verb verb(line, "apply", "Make the pending colour the active one now");
  add_choice(verb, *choice);
  verb.footer(
      "Queries in flight keep their pins. The event ring keeps who did it.\n"
      "Exit status: 0 done, 1 nothing done, 2 bad usage, 3 no such segment.\n\n"
      "Example:\n"
      "  e6-shm apply engine.example.com:80");
  verb.runs(choice->json, [choice] {
    return operate(*choice, {"applied", "there is nothing to apply: no colour is pending",
                             [](Coordinator& coordinator) { return coordinator.apply(); }});
  });
}

}  // namespace e6::tool
