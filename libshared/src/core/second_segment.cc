#include "core/second_segment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "os/ofd_lock.h"
#include "os/segment_file.h"

namespace e6::core {
namespace {

constexpr std::size_t kMostGroups = 256;

std::vector<gid_t> own_groups() {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  groups.push_back(::getegid());
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  groups.resize(std::min(groups.size(), kMostGroups));
  return groups;
}

/// Only a file that processes would take for the segment: anybody may put something under the name.
bool in_use(const Place& place, int directory) {
  os::Fd fd;
  struct stat st;
  return os::open_named(directory, place.name(), false, fd) == 0 && ::fstat(fd.get(), &st) == 0 &&
         check_file(st, place).ok() &&
         os::any_byte_held(fd.get(), os::kFirstSlotByte, layout::kParticipants);
}

}  // namespace

std::string second_segment(const Place& place) {
  os::Fd directory;
  if (os::open_directory(place.directory, directory)) return {};
  std::vector<std::optional<gid_t>> sharers = {std::nullopt};
  for (const gid_t group : own_groups()) sharers.emplace_back(group);
  for (const std::optional<gid_t>& group : sharers) {
    Place other = place;
    other.group = group;
    if (group != place.group && in_use(other, directory.get())) return other.path();
  }
  return {};
}

}  // namespace e6::core
