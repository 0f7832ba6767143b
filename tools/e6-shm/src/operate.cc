#include "operate.h"

#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "failure.h"
#include "json.h"
#include "same_cluster.h"
#include "text/escape.h"
#include "verdict.h"

namespace e6::tool {
namespace {

/// The group that shares the segment, as Options wants it; empty when only the owner does.
std::string group_of(const inspect::Report& report) {
  struct stat file {};
  if (!shared_by_group(report) || ::stat(report.path.c_str(), &file) != 0) return {};
  const group* entry = ::getgrgid(file.st_gid);
  return entry != nullptr ? std::string(entry->gr_name) : std::to_string(file.st_gid);
}

Options options_for(const inspect::Report& report) {
  Error error;
  Options options = Options::from_environment(&error);
  if (error) throw Failure(kBadUsage, escape(error.sentence()));
  options.cluster = report.cluster;
  options.directory = std::filesystem::path(report.path).parent_path().string();
  options.group = group_of(report);
  options.required = true;
  options.share = true;
  return options;
}

std::shared_ptr<Coordinator> join(const inspect::Report& report) {
  require_readable(report);
  const Verdict verdict = judge(report);
  if (verdict.condition != Condition::kOk && verdict.condition != Condition::kDegraded) {
    throw Failure(kProblem, fmt::format("cannot act on {}: it is {}", escape(report.path),
                                        to_string(verdict.condition)));
  }
  // Attaching under any other condition would make a segment of this user's own.
  if (!report.live) {
    throw Failure(kBadUsage, fmt::format("cannot act on {}: it is a saved copy, which nobody uses",
                                         escape(report.path)));
  }
  if (report.uid != ::geteuid() && !shared_by_group(report)) {
    throw Failure(kBadUsage, fmt::format("cannot act on {}: it belongs to user {}; act as that user",
                                         escape(report.path), report.uid));
  }
  auto attached = Coordinator::attach(options_for(report));
  if (!attached.coordinator) throw Failure(kProblem, escape(attached.error.sentence()));
  if (attached.coordinator->path() != report.path) {
    throw Failure(kProblem, fmt::format("{} is not the one that processes use, {} is", escape(report.path),
                                        escape(attached.coordinator->path())));
  }
  return attached.coordinator;
}

Json snapshot_to_json(const Snapshot& snapshot) {
  return {{"active", to_string(snapshot.active)},
          {"pending", to_string(snapshot.pending)},
          {"epoch", to_json(snapshot.epoch)},
          {"usable", snapshot.usable}};
}

std::string words_of(const Snapshot& snapshot, const Screen& screen) {
  std::string text = screen.strategy(snapshot.active);
  if (snapshot.active != Strategy::kNone && !snapshot.usable) text += " (expired)";
  if (snapshot.pending != Strategy::kNone)
    text += fmt::format(" ({} pending)", screen.strategy(snapshot.pending));
  return text;
}

}  // namespace

int operate(const Choice& choice, const Action& action) {
  const auto report = look(choice);
  const auto coordinator = join(report);
  const Snapshot before = coordinator->snapshot();
  const bool done = action.act(*coordinator);
  const Snapshot after = coordinator->snapshot();
  if (choice.json) {
    print_json({{"done", done},
                {"action", action.done},
                {"cluster", report.cluster},
                {"path", report.path},
                {"before", snapshot_to_json(before)},
                {"after", snapshot_to_json(after)}});
  } else if (done) {
    const Screen screen = Screen::of_stdout();
    print(fmt::format("{}: {} -> {} for {}\n", action.done, words_of(before, screen), words_of(after, screen),
                      name_of(report)));
  } else {
    throw Failure(kProblem, action.refused);
  }
  return done ? kFine : kProblem;
}

}  // namespace e6::tool
