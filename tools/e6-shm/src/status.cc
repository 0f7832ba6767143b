// e6-shm status: is it fine, and what does the host know?
#include <memory>
#include <vector>

#include "alone.h"
#include "choose.h"
#include "failure.h"
#include "json.h"
#include "status_text.h"
#include "verbs.h"
#include "verdict.h"

namespace e6::tool {

void add_status(CommandLine& line) {
  auto choice = std::make_shared<Choice>();
  Verb verb(line, "status", "Is it fine, and what does the host know?");
  add_choice(verb, *choice);
  verb.footer(
      "The first line begins with ok, degraded, retired, stale, foreign, unreadable or damaged.\n"
      "Exit status: 0 ok, 1 anything else, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm status engine.example.com:80\n"
      "  e6-shm status --file saved.e6shm --json | jq .active");
  verb.runs(choice->json, [choice] {
    const auto report = look(*choice);
    // They work without the one that is there, not without a copy of it.
    const auto alone = report.live ? alone_processes(report.cluster) : std::vector<AloneProcess>{};
    if (choice->json) {
      print_json(status_to_json(report, alone));
    } else {
      print(status_text(report, Screen::of_stdout(), alone));
    }
    return judge(report, alone).exit_status();
  });
}

}  // namespace e6::tool
