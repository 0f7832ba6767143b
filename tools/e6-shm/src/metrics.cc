// e6-shm metrics: counters and gauges for Prometheus.
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alone.h"
#include "choose.h"
#include "failure.h"
#include "json.h"
#include "prometheus.h"
#include "verbs.h"
#include "verdict.h"

namespace e6::tool {
namespace {

bool is_named(const Choice& choice) {
  return !choice.cluster.empty() || !choice.file.empty();
}

/// The one that is named; all of this user when none is: a scrape wants them all.
std::vector<inspect::Report> reports_of(const Choice& choice) {
  std::vector<inspect::Report> reports;
  if (is_named(choice)) {
    reports.push_back(look(choice));
    return reports;
  }
  for (const auto& listed : segments_in(choice.directory, false)) {
    if (listed.own_layout) reports.push_back(inspect::look(listed.path));
  }
  return reports;
}

/// How many processes work without a segment, by cluster: 0 too, for those that have one.
std::map<std::string, std::size_t> alone_by_cluster(const Choice& choice,
                                                    const std::vector<inspect::Report>& reports) {
  std::map<std::string, std::size_t> count;
  for (const auto& report : reports)
    if (report.readable && report.live) count[report.cluster] = 0;
  for (const auto& one : alone_processes())
    if (!is_named(choice) || count.contains(one.cluster)) ++count[one.cluster];
  return count;
}

int run(const Choice& choice) {
  const auto reports = reports_of(choice);
  const auto alone = alone_by_cluster(choice, reports);
  if (reports.empty() && alone.empty())
    throw Failure(kNoSegment, "there is no segment of this user in " + choice.directory);
  const auto metrics = metrics_of(reports, alone, choice.directory);
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
      "Processes that work without a segment are counted too.\n"
      "Exit status: 0 fine, 1 a segment is not readable, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm metrics > /var/lib/node_exporter/e6_shm.prom.new && mv "
      "/var/lib/node_exporter/e6_shm.prom{.new,}\n"
      "  e6-shm metrics engine.example.com:80 | grep mismatches");
  verb.runs(choice->json, [choice] { return run(*choice); });
}

}  // namespace e6::tool
