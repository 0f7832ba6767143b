#include "status_text.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "text/escape.h"
#include "text/human.h"
#include "verdict.h"

namespace e6::tool {
namespace {

using std::chrono::milliseconds;

milliseconds ms(std::uint64_t count) {
  return milliseconds{static_cast<std::int64_t>(count)};
}

/// What "expires in" says. The clock of a saved copy stood still when it was made, so its expiry is not told
/// by it.
std::string expiry(const inspect::Report& report) {
  const Snapshot& now = report.snapshot;
  if (now.both_refused) return fmt::format("no probing for {}", human_duration(ms(now.remaining_ms)));
  if (now.active == Strategy::kNone) return "nothing to expire";
  if (!report.live) return "expiry unknown in a " + std::string(what_it_is(report));
  if (!now.usable) return "expired";
  return fmt::format("expires in {}", human_duration(ms(now.remaining_ms)));
}

std::string people(const inspect::Report& report) {
  const Census count = census(report);
  std::string text = counted(count.present(), "participant", "participants");
  if (count.dead > 0) text += fmt::format(" ({} dead)", count.dead);
  return text;
}

std::string state_line(const inspect::Report& report, const Screen& screen) {
  const Snapshot& now = report.snapshot;
  std::string text =
      fmt::format("{}, epoch {}.{}", to_string(state_of(report)), now.epoch.active, now.epoch.pending);
  if (now.pending != Strategy::kNone) {
    text += fmt::format(", {} -> {}", screen.strategy(now.active), screen.strategy(now.pending));
    if (report.live) text += fmt::format(" announced {} ago", human_duration(ms(report.pending_since_ms)));
  }
  return text;
}

std::string expiry_line(const inspect::Report& report) {
  std::string text = expiry(report);
  if (report.live && report.snapshot.soft_expired) text += "; past the soft limit: one process checks again";
  if (report.live && report.snapshot.active != Strategy::kNone && !report.snapshot.usable) {
    text += "; the next query detects";
  }
  return text;
}

std::string lease_line(const inspect::LeaseInfo& lease, const std::string& what, bool live) {
  if (!lease.held) return fmt::format("nobody is {}", what);
  const std::string who = lease.pid == 0 ? "a process without a slot" : fmt::format("pid {}", lease.pid);
  std::string text = fmt::format("{} is {} (fence {})", who, what, lease.fence);
  if (live && lease.remaining_ms < 0)
    text += fmt::format(", {} over its time", human_duration(milliseconds{-lease.remaining_ms}));
  if (live && lease.remaining_ms >= 0)
    text += fmt::format(", {} left", human_duration(milliseconds{lease.remaining_ms}));
  return text;
}

std::string in_flight_line(const inspect::Report& report) {
  const InFlight count = in_flight(report);
  std::string text = fmt::format("{} blue, {} green", count.blue, count.green);
  if (count.unpinned > 0) text += fmt::format(", {} without a pin", count.unpinned);
  return text + fmt::format("; {} of {} pins taken", report.pins.size(), report.pin_capacity);
}

std::string participants_line(const inspect::Report& report) {
  const Census count = census(report);
  std::string text =
      report.live ? counted(count.alive, "alive", "alive") : counted(count.unknown, "joined", "joined");
  if (report.live && count.unknown > 0) text += fmt::format(", {} may be alive", count.unknown);
  if (count.dead > 0)
    text += fmt::format(", {} dead (the next process that takes the lock cleans up)", count.dead);
  return text + fmt::format(", {} slots", report.participant_capacity);
}

std::string detections_line(const inspect::Report& report) {
  const auto count = total(report, Counter::kDetections);
  std::string text =
      fmt::format("{}, {} failed, {} refused", count, total(report, Counter::kDetectionsFailed),
                  counted(total(report, Counter::kRefusedProbes), "probe", "probes"));
  if (count > 0) {
    text +=
        fmt::format(", {:.1f} ms on average", static_cast<double>(total(report, Counter::kDetectionMicros)) /
                                                  1000.0 / static_cast<double>(count));
  }
  return text;
}

/// Counters that are zero on a good day, with what they mean.
std::vector<std::pair<std::string, std::string>> trouble(const inspect::Report& report) {
  struct Sign {
    Counter counter;
    const char* label;
    const char* meaning;
  };
  constexpr Sign kSigns[] = {
      {Counter::kLeaseTakeovers, "takeovers",
       "leases whose holder had died or was late; somebody else probed"},
      {Counter::kLockRecoveries, "recoveries", "processes that died inside an operation; it was repaired"},
      {Counter::kLockTimeouts, "lock time-outs",
       "records not made; look for stopped processes (state T in ps)"},
      {Counter::kPinsOverflowed, "pin overflows", "queries that other processes could not find"},
      {Counter::kEventsDropped, "events dropped", "the ring was written faster than it can take"},
  };
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Sign& sign : kSigns) {
    const auto value = total(report, sign.counter);
    if (value > 0) lines.emplace_back(sign.label, fmt::format("{} ({})", value, sign.meaning));
  }
  return lines;
}

std::string last_event(const inspect::Report& report) {
  std::string text = fmt::format("{} written", report.events_written);
  if (report.events.empty()) return text;
  const Event& event = report.events.back();
  text +=
      fmt::format(", the last {} ago: {}", human_duration(age_of(event.realtime_ns)), to_string(event.kind));
  if (event.cause != EventCause::kNone) text += fmt::format(" ({})", to_string(event.cause));
  return text;
}

std::string segment_line(const inspect::Report& report) {
  std::string text = fmt::format("{}, made {} by pid {}, uid {}", human_bytes(report.size),
                                 local_time(report.created_realtime_ns), report.creator_pid, report.uid);
  if (report.live && !report.linked) text += ", no longer under its name";
  return text;
}

}  // namespace

std::string headline(const inspect::Report& report, const Screen& screen,
                     const std::vector<AloneProcess>& alone) {
  const Verdict verdict = judge(report, alone);
  if (!report.readable) {
    const std::string reason = verdict.reasons.empty() ? "it cannot be read" : verdict.reasons.front();
    return fmt::format("{}: {}, version {}, segment {}", verdict.painted(screen), reason, E6_SHM_VERSION,
                       escape(report.path));
  }
  const std::string_view kind = what_it_is(report);
  return fmt::format(
      "{}: active {}, pending {}, {}, {}, age {}, mode {:04o}, layout {}, version {}, {} {}",
      verdict.painted(screen), screen.strategy(report.snapshot.active),
      screen.strategy(report.snapshot.pending), expiry(report), people(report),
      human_duration(age_of(report.created_realtime_ns)), report.mode & 07777U,
      report.layout_version, E6_SHM_VERSION, kind == "copy" ? "saved copy" : kind,
      escape(report.path));
}

std::string status_text(const inspect::Report& report, const Screen& screen,
                        const std::vector<AloneProcess>& alone) {
  std::string text = headline(report, screen, alone) + "\n";
  const auto line = [&](const std::string& label, const std::string& value) {
    text +=
        fmt::format("  {} {}\n", screen.paint(Screen::Paint::kFaint, fmt::format("{:<14}", label)), value);
  };
  if (report.readable) {
    const auto count = [&](Counter which) { return total(report, which); };
    line("cluster", escape(report.cluster));
    line("state", state_line(report, screen));
    line("expiry", expiry_line(report));
    line("detection", lease_line(report.detection, "probing", report.live));
    if (report.resume.held) line("resume", lease_line(report.resume, "resuming the cluster", report.live));
    line("in flight", in_flight_line(report));
    line("participants", participants_line(report));
    line("queries",
         fmt::format("{} begun, {} ended; {} hits, {} misses", count(Counter::kQueriesBegun),
                     count(Counter::kQueriesEnded), count(Counter::kHits), count(Counter::kMisses)));
    line("detections", detections_line(report));
    line("456", fmt::format("{} reported, {} pieces of old news ignored", count(Counter::kMismatches),
                            count(Counter::kStaleNews)));
    line("transitions", fmt::format("{} applied, {} announced", count(Counter::kTransitions),
                                    count(Counter::kAnnouncements)));
    for (const auto& [label, value] : trouble(report)) line(label, value);
    line("segment", segment_line(report));
    line("events", last_event(report));
  }
  const Verdict verdict = judge(report, alone);
  if (!verdict.reasons.empty() && (report.readable || verdict.reasons.size() > 1)) {
    text += screen.paint(Screen::Paint::kStrong, "what is wrong") + "\n";
    for (const auto& reason : verdict.reasons) text += fmt::format("  - {}\n", reason);
  }
  return text;
}

}  // namespace e6::tool
