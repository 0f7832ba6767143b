// Getting hold of a cluster's segment: the existing one if it can be trusted, else a new one.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "e6/shared/error.h"
#include "layout/segment_layout.h"
#include "os/fd.h"
#include "os/mapping.h"

namespace e6::core {

/// Where a segment lives and who may share it.
struct Place {
  std::string directory;
  std::string cluster;
  uid_t uid = 0;
  std::optional<gid_t> group;  ///< shared with this group, mode 0660; else 0600

  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string path() const { return directory + "/" + name(); }
  [[nodiscard]] mode_t mode() const noexcept { return group ? 0660 : 0600; }
};

/// The prefix that all layout versions share, and what a name of any layout looks like: e6shm-v<layout>-u<uid>-... or -g<gid>-...
inline constexpr const char* kNamePrefix = "e6shm-v";
[[nodiscard]] std::string segment_name(const std::string& cluster, uid_t uid, std::optional<gid_t> group);

/// An open segment.
struct SegmentRef {
  os::Fd fd;            ///< an open file description of its own, not the mapping's: it will carry this process's locks
  os::Mapping mapping;  ///< to be kept for good before anything in it is locked
  dev_t device = 0;
  ino_t inode = 0;
  bool created = false;
  int made_room = 0;  ///< unused segments that were removed because it did not fit
};

/// Opens the segment of `place`, makes it, or makes one in the place of one that was given up.
/// Bounded: gives up with kRetired when others remove it under our hands for 50 ms and at least 8
/// rounds.
/// `been_here`: this process had a segment under that name before. One of another boot that it
/// finds there is another kernel's then, whatever the clocks say: it was put there since.
/// Crash: as make_segment.
Error attach_segment(const Place& place, SegmentRef& out, bool been_here = false);

/// Makes a segment in the place of what the descriptor `ruin` leads to and what is no segment any more. `again`: the name leads elsewhere by now.
/// Crash: as make_segment.
Error replace_segment(const Place& place, int ruin, SegmentRef& out, bool& again);

/// Is the file under the segment's name one that can be trusted: regular, under one name, `place`'s owner or group, no wider permissions?
Error check_file(const struct stat& file, const Place& place);

/// A segment of another boot is stale if it was made at least this long before this kernel booted.
/// Clocks of two machines differ by seconds.
inline constexpr std::uint64_t kBootMarginNs = 10'000'000'000;

/// Was a segment of another boot made before this kernel booted? Then nobody uses it, else another
/// kernel does. In doubt it was made since: also while this machine's clock has not been set since
/// its boot, and is behind.
constexpr bool made_before_boot(std::uint64_t created_realtime_ns, std::uint64_t now_realtime_ns,
                                std::uint64_t uptime_ns) noexcept {
  return now_realtime_ns >= uptime_ns && created_realtime_ns <= now_realtime_ns - uptime_ns &&
         now_realtime_ns - uptime_ns - created_realtime_ns >= kBootMarginNs;
}

/// Checks a header's bytes against this library and `cluster` (not compared when empty).
/// kForeignClock with `stale_boot` set means: made in an earlier boot, may be replaced.
/// kForeignKernel: made in another boot since this kernel's own began.
Error check_header(const layout::Header& header, const std::string& where, const std::string& cluster, bool* stale_boot);

/// The checksum over everything in a header that stands before it.
std::uint64_t header_checksum(const layout::Header& header) noexcept;

}  // namespace e6::core
