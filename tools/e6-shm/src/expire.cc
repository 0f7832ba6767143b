// e6-shm expire: puts the active colour past its hard limit.
#include <memory>

#include "operate.h"
#include "verbs.h"

namespace e6::tool {

void add_expire(CommandLine& line) {
  auto choice = std::make_shared<Choice>();
  Verb verb(line, "expire",
            "Make the active colour expire: the next query detects, in the order that history suggests");
  add_choice(verb, *choice);
  verb.footer(
      "Queries in flight keep their pins. The event ring keeps who did it.\n"
      "Exit status: 0 done, 1 nothing done, 2 bad usage, 3 no such segment.\n\n"
      "Example:\n"
      "  e6-shm expire engine.example.com:80");
  verb.runs(choice->json, [choice] {
    return operate(*choice, {"expired", "there is nothing to expire: no colour is active",
                             [](Coordinator& coordinator) { return coordinator.expire(); }});
  });
}

}  // namespace e6::tool
