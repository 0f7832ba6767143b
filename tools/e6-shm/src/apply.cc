// e6-shm apply: makes the pending colour the active one without waiting for its policy.
#include <memory>

#include "operate.h"

namespace e6::tool {

void add_apply(CLI::App& app, Chosen& chosen) {
  auto choice = std::make_shared<Choice>();
  auto* verb = app.add_subcommand("apply", "Make the pending colour the active one now");
  add_choice(*verb, *choice);
  verb->footer(
      "Queries in flight keep their pins. The event ring keeps who did it.\n"
      "Exit status: 0 done, 1 nothing done, 2 bad usage, 3 no such segment.\n\n"
      "Example:\n"
      "  e6-shm apply engine.example.com:80");
  verb->callback([&chosen, choice] {
    chosen.json = &choice->json;
    chosen.run = [choice] {
      return operate(*choice, {"applied", "there is nothing to apply: no colour is pending",
                               [](Coordinator& coordinator) { return coordinator.apply(); }});
    };
  });
}

}  // namespace e6::tool
