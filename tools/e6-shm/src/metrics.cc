// e6-shm metrics: counters and gauges for Prometheus.
#include <memory>

#include "choose.h"
#include "failure.h"
#include "json.h"
#include "prometheus.h"
#include "verbs.h"
#include "verdict.h"

namespace e6::tool {
namespace {

/// The one that is named; all of this user when none is: a scrape wants them all.
std::vector<inspect::Report> reports_of(const Choice& choice) {
  std::vector<inspect::Report> reports;
  if (!choice.cluster.empty() || !choice.file.empty()) {
    reports.push_back(look(choice));
    return reports;
  }
  for (const auto& listed : segments_in(choice.directory, false)) {
    if (listed.own_layout) reports.push_back(inspect::look(listed.path));
  }
  if (reports.empty()) throw Failure(kNoSegment, "there is no segment of this user in " + choice.directory);
  return reports;
}

int run(const Choice& choice) {
  const auto reports = reports_of(choice);
  const auto metrics = metrics_of(reports);
  if (choice.json) {
    print_json({{"version", E6_SHM_VERSION}, {"metrics", to_json(metrics)}});
  } else {
    print(exposition(metrics));
  }
  for (const auto& report : reports) {
    if (!report.readable) return kProblem;
  }
  return kFine;
}

}  // namespace

void add_metrics(CommandLine& line) {
  auto choice = std::make_shared<Choice>();
  Verb verb(line, "metrics",
            "Counters and gauges in Prometheus's text format, of all segments unless one is named");
  add_choice(verb, *choice);
  verb.footer(
      "Exit status: 0 fine, 1 a segment is not readable, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm metrics > /var/lib/node_exporter/e6_shm.prom.new && mv "
      "/var/lib/node_exporter/e6_shm.prom{.new,}\n"
      "  e6-shm metrics engine.example.com:80 | grep mismatches");
  verb.runs(choice->json, [choice] { return run(*choice); });
}

}  // namespace e6::tool
