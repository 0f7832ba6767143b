// The state and the counters as people and scripts see them.
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/engine_core.h"

namespace e6::sim {
namespace {

using nlohmann::json;

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::kSteady:
      return "steady";
    case Phase::kAnnouncing:
      return "announcing";
    case Phase::kDraining:
      return "draining";
  }
  return "steady";
}

json by_colour(const std::array<std::uint64_t, kColours>& counts) {
  return {{"blue", counts[0]}, {"green", counts[1]}};
}

struct CallTables {
  json calls = json::array();
  json by_method = json::object();
  json by_result = json::object();
  std::uint64_t total = 0;
};

CallTables tabulate(const Ledger& ledger) {
  std::map<std::string, std::map<std::string, std::map<std::string, std::uint64_t>>> by_method;
  std::map<std::string, std::uint64_t> by_result;
  for (std::size_t r = 0; r < kResults; ++r) by_result[std::string(name(static_cast<Result>(r)))] = 0;
  CallTables tables;
  ledger.for_each_call(
      [&](Method method, std::string_view colour, Result result, int pid, std::uint64_t count) {
        tables.calls.push_back({{"method", name(method)},
                                {"colour", colour},
                                {"result", name(result)},
                                {"pid", pid},
                                {"count", count}});
        by_method[std::string(name(method))][std::string(colour)][std::string(name(result))] += count;
        by_result[std::string(name(result))] += count;
        tables.total += count;
      });
  tables.by_method = by_method;
  tables.by_result = by_result;
  return tables;
}

json totals_json(const Totals& totals) {
  return {{"queries_prepared", totals.queries_prepared},
          {"queries_executed", totals.queries_executed},
          {"queries_finished", totals.queries_finished},
          {"queries_lost", totals.queries_lost},
          {"queries_finished_on_other_colour", totals.queries_finished_on_other_colour},
          {"query_calls_on_other_colour", totals.query_calls_on_other_colour},
          {"statements_executed_again", totals.statements_executed_again},
          {"engine_mismatches", totals.engine_mismatches},
          {"batches_sent", totals.batches_sent},
          {"rows_sent", totals.rows_sent}};
}

// Lines as wide as a terminal: the state, one line per method and colour, then the totals.
std::string for_people(const std::string& state, const json& stats) {
  std::ostringstream text;
  text << state << '\n';
  text << "sessions: blue " << stats["sessions"]["blue"] << ", green " << stats["sessions"]["green"]
       << "; open queries: blue " << stats["open_queries"]["blue"] << ", green "
       << stats["open_queries"]["green"] << '\n';
  for (const auto& [method, colours] : stats["by_method"].items()) {
    for (const auto& [colour, results] : colours.items()) {
      std::string line = "  " + method;
      line.resize(std::max<std::size_t>(line.size() + 1, 28), ' ');
      line += colour;
      line.resize(std::max<std::size_t>(line.size() + 1, 35), ' ');
      text << line;
      for (const auto& [result, count] : results.items()) text << ' ' << result << ' ' << count;
      text << '\n';
    }
  }
  for (const char* total :
       {"queries_prepared", "queries_finished", "queries_lost", "queries_open",
        "queries_finished_on_other_colour", "statements_executed_again", "engine_mismatches"}) {
    text << total << ": " << stats[total] << '\n';
  }
  std::string out = text.str();
  out.pop_back();
  return out;
}

}  // namespace

CommandResult EngineCore::stats(Nanos now) const {
  const auto milliseconds = [](Nanos duration) { return duration / kMillisecond; };
  json state{{"text", described_},
             {"active", sim::name(machine_.active())},
             {"phase", name(machine_.phase())},
             {"rolling_back", machine_.rolling_back()},
             {"flapping", machine_.flapping()},
             {"refusing_both", machine_.refusing_both()},
             {"denying", faults_.denying()},
             {"cluster", sim::name(power_.state())}};
  if (const std::optional<Nanos> ends = machine_.phase_ends()) {
    state["from"] = sim::name(machine_.from());
    state["to"] = sim::name(machine_.to());
    state["phase_ends_in_ms"] = milliseconds(*ends - now);
  }
  for (const Colour colour : {Colour::kBlue, Colour::kGreen}) {
    const std::optional<std::string> announced = machine_.announcement(colour);
    state["new_strategy"][std::string(sim::name(colour))] = announced ? json(*announced) : json(nullptr);
  }

  json stats = totals_json(ledger_.totals);
  const CallTables tables = tabulate(ledger_);
  stats["state"] = state;
  stats["uptime_ms"] = milliseconds(now - started_);
  stats["counting_for_ms"] = milliseconds(now - counting_since_);
  stats["sessions"] = by_colour(registry_.sessions());
  const std::array<std::uint64_t, kColours> open = registry_.queries();
  const std::uint64_t executed = registry_.executed_queries();
  stats["open_queries"] = by_colour(open);
  stats["queries_open"] = open[0] + open[1];
  stats["queries_open_prepared"] = open[0] + open[1] - executed;
  stats["queries_open_executed"] = executed;
  stats["executions"] = ledger_.executions();
  stats["totals"] = tables.by_result;
  stats["totals"]["calls"] = tables.total;
  stats["by_method"] = tables.by_method;
  stats["calls"] = tables.calls;
  // Texts come from clients: what is not UTF-8 in them is replaced.
  return {true, for_people(described_, stats), stats.dump(2, ' ', false, json::error_handler_t::replace)};
}

}  // namespace e6::sim
