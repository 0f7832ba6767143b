// e6-shm ls: the segments of a directory.
#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "alone.h"
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

struct Wanted {
  Choice choice;
  bool all = false;
};

using Align = Table::Align;

struct Row {
  inspect::Listed listed;
  inspect::Report report;  // empty for another layout
};

std::string condition_of(const Row& row) {
  if (!row.listed.own_layout) return "foreign";
  return std::string(to_string(judge(row.report).condition));
}

Json to_json(const Row& row) {
  Json json{{"path", row.listed.path},
            {"layout_version", row.listed.layout_version},
            {"uid", row.listed.uid},
            {"condition", condition_of(row)}};
  const auto& report = row.report;
  if (!report.readable) return json;
  const auto people = census(report);
  json["cluster"] = report.cluster;
  json["state"] = to_string(state_of(report));
  json["active"] = to_string(report.snapshot.active);
  json["pending"] = to_string(report.snapshot.pending);
  json["participants"] = {{"alive", people.alive}, {"dead", people.dead}, {"unknown", people.unknown}};
  json["in_flight"] = in_flight(report).total();
  json["age_ms"] = age_of(report.created_realtime_ns).count();
  return json;
}

void show_json(const Wanted& wanted, const std::vector<Row>& rows,
               const std::vector<AloneProcess>& alone) {
  Json json{{"version", E6_SHM_VERSION}, {"directory", wanted.choice.directory}, {"segments", Json::array()}};
  for (const Row& row : rows) json["segments"].push_back(to_json(row));
  json["alone"] = e6::tool::to_json(alone);
  print_json(json);
}

/// Whatever directory they wanted: it may be the wrong one that is the reason.
void show_alone(const std::vector<AloneProcess>& alone) {
  if (alone.empty()) return;
  Table table({{"PROGRAM", Align::kLeft, true},
               {"PID", Align::kRight},
               {"UID", Align::kRight},
               {"CLUSTER", Align::kLeft, true}});
  for (const AloneProcess& one : alone)
    table.add({escape(one.program), std::to_string(one.pid), std::to_string(one.uid),
               escape(one.cluster)});
  print("\nprocesses that work without a segment\n" + table.render(Screen::of_stdout()));
}

void show_table(const Wanted& wanted, const std::vector<Row>& rows) {
  if (rows.empty()) {
    print(fmt::format("no segment in {}\n", escape(wanted.choice.directory)));
    return;
  }
  const Screen screen = Screen::of_stdout();
  Table table({{"CLUSTER", Align::kLeft, true},
               {"CONDITION"},
               {"STATE"},
               {"ACTIVE"},
               {"PENDING"},
               {"PROCESSES", Align::kRight},
               {"IN FLIGHT", Align::kRight},
               {"AGE", Align::kRight},
               {"UID", Align::kRight},
               {"PATH", Align::kLeft, true}});
  for (const Row& row : rows) {
    const auto& report = row.report;
    const std::string uid = std::to_string(row.listed.uid);
    if (!report.readable) {
      const std::string condition = row.listed.own_layout
                                        ? judge(report).painted(screen)
                                        : fmt::format("layout {}", row.listed.layout_version);
      table.add({"?", condition, "", "", "", "", "", "", uid, escape(row.listed.path)});
      continue;
    }
    table.add({escape(report.cluster), judge(report).painted(screen),
               std::string(to_string(state_of(report))), screen.strategy(report.snapshot.active),
               screen.strategy(report.snapshot.pending), std::to_string(census(report).present()),
               std::to_string(in_flight(report).total()), human_duration(age_of(report.created_realtime_ns)),
               uid, escape(row.listed.path)});
  }
  print(table.render(screen));
}

int run(const Wanted& wanted) {
  std::vector<Row> rows;
  int status = kFine;
  for (auto& listed : segments_in(wanted.choice.directory, wanted.all)) {
    Row row{std::move(listed), {}};
    if (row.listed.own_layout) row.report = inspect::look(row.listed.path);
    // Another user's segment refuses us by right; that is not a problem of this user's.
    const bool own = row.listed.own_layout && row.listed.uid == ::geteuid();
    if (own && judge(row.report).exit_status() != kFine) status = kProblem;
    rows.push_back(std::move(row));
  }
  const auto alone = alone_processes();
  if (wanted.choice.json) {
    show_json(wanted, rows, alone);
  } else {
    show_table(wanted, rows);
    show_alone(alone);
  }
  return status;
}

}  // namespace

void add_ls(CommandLine& line) {
  auto wanted = std::make_shared<Wanted>();
  Verb verb(line, "ls", "The segments of this user, one line each");
  verb.flag("-a,--all", "Those of other users too, as far as they can be read", wanted->all);
  add_directory(verb, wanted->choice);
  add_json(verb, wanted->choice);
  verb.footer(
      "Exit status: 0 all fine or none there, 1 one of this user's is not ok, 2 bad usage, 3 no such "
      "directory.\n\n"
      "Examples:\n"
      "  e6-shm ls\n"
      "  e6-shm ls --all --json | jq -r '.segments[].path'");
  verb.runs(wanted->choice.json, [wanted] { return run(*wanted); });
}

}  // namespace e6::tool
