#include "prometheus.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/escape.h"
#include "verdict.h"

namespace e6::tool {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Collects samples under their metric, metrics in the order of their first sample.
class Collector {
 public:
  void add(const char* name, const char* type, const char* help, Labels labels, double value,
           const char* suffix = "") {
    auto metric =
        std::find_if(metrics_.begin(), metrics_.end(), [&](const Metric& m) { return m.name == name; });
    if (metric == metrics_.end()) metric = metrics_.insert(metrics_.end(), Metric{name, type, help, {}});
    metric->samples.push_back({suffix, std::move(labels), value});
  }
  [[nodiscard]] std::vector<Metric> take() { return std::move(metrics_); }

 private:
  std::vector<Metric> metrics_;
};

Labels with(Labels labels, const char* name, std::string_view value) {
  labels.emplace_back(name, value);
  return labels;
}

double number(std::uint64_t value) {
  return static_cast<double>(value);
}
double seconds(std::uint64_t ms) {
  return static_cast<double>(ms) / 1000.0;
}

void add_gauges(Collector& out, const inspect::Report& report, const Labels& labels) {
  const auto gauge = [&](const char* name, const char* help, double value) {
    out.add(name, "gauge", help, labels, value);
  };
  const Snapshot& now = report.snapshot;
  for (const Strategy strategy : {Strategy::kBlue, Strategy::kGreen}) {
    const auto by_strategy = with(labels, "strategy", to_string(strategy));
    const auto queries = in_flight(report);
    out.add("e6_shm_active_strategy", "gauge", "1 for the colour that new queries use.", by_strategy,
            now.active == strategy ? 1 : 0);
    out.add("e6_shm_pending_strategy", "gauge", "1 for the colour that was announced and is not yet active.",
            by_strategy, now.pending == strategy ? 1 : 0);
    out.add("e6_shm_queries_in_flight", "gauge", "Pinned queries by colour.", by_strategy,
            number(strategy == Strategy::kBlue ? queries.blue : queries.green));
  }
  for (const State state : {State::kNoStrategy, State::kDetecting, State::kBlue, State::kGreen,
                            State::kTransitioning, State::kError}) {
    out.add("e6_shm_state", "gauge", "1 for the state that the host is in.",
            with(labels, "state", to_string(state)), state_of(report) == state ? 1 : 0);
  }
  gauge("e6_shm_strategy_usable", "1 if a colour is active and has not expired.", now.usable ? 1 : 0);
  gauge("e6_shm_strategy_expiry_seconds", "Time until the active colour expires.",
        now.usable ? seconds(now.remaining_ms) : 0);
  gauge("e6_shm_strategy_pending_seconds", "How long a colour has been pending.",
        now.pending == Strategy::kNone ? 0 : seconds(report.pending_since_ms));
  gauge("e6_shm_strategy_epoch", "Count of changes of the active colour; wraps at 2^20.",
        number(now.epoch.active));
  const Census people = census(report);
  out.add("e6_shm_participants", "gauge", "Processes in the participant table.", with(labels, "alive", "yes"),
          people.present());
  out.add("e6_shm_participants", "gauge", "Processes in the participant table.", with(labels, "alive", "no"),
          people.dead);
  gauge("e6_shm_participants_capacity", "Slots of the participant table.", report.participant_capacity);
  gauge("e6_shm_pins", "Pins in use.", number(report.pins.size()));
  gauge("e6_shm_pins_capacity", "Pins that the segment holds.", report.pin_capacity);
  gauge("e6_shm_unpinned_queries", "Queries in flight that found no free pin.",
        number(in_flight(report).unpinned));
  gauge("e6_shm_detection_lease_held", "1 while a process of the host is probing.",
        report.detection.held ? 1 : 0);
  gauge("e6_shm_resume_lease_held", "1 while a process of the host is resuming the cluster.",
        report.resume.held ? 1 : 0);
  gauge("e6_shm_segment_size_bytes", "Memory of the segment, pins and events included; it does not grow.",
        number(report.size));
  gauge("e6_shm_created_timestamp_seconds", "When the segment was made.",
        static_cast<double>(report.created_realtime_ns) / 1e9);
}

void add_counters(Collector& out, const inspect::Report& report, const Labels& labels) {
  struct Exported {
    Counter counter;
    const char* name;
    const char* help;
  };
  constexpr Exported kExported[] = {
      {Counter::kHits, "e6_shm_cache_hits_total", "Queries that found a usable colour."},
      {Counter::kMisses, "e6_shm_cache_misses_total", "Queries that found none."},
      {Counter::kQueriesBegun, "e6_shm_queries_begun_total", "Queries begun."},
      {Counter::kQueriesEnded, "e6_shm_queries_ended_total", "Queries ended."},
      {Counter::kMismatches, "e6_shm_mismatches_total", "Refusals with status 456, current or late."},
      {Counter::kStaleNews, "e6_shm_stale_news_total",
       "Announcements, confirmations and refusals that were old news."},
      {Counter::kAnnouncements, "e6_shm_announcements_total", "Announcements that changed something."},
      {Counter::kTransitions, "e6_shm_transitions_total", "Pending colours that became active."},
      {Counter::kDetections, "e6_shm_detections_total", "Detections begun."},
      {Counter::kDetectionsFailed, "e6_shm_detections_failed_total", "Detections that failed."},
      {Counter::kRefusedProbes, "e6_shm_refused_probes_total",
       "Authentications refused with status 456 while probing."},
      {Counter::kLeaseTakeovers, "e6_shm_lease_takeovers_total",
       "Leases taken over from a dead or late holder."},
      {Counter::kLockRecoveries, "e6_shm_lock_recoveries_total",
       "Repairs after a process died inside an operation."},
      {Counter::kLockTimeouts, "e6_shm_lock_timeouts_total",
       "Records not made because the lock was not to be had in time."},
      {Counter::kPinsOverflowed, "e6_shm_pins_overflowed_total", "Queries that found no free pin."},
      {Counter::kEventsDropped, "e6_shm_events_dropped_total", "Events that could not be written."},
      {Counter::kRenewals, "e6_shm_renewals_total", "Extensions of the expiry."},
      {Counter::kResumes, "e6_shm_resumes_total", "Resumptions of a suspended cluster."},
  };
  for (const Exported& one : kExported)
    out.add(one.name, "counter", one.help, labels, number(total(report, one.counter)));
  out.add("e6_shm_events_total", "counter", "Events written.", labels, number(report.events_written));
}

/// Detections count when they begin and enter a bucket when they end: +Inf holds those under way and given up
/// too.
void add_detection_times(Collector& out, const inspect::Report& report, const Labels& labels) {
  constexpr const char* kName = "e6_shm_detection_duration_seconds";
  constexpr const char* kHelp = "How long a detection took.";
  constexpr std::pair<Counter, const char*> kBuckets[] = {
      {Counter::kDetectionLe10ms, "0.01"},  {Counter::kDetectionLe50ms, "0.05"},
      {Counter::kDetectionLe250ms, "0.25"}, {Counter::kDetectionLe1s, "1"},
      {Counter::kDetectionLe5s, "5"},       {Counter::kDetectionLe30s, "30"},
  };
  std::uint64_t so_far = 0;  // the counters are read one after the other: buckets must not fall all the same
  for (const auto& [counter, limit] : kBuckets) {
    so_far = std::max(so_far, total(report, counter));
    out.add(kName, "histogram", kHelp, with(labels, "le", limit), number(so_far), "_bucket");
  }
  so_far = std::max(so_far, total(report, Counter::kDetections));
  out.add(kName, "histogram", kHelp, with(labels, "le", "+Inf"), number(so_far), "_bucket");
  out.add(kName, "histogram", kHelp, labels, number(total(report, Counter::kDetectionMicros)) / 1e6, "_sum");
  out.add(kName, "histogram", kHelp, labels, number(so_far), "_count");
}

std::string ascii(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return text;
}

/// With what the format asks to escape escaped. Valid UTF-8 stays what it is.
std::string label_value(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
  }
  return out;
}

}  // namespace

std::vector<Metric> metrics_of(const std::vector<inspect::Report>& reports,
                               const std::map<std::string, std::size_t>& alone,
                               const std::string& directory) {
  Collector out;
  for (const auto& report : reports) {
    // A cluster may have several: a user's and a group's, of two layouts, in two directories. Only
    // the path is of one alone. Two different ones stay different when they are escaped.
    const Labels labels{{"cluster", ascii(report.cluster)}, {"path", escape(report.path)}};
    const auto verdict = judge(report);
    out.add("e6_shm_healthy", "gauge", "1 if e6-shm status says ok.", labels,
            verdict.condition == Condition::kOk ? 1 : 0);
    if (!report.readable) continue;
    out.add("e6_shm_info", "gauge", "What wrote and what reads the segment; always 1.",
            with(with(labels, "layout", std::to_string(report.layout_version)), "version", E6_SHM_VERSION),
            1);
    add_gauges(out, report, labels);
    add_counters(out, report, labels);
    add_detection_times(out, report, labels);
  }
  // The directory is not the processes': it keeps the series of two directories apart.
  for (const auto& [cluster, count] : alone) {
    out.add("e6_shm_processes_alone", "gauge",
            "Processes that work without a segment, as far as this user may look into them.",
            {{"cluster", ascii(cluster)}, {"directory", escape(directory)}}, number(count));
  }
  return out.take();
}

std::string exposition(const std::vector<Metric>& metrics) {
  std::string text;
  for (const Metric& metric : metrics) {
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric.name, metric.help, metric.name, metric.type);
    for (const Sample& sample : metric.samples) {
      std::string labels;
      for (const auto& [name, value] : sample.labels) {
        labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, label_value(value));
      }
      text += fmt::format("{}{}{{{}}} {}\n", metric.name, sample.suffix, labels, sample.value);
    }
  }
  return text;
}

Json to_json(const std::vector<Metric>& metrics) {
  Json json = Json::array();
  for (const Metric& metric : metrics) {
    Json samples = Json::array();
    for (const Sample& sample : metric.samples) {
      Json labels = Json::object();
      for (const auto& [name, value] : sample.labels) labels[name] = value;
      samples.push_back(
          {{"name", metric.name + sample.suffix}, {"labels", std::move(labels)}, {"value", sample.value}});
    }
    json.push_back({{"name", metric.name},
                    {"type", metric.type},
                    {"help", metric.help},
                    {"samples", std::move(samples)}});
  }
  return json;
}

}  // namespace e6::tool
