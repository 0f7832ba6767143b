// e6-shm participants: the processes attached to a segment.
#include <fmt/format.h>

#include <memory>

#include "choose.h"
#include "failure.h"
#include "json.h"
#include "text/escape.h"
#include "text/human.h"
#include "text/screen.h"
#include "text/table.h"
#include "verbs.h"
#include "verdict.h"

namespace e6::tool {
namespace {

using Align = Table::Align;

std::string table_of(const inspect::Report& report, const Screen& screen) {
  Table table({{"PID", Align::kRight},
               {"PROGRAM", Align::kLeft, true},
               {"ALIVE"},
               {"JOINED", Align::kRight},
               {"IN FLIGHT", Align::kRight},
               {"QUERIES", Align::kRight},
               {"MISSES", Align::kRight},
               {"DETECTIONS", Align::kRight},
               {"456", Align::kRight},
               {"SLOT", Align::kRight}});
  for (const auto& one : report.participants) {
    const auto count = [&](Counter which) {
      const auto index = static_cast<std::size_t>(which);
      return std::to_string(index < one.counters.size() ? one.counters[index] : 0);
    };
    std::string alive(to_string(one.alive));
    if (one.alive == inspect::Alive::kDead) alive = screen.paint(Screen::Paint::kWarning, alive);
    table.add({std::to_string(one.pid), escape(one.program), alive,
               human_duration(age_of(one.joined_realtime_ns)) + " ago", std::to_string(one.in_flight),
               count(Counter::kQueriesBegun), count(Counter::kMisses), count(Counter::kDetections),
               count(Counter::kMismatches), std::to_string(one.slot)});
  }
  return table.empty() ? "no participants\n" : table.render(screen);
}

int run(const Choice& choice) {
  const auto report = look(choice);
  if (choice.json) {
    Json json = head_to_json(report);
    json["capacity"] = report.participant_capacity;
    json["participants"] = Json::array();
    for (const auto& one : report.participants) json["participants"].push_back(to_json(one));
    print_json(json);
    return report.readable ? kFine : kProblem;
  }
  require_readable(report);
  print(table_of(report, Screen::of_stdout()));
  return kFine;
}

}  // namespace

void add_participants(CommandLine& line) {
  auto choice = std::make_shared<Choice>();
  Verb verb(line, "participants", "The processes attached to a segment, and what each has done");
  add_choice(verb, *choice);
  verb.footer(
      "PID is the process's number in its own PID namespace. A dead participant is cleaned up by the next "
      "process that takes the lock.\n"
      "Exit status: 0 fine, 1 the segment is not readable, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm participants\n"
      "  e6-shm participants --json | jq '.participants[] | select(.alive == \"dead\") | .pid'");
  verb.runs(choice->json, [choice] { return run(*choice); });
}

}  // namespace e6::tool
