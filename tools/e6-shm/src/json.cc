#include "json.h"

#include <fmt/format.h>

#include "text/human.h"
#include "verdict.h"

namespace e6::tool {

std::string_view to_string(inspect::Alive alive) noexcept {
  switch (alive) {
    case inspect::Alive::kAlive:
      return "alive";
    case inspect::Alive::kDead:
      return "dead";
    case inspect::Alive::kUnknown:
      break;
  }
  return "unknown";
}

std::uint32_t pid_of_slot(const inspect::Report& report, std::uint32_t slot) noexcept {
  for (const auto& participant : report.participants) {
    if (participant.slot == slot) return participant.pid;
  }
  return 0;
}

Json to_json(const Error& error) {
  return {{"cause", to_string(error.cause)},
          {"sentence", error.sentence()},
          {"where", error.where},
          {"detail", error.detail},
          {"errno", error.sys_errno}};
}

Json to_json(const Epoch& epoch) {
  return {{"active", epoch.active}, {"pending", epoch.pending}};
}

Json to_json(const Event& event) {
  return {{"sequence", event.sequence},
          {"time", iso_time(event.realtime_ns)},
          {"realtime_ns", event.realtime_ns},
          {"kind", to_string(event.kind)},
          {"cause", to_string(event.cause)},
          {"from", to_string(event.from)},
          {"to", to_string(event.to)},
          {"epoch", to_json(event.epoch)},
          {"pid", event.pid},
          {"about_pid", event.about_pid}};
}

Json to_json(const inspect::LeaseInfo& lease) {
  Json json{{"held", lease.held}, {"fence", lease.fence}};
  if (lease.held) {
    json["pid"] = lease.pid;
    json["slot"] = lease.slot;
    json["remaining_ms"] = lease.remaining_ms;
  }
  return json;
}

Json counters_to_json(const std::vector<std::uint64_t>& counters) {
  Json json = Json::object();
  for (std::size_t i = 0; i < counters.size() && i < static_cast<std::size_t>(Counter::kCount); ++i) {
    json[std::string(to_string(static_cast<Counter>(i)))] = counters[i];
  }
  return json;
}

Json to_json(const inspect::Participant& participant) {
  return {{"slot", participant.slot},
          {"pid", participant.pid},
          {"alive", to_string(participant.alive)},
          {"incarnation", participant.incarnation},
          {"joined", iso_time(participant.joined_realtime_ns)},
          {"program", participant.program},
          {"in_flight", participant.in_flight},
          {"counters", counters_to_json(participant.counters)}};
}

Json to_json(const inspect::PinnedQuery& pin, const inspect::Report& report) {
  return {{"query_id", pin.query_id},
          {"bound", !pin.query_id.empty()},
          {"strategy", to_string(pin.strategy)},
          {"engine_address", pin.engine_address},
          {"age_ms", pin.age_ms},
          {"epoch", to_json(pin.epoch)},
          {"slot", pin.slot},
          {"pid", pid_of_slot(report, pin.slot)}};
}

Json to_json(const std::vector<AloneProcess>& alone) {
  Json list = Json::array();
  for (const AloneProcess& one : alone)
    list.push_back(
        {{"pid", one.pid}, {"program", one.program}, {"uid", one.uid}, {"cluster", one.cluster}});
  return list;
}

Json head_to_json(const inspect::Report& report, const std::vector<AloneProcess>& alone) {
  const Verdict verdict = judge(report, alone);
  Json problems = Json::array();
  for (const Error& problem : report.problems) problems.push_back(to_json(problem));
  return {{"condition", to_string(verdict.condition)},
          {"reasons", verdict.reasons},
          {"problems", std::move(problems)},
          {"version", E6_SHM_VERSION},
          {"path", report.path},
          {"cluster", report.cluster},
          {"live", report.live},
          {"readable", report.readable}};
}

Json status_to_json(const inspect::Report& report, const std::vector<AloneProcess>& alone) {
  Json json = head_to_json(report, alone);
  json["alone"] = to_json(alone);
  if (!report.readable) return json;
  const auto people = census(report);
  const auto queries = in_flight(report);
  const Snapshot& now = report.snapshot;
  json["linked"] = report.linked;
  json["retired"] = report.retired;
  json["stale_boot"] = report.stale_boot;
  json["foreign_kernel"] = report.foreign_kernel;
  json["layout_version"] = report.layout_version;
  json["size"] = report.size;
  json["uid"] = report.uid;
  json["mode"] = fmt::format("{:04o}", report.mode & 07777U);
  json["creator_pid"] = report.creator_pid;
  json["created"] = iso_time(report.created_realtime_ns);
  json["age_ms"] = age_of(report.created_realtime_ns).count();
  json["boot_id"] = report.boot_id;
  json["state"] = to_string(state_of(report));
  json["active"] = to_string(now.active);
  json["pending"] = to_string(now.pending);
  json["pending_since_ms"] = report.pending_since_ms;
  json["epoch"] = to_json(now.epoch);
  // Expiry is not asked of a copy: its clock stood still when it was made.
  json["usable"] = report.live ? Json(now.usable) : Json(nullptr);
  json["soft_expired"] = report.live ? Json(now.soft_expired) : Json(nullptr);
  json["both_refused"] = now.both_refused;
  json["remaining_ms"] = report.live ? Json(now.remaining_ms) : Json(nullptr);
  json["hot_word"] = fmt::format("0x{:016x}", report.hot_word);
  json["detection"] = to_json(report.detection);
  json["resume"] = to_json(report.resume);
  json["participants"] = {{"alive", people.alive},
                          {"dead", people.dead},
                          {"unknown", people.unknown},
                          {"capacity", report.participant_capacity}};
  json["in_flight"] = {{"blue", queries.blue},
                       {"green", queries.green},
                       {"unpinned", queries.unpinned},
                       {"total", queries.total()}};
  json["pins"] = {{"used", report.pins.size()}, {"capacity", report.pin_capacity}};
  json["counters"] = counters_to_json(report.totals);
  json["events_written"] = report.events_written;
  json["last_event"] = report.events.empty() ? Json(nullptr) : to_json(report.events.back());
  return json;
}

}  // namespace e6::tool
