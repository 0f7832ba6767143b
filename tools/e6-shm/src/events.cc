// e6-shm events: what happened, who did it and why.
#include <fmt/format.h>

#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "choose.h"
#include "failure.h"
#include "follow.h"
#include "json.h"
#include "text/escape.h"
#include "text/human.h"
#include "text/moment.h"
#include "text/screen.h"
#include "verbs.h"
#include "verdict.h"

namespace e6::tool {
namespace {

struct Wanted {
  Choice choice;
  bool follow = false;
  std::optional<std::size_t> limit;
  std::string since;
};

constexpr std::size_t kShownBeforeFollowing = 10;

std::string colours(const Event& event, const Screen& screen) {
  if (event.from == event.to && event.to == Strategy::kNone) return std::string(14, ' ');
  const std::string text = fmt::format("{} -> {}", to_string(event.from), to_string(event.to));
  return fmt::format("{} -> {}{:{}}", screen.strategy(event.from), screen.strategy(event.to), "",
                     text.size() < 14 ? 14 - text.size() : 0);
}

bool alarming(EventKind kind) {
  switch (kind) {
    case EventKind::kDetectionFailed:
    case EventKind::kMismatch:
    case EventKind::kDied:
    case EventKind::kLeaseTakenOver:
    case EventKind::kRecovered:
    case EventKind::kRetired:
      return true;
    default:
      return false;
  }
}

/// "active.pending"; blank where no colour was known yet or the event is not about one.
std::string epoch_of(const Event& event) {
  if (event.epoch == Epoch{}) return "";
  return fmt::format("{}.{}", event.epoch.active, event.epoch.pending);
}

std::string line_of(const Event& event, const Screen& screen) {
  constexpr std::size_t kWholeLine = 100;
  std::string time = local_time(event.realtime_ns);
  if (screen.width != 0 && screen.width < kWholeLine)
    time.erase(0, time.find(' ') + 1);  // only the time of day
  const std::string kind = fmt::format("{:<17}", to_string(event.kind));
  std::string actor = fmt::format("pid {}", event.pid);
  if (event.about_pid != 0 && event.about_pid != event.pid)
    actor += fmt::format(" about {}", event.about_pid);
  const auto cause = event.cause == EventCause::kNone ? std::string_view{} : to_string(event.cause);
  return fmt::format("{}  {}  {}  {:<13}  {:<6}  {}\n", time,
                     alarming(event.kind) ? screen.paint(Screen::Paint::kWarning, kind) : kind,
                     colours(event, screen), cause, epoch_of(event), actor);
}

void keep_newest(std::vector<Event>& events, std::size_t limit) {
  if (events.size() > limit) events.erase(events.begin(), events.end() - static_cast<std::ptrdiff_t>(limit));
}

void keep_since(std::vector<Event>& events, std::uint64_t since_ns) {
  std::erase_if(events, [&](const Event& event) { return event.realtime_ns < since_ns; });
}

void follow_events(const Wanted& wanted, std::uint64_t since_ns) {
  const Screen screen = Screen::of_stdout();
  const std::string path = choose(wanted.choice);
  const auto first_look = inspect::look(path);
  require_readable(first_look);
  if (!first_look.live)
    throw Failure(kBadUsage, fmt::format("{} is a {}: it cannot be followed from here",
                                         escape(path), what_it_is(first_look)));
  bool first = true;
  follow(path, [&](Follower::News news) {
    if (news.other_segment && !wanted.choice.json) print("-- a new segment stands under this name --\n");
    if (news.missed > 0 && !wanted.choice.json) {
      print(fmt::format("-- {} not shown: overwritten before it was read --\n",
                        counted(news.missed, "event", "events")));
    }
    if (std::exchange(first, false)) {
      keep_since(news.events, since_ns);
      const bool all = since_ns > 0 && !wanted.limit;
      if (!all) keep_newest(news.events, wanted.limit.value_or(kShownBeforeFollowing));
    }
    for (const Event& event : news.events) {
      if (wanted.choice.json) {
        print_json(to_json(event), -1);
      } else {
        print(line_of(event, screen));
      }
    }
  });
}

int list_events(const Wanted& wanted, std::uint64_t since_ns) {
  auto report = look(wanted.choice);
  keep_since(report.events, since_ns);
  keep_newest(report.events, wanted.limit.value_or(std::numeric_limits<std::size_t>::max()));
  if (wanted.choice.json) {
    Json json = head_to_json(report);
    json["events_written"] = report.events_written;
    json["events"] = Json::array();
    for (const Event& event : report.events) json["events"].push_back(to_json(event));
    print_json(json);
    return report.readable ? kFine : kProblem;
  }
  require_readable(report);
  const Screen screen = Screen::of_stdout();
  std::string text;
  for (const Event& event : report.events) text += line_of(event, screen);
  print(text.empty() ? "no events\n" : text);
  return kFine;
}

}  // namespace

void add_events(CommandLine& line) {
  auto wanted = std::make_shared<Wanted>();
  Verb verb(line, "events", "What happened, who did it and why");
  add_choice(verb, wanted->choice);
  verb.flag("-f,--follow", "Go on showing events as they come, until interrupted", wanted->follow);
  verb.number({"-n,--limit", "N", "Only the newest N; with --follow before going on (10 unless told)"},
              wanted->limit);
  verb.text({"--since", "WHEN", "Only those since then: 90s, 5m, 2h, 1d, or 2026-11-23T17:04:05Z"},
            wanted->since);
  verb.footer(
      "Columns: time, event, colour before -> after, cause, epoch after it (active.pending), who did it.\n"
      "With --json and --follow: one object per line.\n"
      "Exit status: 0 fine, 1 the segment is not readable, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm events --limit 20\n"
      "  e6-shm events --follow engine.example.com:80\n"
      "  e6-shm events --since 1h --json | jq '.events[] | select(.kind == \"mismatch\")'");
  verb.runs(wanted->choice.json, [wanted] {
    std::uint64_t since_ns = 0;
    if (!wanted->since.empty()) {
      const auto moment = parse_moment(wanted->since, realtime_now_ns());
      if (!moment)
        throw Failure(kBadUsage, "--since takes an age like 5m or a time like 2026-11-23T17:04:05Z");
      since_ns = *moment;
    }
    if (!wanted->follow) return list_events(*wanted, since_ns);
    follow_events(*wanted, since_ns);
    return kFine;
  });
}

}  // namespace e6::tool
