#include "same_cluster.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "choose.h"
#include "failure.h"
#include "text/escape.h"
#include "text/human.h"
#include "verdict.h"

namespace e6::tool {

std::vector<inspect::Report> segments_of(const std::string& cluster, const std::string& directory) {
  std::vector<inspect::Report> found;
  const std::string own = inspect::path_of(cluster, directory, ::geteuid());
  for (const auto& listed : segments_in(directory, true)) {
    if (!listed.own_layout) continue;
    auto report = inspect::look(listed.path);
    const bool groups = report.readable && report.cluster == cluster && shared_by_group(report);
    if (listed.path == own || groups) found.push_back(std::move(report));
  }
  return found;
}

std::string the_one_in_use(const std::vector<inspect::Report>& reports) {
  if (reports.size() == 1) return reports.front().path;
  const inspect::Report* used = nullptr;
  std::size_t count = 0;
  std::string lines;
  for (const auto& report : reports) {
    lines += named_by_file(report);
    if (census(report).alive == 0) continue;
    used = &report;
    ++count;
  }
  if (count == 1) return used->path;
  throw Failure(kBadUsage, fmt::format("{} segments are of one cluster, and processes use {} of "
                                       "them; name one of them:{}",
                                       reports.size(), count == 0 ? "none" : std::to_string(count),
                                       lines));
}

std::string named_by_file(const inspect::Report& report) {
  struct stat file {};
  (void)::lstat(report.path.c_str(), &file);
  const std::string sharer = shared_by_group(report) ? fmt::format("group {}", file.st_gid)
                                                     : fmt::format("user {}", file.st_uid);
  const std::string cluster = report.readable ? escape(report.cluster) + ", " : "";
  return fmt::format("\n  --file {} ({}{}, {})", escape(report.path), cluster, sharer,
                     counted(census(report).alive, "process", "processes"));
}

}  // namespace e6::tool
