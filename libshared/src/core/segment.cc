#include "core/segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "core/segment_maker.h"
#include "layout/hot_word.h"
#include "os/backoff.h"
#include "os/clock.h"
#include "os/host_identity.h"
#include "os/mapping.h"
#include "os/segment_file.h"
#include "os/successor.h"

namespace e6::core {
namespace {

constexpr std::chrono::milliseconds kRoundsBound{50};
constexpr std::chrono::milliseconds kTurnBound{20};  // for whoever replaces a given-up segment before us; it may be stopped
constexpr int kLeastRounds = 8;
constexpr std::size_t kSlugLength = 48;

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode));
  return text;
}

/// A segment's text, for a sentence: anybody may have written it.
std::string printable(std::string_view text) {
  std::string safe(text);
  for (char& c : safe)
    if (c < ' ' || c > '~') c = '?';
  return safe;
}

std::string other_boot(const layout::Header& h, const std::string& own) {
  return "it was made in boot " + printable(h.boot_id) + ", this is boot " + own;
}

/// What stands under the name.
enum class Found : std::uint8_t { kSegment, kNothing, kGivenUp, kOnTheMove, kRefused };

Found open_existing(const Place& place, int directory, bool been_here, SegmentRef& out,
                    Error& refused) {
  const std::string path = place.path();
  const std::string name = place.name();
  const auto refuse = [&refused](Error e) { return refused = std::move(e), Found::kRefused; };
  if (const int e = os::open_named(directory, name, true, out.fd)) {
    if (e == ENOENT) return Found::kNothing;
    struct stat st;
    if (::fstatat(directory, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
      if (S_ISLNK(st.st_mode)) return refuse({Cause::kNotASegment, e, path, "it is a symbolic link"});
      if (Error wrong = check_file(st, place)) {
        wrong.sys_errno = e;
        return refuse(std::move(wrong));
      }
    }
    return refuse(os::system_error(e, path, "open"));
  }
  struct stat st;
  if (::fstat(out.fd.get(), &st) != 0) return refuse(os::system_error(errno, path, "stat"));
  if (st.st_nlink == 0) return Found::kOnTheMove;
  if (st.st_nlink > 1) {  // a creator without O_TMPFILE died between two names
    (void)os::remove_litter(directory, name);
    if (::fstat(out.fd.get(), &st) != 0) return refuse(os::system_error(errno, path, "stat"));
  }
  if (Error e = check_file(st, place)) return refuse(std::move(e));

  layout::Header header;
  const ssize_t got = ::pread(out.fd.get(), &header, sizeof header, 0);
  if (got < 0) return refuse(os::system_error(errno, path, "read"));
  if (static_cast<std::size_t>(got) < sizeof header)
    return refuse({Cause::kNotASegment, 0, path,
                   "it has " + std::to_string(st.st_size) + " bytes, a header has " + std::to_string(sizeof header)});
  bool stale_boot = false;
  if (Error e = check_header(header, path, place.cluster, &stale_boot)) {
    if (!stale_boot) return refuse(std::move(e));
    if (!been_here) return Found::kGivenUp;
    return refuse(
        {Cause::kForeignKernel, 0, path,
         other_boot(header, os::boot_id()) + ", and stands where this process had another one"});
  }
  if (st.st_size != static_cast<off_t>(sizeof(layout::Segment)))
    return refuse({Cause::kDamaged, 0, path,
                   "it has " + std::to_string(st.st_size) + " bytes, expected " + std::to_string(sizeof(layout::Segment))});

  // by a read: a file that is cut off just now would make touching the mapping fatal
  std::uint64_t word = 0;
  if (::pread(out.fd.get(), &word, sizeof word, offsetof(layout::Segment, hot)) == sizeof word && layout::retired(word))
    return Found::kGivenUp;
  os::Mapping mapping;
  if (Error e = os::Mapping::map(out.fd.get(), sizeof(layout::Segment), true, mapping)) {
    e.where = path;
    return refuse(std::move(e));
  }
  out.mapping = std::move(mapping);
  out.device = st.st_dev;
  out.inode = st.st_ino;
  return Found::kSegment;
}

/// Gives the segment a descriptor whose open file description is not the mapping's: a forked child inherits the mapping, and a description
/// lives, with its locks, as long as anybody maps it.
Error part_from_mapping(const Place& place, int directory, SegmentRef& out) {
  os::Fd own;
  if (const int e = os::reopen(directory, place.name(), out.fd.get(), true, own)) return os::system_error(e, place.path(), "open again");
  out.fd = std::move(own);
  return {};
}

/// Makes a segment in the place of the one of `given_up`. `again`: somebody else did, or the name leads elsewhere by now.
Error succeed(const Place& place, int directory, int given_up, SegmentRef& out, bool& again) {
  const os::Turn turn(given_up, kTurnBound);
  if (!os::leads_to(directory, place.name(), given_up)) return again = true, Error{};
  return make_segment(place, directory, given_up, out, again);
}

}  // namespace

std::string segment_name(const std::string& cluster, uid_t uid, std::optional<gid_t> group) {
  std::string slug;
  for (const char c : cluster.substr(0, kSlugLength)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    slug += plain ? c : '_';
  }
  char hash[16];
  std::snprintf(hash, sizeof hash, "%08x", static_cast<unsigned>(fnv1a(cluster.data(), cluster.size()) & 0xffffffffU));
  return kNamePrefix + std::to_string(layout::kLayoutVersion) + (group ? "-g" + std::to_string(*group) : "-u" + std::to_string(uid)) +
         "-" + slug + "-" + hash;
}

std::string Place::name() const { return segment_name(cluster, uid, group); }

std::uint64_t header_checksum(const layout::Header& header) noexcept {
  return fnv1a(reinterpret_cast<const char*>(&header), offsetof(layout::Header, checksum));
}

Error check_file(const struct stat& st, const Place& place) {
  const std::string path = place.path();
  if (!S_ISREG(st.st_mode)) return {Cause::kNotASegment, 0, path, "it is not a regular file"};
  if (st.st_nlink > 1) return {Cause::kNotASegment, 0, path, "it has " + std::to_string(st.st_nlink) + " hard links"};
  if (!place.group && st.st_uid != place.uid)
    return {Cause::kForeignOwner, 0, path,
            "it belongs to uid " + std::to_string(st.st_uid) + (st.st_uid == os::overflow_uid() ? " (unknown in this user namespace)" : "") +
                ", this process is uid " + std::to_string(place.uid)};
  if (place.group && st.st_gid != *place.group)
    return {Cause::kForeignMode, 0, path,
            "its group is gid " + std::to_string(st.st_gid) + ", expected gid " + std::to_string(*place.group)};
  const mode_t mode = st.st_mode & 07777;
  if ((mode & ~place.mode()) != 0)
    return {Cause::kForeignMode, 0, path, "its mode is " + octal(mode) + ", at most " + octal(place.mode()) + " is allowed"};
  return {};
}

Error check_header(const layout::Header& h, const std::string& where, const std::string& cluster, bool* stale_boot) {
  *stale_boot = false;
  if (std::memcmp(h.magic, layout::kMagic, sizeof h.magic) != 0)
    return {Cause::kNotASegment, 0, where, "it does not begin with a segment's magic bytes"};
  if (h.byte_order != layout::kByteOrder) return {Cause::kForeignLayout, 0, where, "its byte order is another machine's"};
  if (h.layout_version != layout::kLayoutVersion || h.header_size != sizeof(layout::Header) ||
      h.segment_size != sizeof(layout::Segment))
    return {Cause::kForeignLayout, 0, where,
            "its layout is version " + std::to_string(h.layout_version) + " with " + std::to_string(h.segment_size) +
                " bytes, this library has version " + std::to_string(layout::kLayoutVersion) + " with " +
                std::to_string(sizeof(layout::Segment))};
  if (h.checksum != header_checksum(h)) return {Cause::kDamaged, 0, where, "the checksum of its header is wrong"};
  if (h.libc != layout::kLibc || h.mutex_size != sizeof(pthread_mutex_t))
    return {Cause::kForeignLibc, 0, where,
            "it was made by C library kind " + std::to_string(h.libc) + " with a mutex of " + std::to_string(h.mutex_size) +
                " bytes, this process has kind " + std::to_string(layout::kLibc) + " with " +
                std::to_string(sizeof(pthread_mutex_t))};
  if (h.participants != layout::kParticipants || h.pin_groups != layout::kPinGroups || h.event_slots != layout::kEventSlots ||
      h.cluster_length > layout::kMaxCluster || h.boot_id[sizeof h.boot_id - 1] != '\0')
    return {Cause::kForeignLayout, 0, where, "the sizes in its header are not this library's"};
  const std::string boot = os::boot_id();
  if (!boot.empty() && h.boot_id[0] != '\0' && boot != h.boot_id) {
    *stale_boot = made_before_boot(h.created_realtime_ns, os::realtime_ns(), os::uptime_ns());
    if (*stale_boot) return {Cause::kForeignClock, 0, where, other_boot(h, boot)};
    return {Cause::kForeignKernel, 0, where, other_boot(h, boot) + ", which began before that"};
  }
  const std::uint64_t space = os::time_namespace();
  if (space != 0 && h.time_namespace != 0 && space != h.time_namespace)
    return {Cause::kForeignClock, 0, where,
            "it was made in time namespace " + std::to_string(h.time_namespace) + ", this process is in " + std::to_string(space)};
  if (!cluster.empty() && cluster != std::string_view(h.cluster, h.cluster_length))
    return {Cause::kForeignCluster, 0, where,
            "it belongs to cluster '" + printable({h.cluster, h.cluster_length}) + "', expected '" +
                cluster + "'"};
  return {};
}

Error attach_segment(const Place& place, SegmentRef& out, bool been_here) {
  os::Fd directory;
  if (Error e = os::open_directory(place.directory, directory)) return e;
  // Whoever removes or publishes under the name just now may not have the processor: without a pause all rounds would pass meanwhile.
  // A few rounds are due to whoever lost the processor itself: the time may be over after its first.
  os::Backoff pause(os::steady_now() + kRoundsBound);
  int round = 0;
  int made_room = 0;
  do {
    SegmentRef found;
    Error e;
    bool again = false;
    out = SegmentRef{};
    switch (open_existing(place, directory.get(), been_here, found, e)) {
      case Found::kSegment:
        out = std::move(found);
        break;
      case Found::kNothing:
        e = make_segment(place, directory.get(), kNothingBefore, out, again);
        break;
      case Found::kGivenUp:
        e = succeed(place, directory.get(), found.fd.get(), out, again);
        break;
      case Found::kOnTheMove:
        again = true;
        break;
      case Found::kRefused:
        break;
    }
    out.made_room = made_room += out.made_room;
    if (again) continue;
    return e ? e : part_from_mapping(place, directory.get(), out);
  } while (pause.wait() || ++round < kLeastRounds);
  return {Cause::kRetired, 0, place.path(), "it was removed again and again while being opened"};
}

Error replace_segment(const Place& place, int ruin, SegmentRef& out, bool& again) {
  os::Fd directory;
  if (Error e = os::open_directory(place.directory, directory)) return e;
  out = SegmentRef{};
  if (Error e = succeed(place, directory.get(), ruin, out, again)) return e;
  return again ? Error{} : part_from_mapping(place, directory.get(), out);
}

}  // namespace e6::core
