#include "verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "failure.h"
#include "same_cluster.h"
#include "text/escape.h"

namespace e6::tool {
namespace {

/// Does it stand where processes look for it? Else it is a copy that somebody saved.
bool in_place(const inspect::Report& report) {
  const std::filesystem::path expected = inspect::path_of(report.cluster, "/", report.uid);
  return report.live || shared_by_group(report) ||
         std::filesystem::path(report.path).filename() == expected.filename();
}

/// A copy is looked at long after and elsewhere: another boot or clock is no news there.
std::vector<Error> relevant(const inspect::Report& report) {
  std::vector<Error> problems = report.problems;
  if (report.readable && !in_place(report)) {
    std::erase_if(problems, [](const Error& problem) {
      return problem.cause == Cause::kForeignClock || problem.cause == Cause::kForeignKernel;
    });
  }
  return problems;
}

Condition condition_of(const inspect::Report& report, const std::vector<Error>& problems) {
  const auto caused_by = [&](Cause cause) {
    return std::any_of(problems.begin(), problems.end(), [&](const Error& e) { return e.cause == cause; });
  };
  if (caused_by(Cause::kDamaged) || caused_by(Cause::kNotASegment)) return Condition::kDamaged;
  if (!report.readable) return Condition::kUnreadable;
  if (report.foreign_kernel && in_place(report)) return Condition::kForeign;
  if (report.retired || caused_by(Cause::kRetired)) return Condition::kRetired;
  if (report.stale_boot && in_place(report)) return Condition::kStale;
  return problems.empty() ? Condition::kOk : Condition::kDegraded;
}

/// What the library calls no problem, but an operator wants to hear.
void add_findings(const inspect::Report& report, std::vector<std::string>& reasons) {
  if (report.state == State::kError) {
    reasons.emplace_back(
        "the engine refused blue and green; look at the engine: nobody probes again before the negative TTL "
        "is over");
  }
  const auto joined = static_cast<std::uint32_t>(report.participants.size());
  if (report.participant_capacity > 0 && joined >= report.participant_capacity) {
    reasons.push_back(fmt::format(
        "all {} participant slots are taken; further processes share the colour, but keep no records",
        report.participant_capacity));
  }
  if (report.pin_capacity > 0 && report.pins.size() >= report.pin_capacity) {
    reasons.push_back(fmt::format("all {} pins are taken; further queries cannot be found by other processes",
                                  report.pin_capacity));
  }
  if (report.live && !report.linked) {
    reasons.emplace_back(
        "its name no longer leads to it; processes move to a new segment with their next query");
  }
}

}  // namespace

std::string_view to_string(Condition condition) noexcept {
  switch (condition) {
    case Condition::kOk:
      return "ok";
    case Condition::kDegraded:
      return "degraded";
    case Condition::kRetired:
      return "retired";
    case Condition::kStale:
      return "stale";
    case Condition::kForeign:
      return "foreign";
    case Condition::kUnreadable:
      return "unreadable";
    case Condition::kDamaged:
      break;
  }
  return "damaged";
}

int Verdict::exit_status() const noexcept {
  return condition == Condition::kOk ? kFine : kProblem;
}

std::string Verdict::painted(const Screen& screen) const {
  switch (condition) {
    case Condition::kOk:
      return screen.paint(Screen::Paint::kGood, to_string(condition));
    case Condition::kUnreadable:
    case Condition::kDamaged:
      return screen.paint(Screen::Paint::kBad, to_string(condition));
    default:
      return screen.paint(Screen::Paint::kWarning, to_string(condition));
  }
}

Verdict judge(const inspect::Report& report, const std::vector<AloneProcess>& alone) {
  Verdict verdict;
  const auto problems = relevant(report);
  verdict.condition = condition_of(report, problems);
  for (const Error& problem : problems) verdict.reasons.push_back(escape(problem.sentence()));
  if (report.readable) add_findings(report, verdict.reasons);
  if (!alone.empty()) {
    verdict.reasons.push_back(
        sentence_of(alone) +
        "; their standard error or log says why, and they try again by themselves");
  }
  if (verdict.condition == Condition::kStale) {
    verdict.reasons.emplace_back(
        "it was made before the last boot; the next process that attaches replaces it");
  }
  if (verdict.condition == Condition::kOk && !verdict.reasons.empty())
    verdict.condition = Condition::kDegraded;
  return verdict;
}

std::string_view what_it_is(const inspect::Report& report) {
  if (report.live) return "segment";
  const Condition condition = judge(report).condition;
  if (condition == Condition::kStale) return "segment of an earlier boot";
  return condition == Condition::kForeign ? "segment of another kernel" : "copy";
}

void require_readable(const inspect::Report& report) {
  if (report.readable) return;
  const Verdict verdict = judge(report);
  const std::string reason = verdict.reasons.empty() ? "it cannot be read" : verdict.reasons.front();
  throw Failure(kProblem,
                fmt::format("{} is {}: {}", escape(report.path), to_string(verdict.condition), reason));
}

Census census(const inspect::Report& report) {
  Census census;
  for (const auto& participant : report.participants) {
    switch (participant.alive) {
      case inspect::Alive::kAlive:
        ++census.alive;
        break;
      case inspect::Alive::kDead:
        ++census.dead;
        break;
      case inspect::Alive::kUnknown:
        ++census.unknown;
        break;
    }
  }
  return census;
}

InFlight in_flight(const inspect::Report& report) {
  InFlight result;
  for (const auto& pin : report.pins) {
    if (pin.strategy == Strategy::kBlue) ++result.blue;
    if (pin.strategy == Strategy::kGreen) ++result.green;
  }
  std::uint64_t all = 0;
  for (const auto& participant : report.participants) all += participant.in_flight;
  const std::uint64_t pinned = result.blue + result.green;
  result.unpinned = all > pinned ? all - pinned : 0;
  return result;
}

State state_of(const inspect::Report& report) noexcept {
  const Snapshot& now = report.snapshot;
  if (report.live || now.active == Strategy::kNone) return report.state;
  if (now.pending != Strategy::kNone) return State::kTransitioning;
  return now.active == Strategy::kBlue ? State::kBlue : State::kGreen;
}

std::uint64_t total(const inspect::Report& report, Counter which) noexcept {
  const auto index = static_cast<std::size_t>(which);
  return index < report.totals.size() ? report.totals[index] : 0;
}

}  // namespace e6::tool
