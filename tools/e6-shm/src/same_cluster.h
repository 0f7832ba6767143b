// Several segments of one cluster in one directory: a user's own, and those of groups.
#pragma once

#include <string>
#include <vector>

#include "e6/shared/inspect.h"

namespace e6::tool {

/// Is it shared with a group, and hence named after the group?
[[nodiscard]] inline bool shared_by_group(const inspect::Report& report) noexcept {
  return (report.mode & 070U) != 0;
}

/// Those that a process of this user may be on: the user's own, and groups' as far as they can be
/// read. `cluster` and `directory` as Options::validate leaves them.
[[nodiscard]] std::vector<inspect::Report> segments_of(const std::string& cluster,
                                                       const std::string& directory);

/// The path of the one that processes use. Of several, Failure with kBadUsage and a list of them
/// when processes use none of them or more than one.
[[nodiscard]] std::string the_one_in_use(const std::vector<inspect::Report>& reports);

/// A line of that list: how to name it, whose it is, how many use it.
[[nodiscard]] std::string named_by_file(const inspect::Report& report);

}  // namespace e6::tool
