#include "choose.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "alone.h"
#include "failure.h"
#include "same_cluster.h"
#include "text/escape.h"

namespace e6::tool {
namespace {

bool exists(const std::string& path) {
  struct stat file {};
  return ::lstat(path.c_str(), &file) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/// How to name each of them: by its cluster, if no other one is of it.
std::string lines_of(const std::vector<inspect::Listed>& segments) {
  std::vector<inspect::Report> reports;
  std::map<std::string, int> of_cluster;
  for (const auto& listed : segments) {
    reports.push_back(listed.own_layout ? inspect::look(listed.path) : inspect::Report{});
    if (reports.back().readable) ++of_cluster[reports.back().cluster];
  }
  std::string lines;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto& report = reports[i];
    const std::string path = escape(segments[i].path);
    if (!segments[i].own_layout)
      lines += fmt::format("\n  {} (layout {})", path, segments[i].layout_version);
    else if (!report.readable)
      lines += fmt::format("\n  --file {}", path);
    else if (of_cluster[report.cluster] > 1)
      lines += named_by_file(report);
    else
      lines += fmt::format("\n  {} ({})", escape(report.cluster), path);
  }
  return lines;
}

std::string by_file(const std::string& file) {
  if (!exists(file)) throw Failure(kNoSegment, fmt::format("there is no file {}", escape(file)));
  std::error_code error;
  const auto path = std::filesystem::absolute(file, error);
  return error ? file : path.lexically_normal().string();
}

std::string by_cluster(const Choice& choice) {
  Options options;
  options.cluster = choice.cluster;
  options.directory = choice.directory;
  if (const Error error = options.validate()) throw Failure(kBadUsage, escape(error.sentence()));
  const auto reports = segments_of(options.cluster, options.directory);
  if (!reports.empty()) return the_one_in_use(reports);

  std::string sentence =
      fmt::format("there is no segment of {} in {}", escape(options.cluster), escape(options.directory));
  for (const auto& listed : segments_in(options.directory, true)) {
    if (!listed.own_layout) continue;
    if (listed.path == inspect::path_of(options.cluster, options.directory, listed.uid))
      sentence += fmt::format("; user {} has one: --file {}", listed.uid, escape(listed.path));
  }
  if (const auto own = segments_in(options.directory, false); !own.empty())
    sentence += "; there are:" + lines_of(own);
  if (const auto alone = alone_processes(options.cluster); !alone.empty())
    sentence += "; " + sentence_of(alone);
  throw Failure(kNoSegment, sentence);
}

std::string the_only_one(const Choice& choice) {
  const auto all = segments_in(choice.directory, false);
  if (all.size() == 1) return all.front().path;
  if (all.empty()) {
    const auto alone = alone_processes();
    throw Failure(kNoSegment,
                  fmt::format("user {} has no segment in {}{}{}", ::geteuid(),
                              escape(choice.directory), alone.empty() ? "" : "; ",
                              sentence_of(alone)));
  }
  std::vector<inspect::Listed> own;
  std::copy_if(all.begin(), all.end(), std::back_inserter(own),
               [](const auto& listed) { return listed.own_layout; });
  std::set<std::string> clusters;
  for (const auto& listed : own) {
    const auto report = inspect::look(listed.path);
    clusters.insert(report.readable && report.live ? report.cluster : listed.path);
  }
  if (clusters.size() == 1) {
    // A group's may be the one in use, though it is another user's.
    const std::string& path = own.front().path;
    const std::string directory = std::filesystem::path(path).parent_path().string();
    const auto reports = segments_of(*clusters.begin(), directory);
    return reports.empty() ? path : the_one_in_use(reports);
  }
  throw Failure(kBadUsage,
                "there are several segments, name one of them:" + lines_of(own.empty() ? all : own));
}

}  // namespace

void add_directory(Verb& verb, Choice& choice) {
  verb.text({"--dir", "PATH", "Where the segments are"}, choice.directory);
  verb.environment("--dir", "E6_SHM_DIR");
}

void add_json(Verb& verb, Choice& choice) {
  verb.flag("--json", "Write JSON", choice.json);
}

void add_choice(Verb& verb, Choice& choice) {
  verb.text({"cluster", "CLUSTER",
             "host:port[/name], or the path of a file; may be left out when there is one segment only"},
            choice.cluster);
  verb.text({"--file", "PATH", "A segment or a saved copy by its path"}, choice.file);
  verb.excludes("--file", "cluster");
  add_directory(verb, choice);
  add_json(verb, choice);
}

std::string choose(const Choice& choice) {
  if (!choice.file.empty()) return by_file(choice.file);
  // No cluster begins like a path does.
  if (choice.cluster.starts_with('/') || choice.cluster.starts_with('.')) return by_file(choice.cluster);
  if (!choice.cluster.empty()) return by_cluster(choice);
  return the_only_one(choice);
}

inspect::Report look(const Choice& choice) {
  return inspect::look(choose(choice));
}

std::vector<inspect::Listed> segments_in(const std::string& directory, bool all_users) {
  if (!directory.starts_with('/')) {
    throw Failure(kBadUsage, fmt::format("the directory '{}' is not an absolute path", escape(directory)));
  }
  Error error;
  auto segments = inspect::list(directory, all_users, &error);
  if (segments.empty() && error) {
    throw Failure(error.cause == Cause::kNoDirectory ? kNoSegment : kProblem, escape(error.sentence()));
  }
  return segments;
}

std::string name_of(const inspect::Report& report) {
  if (report.cluster.empty()) return escape(report.path);
  return fmt::format("{} at {}", escape(report.cluster), escape(report.path));
}

}  // namespace e6::tool
