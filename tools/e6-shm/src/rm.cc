// e6-shm rm: removes a segment's file.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>

#include "choose.h"
#include "failure.h"
#include "json.h"
#include "text/escape.h"
#include "text/human.h"
#include "verbs.h"
#include "verdict.h"

namespace e6::tool {
namespace {

struct Wanted {
  Choice choice;
  bool force = false;
};

[[noreturn]] void refuse(int status, const std::string& path, const std::string& why) {
  throw Failure(status, fmt::format("not removed: {} {}", escape(path), why));
}

/// Only what has a segment's name is ours to remove.
void require_segment_name(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const auto names = segments_in(directory, true);
  const bool named =
      std::any_of(names.begin(), names.end(), [&](const auto& listed) { return listed.path == path; });
  if (!named)
    refuse(kBadUsage, path, "does not have the name of a segment; if it is a saved copy, remove it with rm");
}

struct stat require_own_file(const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) {
    refuse(errno == ENOENT ? kNoSegment : kProblem, path,
           "cannot be looked at: " + std::generic_category().message(errno));
  }
  if (!S_ISREG(file.st_mode) && !S_ISLNK(file.st_mode))
    refuse(kProblem, path, "is neither a file nor a link");
  if (::geteuid() != 0 && file.st_uid != ::geteuid()) {
    refuse(kProblem, path, fmt::format("belongs to user {}; act as that user", file.st_uid));
  }
  return file;
}

/// A process that still uses it loses the records (queries, participants, events) but no colour: it
/// moves to a fresh segment.
void require_unused(const inspect::Report& report) {
  const Census people = census(report);
  if (people.present() == 0) return;
  refuse(kProblem, report.path,
         fmt::format("is in use by {} (e6-shm participants lists them); --force removes it all the same, and "
                     "they move to a new one",
                     counted(people.present(), "process", "processes")));
}

/// Removes it unless a process uses it, or has begun to since it was looked at.
void remove_unused(const std::string& path) {
  const Error error = inspect::remove_unused(path);
  if (!error) return;
  if (error.cause == Cause::kBusy)
    refuse(kProblem, path,
           "is in use by a process; --force removes it all the same, and it moves to a new one");
  refuse(error.sys_errno == ENOENT ? kNoSegment : kProblem, path,
         "stays: " + escape(error.sentence()));
}

/// Removes it whoever uses it.
void remove_by_force(const std::string& path, const struct stat& looked_at) {
  // Somebody may have put a fresh one in its place meanwhile; that one was not judged.
  const auto now = require_own_file(path);
  if (now.st_dev != looked_at.st_dev || now.st_ino != looked_at.st_ino)
    refuse(kProblem, path, "was replaced a moment ago; look again");
  if (::unlink(path.c_str()) != 0)
    refuse(kProblem, path, "stays: " + std::generic_category().message(errno));
}

int run(const Wanted& wanted) {
  const std::string path = choose(wanted.choice);
  require_segment_name(path);
  const auto before = require_own_file(path);
  const auto report = inspect::look(path);
  if (!wanted.force) require_unused(report);
  if (wanted.force || S_ISLNK(before.st_mode))
    remove_by_force(path, before);
  else
    remove_unused(path);
  const auto condition = to_string(judge(report).condition);
  if (wanted.choice.json) {
    print_json({{"removed", true}, {"path", path}, {"cluster", report.cluster}, {"condition", condition}});
  } else {
    print(fmt::format("removed {} (it was {})\n", name_of(report), condition));
  }
  return kFine;
}

}  // namespace

void add_rm(CommandLine& line) {
  auto wanted = std::make_shared<Wanted>();
  Verb verb(line, "rm", "Remove the file of a segment that is stale, damaged or unused");
  add_choice(verb, wanted->choice);
  verb.flag("--force", "Even if processes use it: they move to a new one, its records are lost",
            wanted->force);
  verb.footer(
      "Only files with the name of a segment are removed, and only those of this user (root: of any).\n"
      "Exit status: 0 removed, 1 refused, 2 bad usage, 3 no such segment.\n\n"
      "Examples:\n"
      "  e6-shm rm engine.example.com:80\n"
      "  e6-shm ls --json | jq -r '.segments[] | select(.condition == \"stale\") | .path' | xargs -rn1 "
      "e6-shm rm --file");
  verb.runs(wanted->choice.json, [wanted] { return run(*wanted); });
}

}  // namespace e6::tool
