#include "report.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>

namespace e6::storm {
namespace {

using nlohmann::ordered_json;

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

ordered_json colour(Strategy strategy) {
  if (strategy == Strategy::kNone) return nullptr;
  return std::string(to_string(strategy));
}

ordered_json first_ms(const std::optional<double>& value) {
  return value ? ordered_json(rounded(*value)) : ordered_json(nullptr);
}

ordered_json errands_json(const std::vector<Errand>& errands, std::uint64_t start_ns) {
  ordered_json list = ordered_json::array();
  for (const Errand& errand : errands) {
    list.push_back({{"at_ms", static_cast<double>(errand.appointment.at.count() / 1000) / 1000},
                    {"command", errand.appointment.command},
                    {"started_ms", errand.started_ns == 0
                                       ? ordered_json(nullptr)
                                       : ordered_json(rounded(static_cast<double>(errand.started_ns - start_ns) / 1e6))},
                    {"ok", errand.ended_ns != 0 && !errand.failed},
                    {"outcome", errand.started_ns == 0 ? "was not run: the storm ended before" : errand.outcome},
                    {"output", errand.output}});
  }
  return list;
}

ordered_json host_json(const Figures& figures, std::uint64_t start_ns) {
  const HostFigures& host = figures.host;
  ordered_json json{{"shared", host.shared}, {"strategy", colour(figures.final_strategy)}};
  if (!host.shared) return json;
  json["segment"] = host.segment;
  json["state"] = std::string(to_string(host.state));
  json["pending"] = colour(host.pending);
  json["transitions"] = host.transitions;
  json["detections"] = host.detections;
  json["detections_failed"] = host.detections_failed;
  json["refused_probes"] = host.refused_probes;
  json["mismatches"] = host.mismatches;
  json["lease_takeovers"] = host.lease_takeovers;
  json["lock_recoveries"] = host.lock_recoveries;
  json["lock_timeouts"] = host.lock_timeouts;
  ordered_json events = ordered_json::array();
  for (const Event& event : host.events) {
    const auto at = static_cast<std::int64_t>(event.monotonic_ms) - static_cast<std::int64_t>(start_ns / 1'000'000);
    events.push_back({{"at_ms", at},
                      {"event", std::string(to_string(event.kind))},
                      {"cause", std::string(to_string(event.cause))},
                      {"from", colour(event.from)},
                      {"to", colour(event.to)},
                      {"pid", event.pid}});
  }
  json["events"] = events;
  return json;
}

// printf into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::va_list arguments;
  va_start(arguments, pattern);
  char* text = nullptr;
  const int size = ::vasprintf(&text, pattern, arguments);
  va_end(arguments);
  if (size < 0) return {};
  std::string out(text, static_cast<std::size_t>(size));
  std::free(text);
  return out;
}

unsigned long long big(std::uint64_t value) {
  return value;
}

std::string colours_of(const Figures& figures) {
  std::array<int, 3> count{};
  for (const WorkerFigures& worker : figures.workers) ++count[static_cast<std::size_t>(worker.strategy)];
  std::string text = format("blue %d green %d", count[1], count[2]);
  if (count[0] > 0) text += format(" none yet %d", count[0]);
  return text;
}

}  // namespace

std::string dump(const ordered_json& value, int indent) {
  return value.dump(indent, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json to_json(const Figures& figures, const std::vector<Errand>& errands, std::uint64_t start_ns) {
  ordered_json workers = ordered_json::array();
  for (const WorkerFigures& worker : figures.workers) {
    ordered_json one{{"pid", worker.pid},
                     {"queries", worker.queries},
                     {"failed", worker.failed},
                     {"lost_results", worker.lost},
                     {"strategy", colour(worker.strategy)},
                     {"first_query_ms",
                      {{"blue", first_ms(worker.first_query_ms[1])}, {"green", first_ms(worker.first_query_ms[2])}}},
                     {"longest_gap_ms", rounded(worker.longest_gap_ms)},
                     {"left_behind", worker.left_behind},
                     {"shared", worker.shared}};
    if (!worker.crash.empty()) one["crash"] = worker.crash;
    workers.push_back(std::move(one));
  }
  return {{"seconds", rounded(figures.seconds)},
          {"queries", figures.queries},
          {"queries_per_second", std::round(static_cast<double>(figures.queries) / std::max(figures.seconds, 0.001))},
          {"failed", figures.failed},
          {"lost_results", figures.lost},
          {"wrong_colour_results", figures.wrong_colour},
          {"checked_rows", figures.checked_rows},
          {"errors", figures.errors},
          {"losses", figures.losses},
          {"mismatches", figures.calls.mismatches},
          {"authentications", figures.calls.authentications},
          {"refused_probes", figures.calls.refused_probes},
          {"calls", figures.calls.calls},
          {"retries", figures.calls.retries},
          {"suspensions", figures.calls.suspensions},
          {"reexecuted_queries", figures.calls.reexecuted_queries},
          {"latency_ms",
           {{"p50", rounded(figures.p50_ms)}, {"p99", rounded(figures.p99_ms)}, {"max", rounded(figures.max_ms)}}},
          {"longest_gap_ms", rounded(figures.longest_gap_ms)},
          {"workers_left_behind", figures.left_behind},
          {"long_query",
           {{"completed", figures.long_queries}, {"batches", figures.long_batches}, {"running", figures.long_running}}},
          {"host", host_json(figures, start_ns)},
          {"at", errands_json(errands, start_ns)},
          {"workers", workers}};
}

ordered_json moment_json(const Figures& figures, const std::vector<Errand>& news, std::uint64_t start_ns) {
  ordered_json workers = ordered_json::array();
  for (const WorkerFigures& worker : figures.workers) {
    workers.push_back({{"pid", worker.pid},
                       {"queries", worker.queries},
                       {"failed", worker.failed},
                       {"lost_results", worker.lost},
                       {"strategy", colour(worker.strategy)}});
  }
  const HostFigures& host = figures.host;
  return {{"moment_ms", std::round(figures.seconds * 1000)},
          {"queries", figures.queries},
          {"failed", figures.failed},
          {"lost_results", figures.lost},
          {"mismatches", figures.calls.mismatches},
          {"authentications", figures.calls.authentications},
          {"refused_probes", figures.calls.refused_probes},
          {"host",
           {{"shared", host.shared},
            {"state", std::string(to_string(host.state))},
            {"active", colour(host.active)},
            {"pending", colour(host.pending)},
            {"in_flight", host.in_flight},
            {"transitions", host.transitions},
            {"detections", host.detections}}},
          {"at", errands_json(news, start_ns)},
          {"workers", workers}};
}

std::string live_line(const Figures& figures, const Figures& before) {
  const double seconds = std::max(figures.seconds - before.seconds, 0.001);
  const double rate = static_cast<double>(figures.queries - before.queries) / seconds;
  std::string line = format("%6.1fs %8.0f queries/s  %llu failed  %llu lost  %s  %llu mismatches", figures.seconds,
                            rate, big(figures.failed), big(figures.lost), colours_of(figures).c_str(),
                            big(figures.calls.mismatches));
  if (figures.host.shared) line += "  host " + std::string(to_string(figures.host.state));
  return line;
}

std::string summary(const Figures& figures, const std::vector<Errand>& errands) {
  std::string text;
  text += format("%s: %llu queries in %.1f s (%.0f per second), %llu failed, %llu results lost with their colour\n",
                 figures.failed == 0 && figures.wrong_colour == 0 ? "ok" : "FAILED", big(figures.queries),
                 figures.seconds, static_cast<double>(figures.queries) / std::max(figures.seconds, 0.001),
                 big(figures.failed), big(figures.lost));
  text += format("  results     %llu rows named their query and colour, %llu queries got rows from elsewhere\n",
                 big(figures.checked_rows), big(figures.wrong_colour));
  text += format("  latency     p50 %.1f ms, p99 %.1f ms, max %.1f ms; longest gap of a worker %.1f ms\n",
                 figures.p50_ms, figures.p99_ms, figures.max_ms, figures.longest_gap_ms);
  text += format("  strategy    %llu mismatches (456), %llu probes refused, %llu authentications\n",
                 big(figures.calls.mismatches), big(figures.calls.refused_probes), big(figures.calls.authentications));
  if (figures.host.shared) {
    text += format("  host        %s, %llu transitions, %llu detections, %llu of their probes refused\n",
                   std::string(to_string(figures.host.state)).c_str(), big(figures.host.transitions),
                   big(figures.host.detections), big(figures.host.refused_probes));
  } else {
    text += format("  host        no segment: every thread found the colour by itself; the latest query ran on %s\n",
                   std::string(to_string(figures.final_strategy)).c_str());
  }
  text += format("  workers     %zu, of which %llu not on the final colour", figures.workers.size(),
                 big(figures.left_behind));
  if (figures.long_queries > 0 || figures.long_running)
    text += format("; long query: %llu completed, %llu batches%s", big(figures.long_queries),
                   big(figures.long_batches), figures.long_running ? ", one still running at the end" : "");
  text += '\n';
  for (const auto& [error, count] : figures.errors) text += format("  error       %llux %s\n", big(count), error.c_str());
  for (const auto& [loss, count] : figures.losses) text += format("  lost        %llux %s\n", big(count), loss.c_str());
  for (const Errand& errand : errands) {
    if (errand.started_ns == 0) {
      text += "  --at        not run, the storm ended before: " + errand.appointment.command + '\n';
    } else if (errand.failed) {
      text += "  --at        FAILED (" + errand.outcome + "): " + errand.appointment.command + '\n';
    }
  }
  return text;
}

}  // namespace e6::storm
