// Which segment a verb is about.
#pragma once

#include <string>
#include <vector>

#include "command_line.h"
#include "e6/shared/inspect.h"

namespace e6::tool {

/// The options that every verb has.
struct Choice {
  std::string cluster;
  std::string file;
  std::string directory = "/dev/shm";
  bool json = false;
};

void add_directory(Verb& verb, Choice& choice);
void add_json(Verb& verb, Choice& choice);
/// CLUSTER, --file, --dir and --json.
void add_choice(Verb& verb, Choice& choice);

/// The path of the one segment that is meant: the file, the cluster's, or the only one of this user. Failure
/// with kNoSegment when there is none, with kBadUsage when there are several.
[[nodiscard]] std::string choose(const Choice& choice);
/// What is in it. Failure only as of `choose`: what is wrong with the segment stands in the report.
[[nodiscard]] inspect::Report look(const Choice& choice);

/// A directory's segments, sorted. Failure when the directory cannot be read or its path is not absolute.
[[nodiscard]] std::vector<inspect::Listed> segments_in(const std::string& directory, bool all_users);

/// "CLUSTER at PATH" for a sentence, the cluster only when it is known; escaped.
[[nodiscard]] std::string name_of(const inspect::Report& report);

}  // namespace e6::tool
