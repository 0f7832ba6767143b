// e6-shm clear: forgets the host's colour.
#include <memory>

#include "operate.h"
#include "verbs.h"

namespace e6::tool {

void add_clear(CommandLine& line) {
  auto choice = std::make_shared<Choice>();
  Verb verb(line, "clear", "Forget the colour: the next query detects");
  add_choice(verb, *choice);
  verb.footer(
      "Queries in flight keep their pins. The event ring keeps who did it.\n"
      "Exit status: 0 done, 1 nothing done, 2 bad usage, 3 no such segment.\n\n"
      "Example:\n"
      "  e6-shm clear engine.example.com:80");
  verb.runs(choice->json, [choice] {
    return operate(*choice, {"cleared", "there is nothing to clear: no colour is known",
                             [](Coordinator& coordinator) { return coordinator.clear(); }});
  });
}

}  // namespace e6::tool
