// e6-shm set: makes a colour the active one by hand.
#include <memory>

#include "operate.h"
#include "verbs.h"

namespace e6::tool {

void add_set(CommandLine& line) {
  struct Wanted {
    Choice choice;
    std::string strategy;
  };
  auto wanted = std::make_shared<Wanted>();
  Verb verb(line, "set", "Make a colour the active one, until its expiry or the next refusal");
  verb.text({"colour", "COLOUR", "blue or green"}, wanted->strategy, Verb::Need::kRequired);
  verb.one_of("colour", {"blue", "green"});
  add_choice(verb, wanted->choice);
  verb.footer(
      "Queries in flight keep their pins. If the engine refuses the colour, the host detects again by "
      "itself.\n"
      "The event ring keeps who did it.\n"
      "Exit status: 0 done, 1 nothing done, 2 bad usage, 3 no such segment.\n\n"
      "Example:\n"
      "  e6-shm set green engine.example.com:80");
  verb.runs(wanted->choice.json, [wanted] {
    const Strategy strategy = parse_strategy(wanted->strategy).value_or(Strategy::kNone);
    return operate(wanted->choice, {"set", "the colour is set already", [strategy](Coordinator& coordinator) {
                                      return coordinator.set(strategy);
                                    }});
  });
}

}  // namespace e6::tool
