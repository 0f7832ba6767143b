#include "core/segment_maker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "core/event_ring.h"
#include "core/segment_removal.h"
#include "os/clock.h"
#include "os/host_identity.h"
#include "os/robust_mutex.h"
#include "os/segment_file.h"
#include "os/successor.h"

namespace e6::core {
namespace {

void fill_header(layout::Header& h, const Place& place) {
  std::memcpy(h.magic, layout::kMagic, sizeof h.magic);
  h.layout_version = layout::kLayoutVersion;
  h.header_size = sizeof(layout::Header);
  h.segment_size = sizeof(layout::Segment);
  h.byte_order = layout::kByteOrder;
  h.libc = layout::kLibc;
  h.mutex_size = sizeof(pthread_mutex_t);
  h.uid = place.uid;
  h.gid = place.group.value_or(::getegid());
  h.mode = place.mode();
  h.creator_pid = static_cast<std::uint32_t>(::getpid());
  h.participants = layout::kParticipants;
  h.pin_groups = layout::kPinGroups;
  h.event_slots = layout::kEventSlots;
  h.created_realtime_ns = os::realtime_ns();
  h.created_monotonic_ms = os::monotonic_ms();
  h.time_namespace = os::time_namespace();
  h.instance = os::random_bits();
  const std::string boot = os::boot_id();
  std::memcpy(h.boot_id, boot.data(), std::min(boot.size(), sizeof h.boot_id - 1));
  h.cluster_length = static_cast<std::uint32_t>(place.cluster.size());
  std::memcpy(h.cluster, place.cluster.data(), place.cluster.size());
  h.checksum = header_checksum(h);
}

/// A file that the segment fits into; where there is no room, unused segments make it.
/// Crash: see os::create_unnamed and Room::make_more.
Error make_file(const Place& place, const std::string& path, int directory, os::UnnamedFile& file,
                int& made_room) {
  const gid_t* group = place.group ? &*place.group : nullptr;
  Room room(directory, place.directory);
  for (;;) {
    file = {};
    Error e =
        os::create_unnamed(directory, path, place.mode(), group, sizeof(layout::Segment), file);
    made_room = room.removed();
    if (e.sys_errno != ENOSPC && e.sys_errno != EDQUOT) return e;
    if (room.make_more()) continue;
    if (made_room != 0)
      e.detail += ", although " + std::to_string(made_room) +
                  (made_room == 1 ? " unused segment was" : " unused segments were") +
                  " removed; a process may still hold their memory";
    return e;
  }
}

/// Whose it is and who can do something about it: in a directory with the sticky bit only a file's owner may replace it.
Error cannot_replace(int given_up, const std::string& path, int sys_errno) {
  struct stat st;
  if (::fstat(given_up, &st) != 0 || st.st_uid == ::geteuid()) return os::system_error(sys_errno, path, "replace");
  return {Cause::kForeignOwner, sys_errno, path,
          "it was given up, and in a directory with the sticky bit only its owner, uid " + std::to_string(st.st_uid) +
              ", can replace it: by any process of that user that attaches, or by 'e6-shm rm'"};
}

}  // namespace

Error make_segment(const Place& place, int directory, int given_up, SegmentRef& out, bool& lost_race) {
  const bool first = given_up == kNothingBefore;
  if (first) (void)os::remove_litter(directory, place.name());  // replacing does so itself
  os::UnnamedFile file;
  const std::string path = place.path();
  if (Error e = make_file(place, path, directory, file, out.made_room)) return e;

  os::Mapping mapping;
  if (Error e = os::Mapping::map(file.fd.get(), sizeof(layout::Segment), true, mapping)) {
    e.where = path;
    return e;
  }
  auto* segment = static_cast<layout::Segment*>(mapping.data());  // zero bytes: every atomic in it holds 0
  fill_header(segment->header, place);
  if (const int e = os::mutex_init(segment->lock.mutex)) return os::system_error(e, path, "make the lock");
  record_created(*segment);

  struct stat st;
  if (::fstat(file.fd.get(), &st) != 0) return os::system_error(errno, path, "stat");
  int sys_errno = 0;
  const std::string name = place.name();
  switch (first ? os::publish(directory, file, name, sys_errno) : os::replace(directory, file, name, given_up, sys_errno)) {
    case os::Published::kLostRace:
      lost_race = true;
      return {};
    case os::Published::kFailed:
      lost_race = sys_errno == ENOENT;  // taken for litter between its creation and its lock: make another
      if (lost_race) return {};
      if (!first && (sys_errno == EPERM || sys_errno == EACCES)) return cannot_replace(given_up, path, sys_errno);
      return os::system_error(sys_errno, path, "publish");
    case os::Published::kYes:
      break;
  }
  out.fd = std::move(file.fd);
  out.mapping = std::move(mapping);
  out.device = st.st_dev;
  out.inode = st.st_ino;
  out.created = true;
  return {};
}

}  // namespace e6::core
