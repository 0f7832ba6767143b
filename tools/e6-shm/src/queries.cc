// e6-shm queries: the pins, which are the queries in flight on the host.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
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

struct Wanted {
  Choice choice;
  std::string strategy;
};

std::string table_of(const inspect::Report& report, const Screen& screen) {
  Table table({{"QUERY", Align::kLeft, true},
               {"COLOUR"},
               {"AGE", Align::kRight},
               {"PID", Align::kRight},
               {"EPOCH", Align::kRight},
               {"ENGINE", Align::kLeft, true}});
  for (const auto& pin : report.pins) {
    const auto age = std::chrono::milliseconds{static_cast<std::int64_t>(pin.age_ms)};
    table.add({pin.query_id.empty() ? "(being prepared)" : escape(pin.query_id),
               screen.strategy(pin.strategy), report.live ? human_duration(age) : "",
               std::to_string(pid_of_slot(report, pin.slot)),
               fmt::format("{}.{}", pin.epoch.active, pin.epoch.pending), escape(pin.engine_address)});
  }
  return table.empty() ? "no query in flight\n" : table.render(screen);
}

int run(const Wanted& wanted) {
  auto report = look(wanted.choice);
  if (const auto only = parse_strategy(wanted.strategy)) {
    std::erase_if(report.pins, [&](const auto& pin) { return pin.strategy != *only; });
  }
  std::stable_sort(report.pins.begin(), report.pins.end(),
                   [](const auto& a, const auto& b) { return a.age_ms > b.age_ms; });
  if (wanted.choice.json) {
    Json json = head_to_json(report);
    json["capacity"] = report.pin_capacity;
    json["queries"] = Json::array();
    for (const auto& pin : report.pins) json["queries"].push_back(to_json(pin, report));
    print_json(json);
    return report.readable ? kFine : kProblem;
  }
  require_readable(report);
  print(table_of(report, Screen::of_stdout()));
  return kFine;
}

}  // namespace

void add_queries(CommandLine& line) {
  auto wanted = std::make_shared<Wanted>();
  Verb verb(line, "queries", "The queries in flight and the colour that each is pinned to, oldest first");
  add_choice(verb, wanted->choice);
  verb.text({"--strategy", "COLOUR", "Only those of one colour"}, wanted->strategy);
  verb.one_of("--strategy", {"blue", "green"});
  verb.footer(
      "Exit status: 0 fine, 1 the segment is not readable, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm queries --strategy blue\n"
      "  e6-shm queries --json | jq '[.queries[].age_ms] | max'");
  verb.runs(wanted->choice.json, [wanted] { return run(*wanted); });
}

}  // namespace e6::tool
