#include "e6/shared/inspect.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>

#include "core/event_ring.h"
#include "core/pins.h"
#include "core/segment.h"
#include "core/segment_removal.h"
#include "core/totals.h"
#include "layout/hot_word.h"
#include "layout/lease_word.h"
#include "os/above_stdio.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/host_identity.h"
#include "os/ofd_lock.h"
#include "os/segment_file.h"

namespace e6::inspect {
namespace {

using layout::kParticipants;
constexpr auto relaxed = std::memory_order_relaxed;

constexpr Strategy colour(std::uint64_t bits) noexcept {
  return bits == 1 ? Strategy::kBlue : bits == 2 ? Strategy::kGreen : Strategy::kNone;
}

// The bytes of a segment as they were a moment ago. Looking at a copy means that nothing can be cut off or replaced under our hands.
using Copy = std::unique_ptr<layout::Segment, void (*)(layout::Segment*)>;

Copy make_copy() {
  void* bytes = ::operator new(sizeof(layout::Segment), std::align_val_t{alignof(layout::Segment)});
  return {static_cast<layout::Segment*>(bytes),
          [](layout::Segment* s) { ::operator delete(static_cast<void*>(s), std::align_val_t{alignof(layout::Segment)}); }};
}

/// Reads as much of the file's `size` bytes from `offset` on as there is.
std::size_t read_all(int fd, void* into, std::size_t size, std::size_t offset, int& sys_errno) {
  std::size_t got = 0;
  sys_errno = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd, static_cast<char*>(into) + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) sys_errno = errno;
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

/// Reads an array of the segment again; empty when it is no longer there in full.
template <typename T>
std::vector<std::uint64_t> read_again(int fd, std::size_t offset, std::size_t count) {
  std::vector<std::uint64_t> words(count * sizeof(T) / sizeof(std::uint64_t));
  int ignored = 0;
  if (read_all(fd, words.data(), count * sizeof(T), offset, ignored) < count * sizeof(T)) words.clear();
  return words;
}

/// A copy is not taken in one instant. Reads the words again that validate what stands beside or behind them, and drops what changed meanwhile.
void drop_torn(int fd, layout::Segment& first) {
  const auto events = read_again<layout::EventSlot>(fd, offsetof(layout::Segment, events), layout::kEventSlots);
  const auto groups = read_again<layout::PinGroup>(fd, offsetof(layout::Segment, pin_groups), layout::kPinGroups);
  if (events.empty() || groups.empty()) return;
  constexpr std::size_t claim = offsetof(layout::EventSlot, claim) / 8;
  constexpr std::size_t states = offsetof(layout::PinGroup, states) / 8;
  for (std::size_t i = 0; i < layout::kEventSlots; ++i)
    if (first.events[i].claim.load(relaxed) != events[i * sizeof(layout::EventSlot) / 8 + claim]) first.events[i].claim.store(0, relaxed);
  for (std::size_t group = 0; group < layout::kPinGroups; ++group)
    for (std::size_t i = 0; i < layout::kPinsPerGroup; ++i) {
      layout::Word& state = first.pin_groups[group].states[i];
      if (state.load(relaxed) != groups[group * sizeof(layout::PinGroup) / 8 + states + i]) state.store(0, relaxed);
    }
}

std::string printable(const char* bytes, std::size_t size) {
  std::string text(bytes, ::strnlen(bytes, size));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return text;
}

void read_hot_word(Report& r, std::uint64_t word, std::uint64_t now_ms) {
  const layout::HotWord w = layout::unpack(word);
  r.hot_word = word;
  r.retired = layout::retired(word);
  if (r.retired) return;
  const std::uint32_t left = layout::units_left(w.expiry, layout::expiry_unit(now_ms));
  Snapshot& s = r.snapshot;
  s.active = colour(w.active);
  s.pending = colour(w.pending);
  s.epoch = {w.epoch, w.pending_epoch};
  s.usable = s.active != Strategy::kNone && left != 0;
  s.both_refused = w.active == 0 && w.refused == 3 && left != 0;
  s.remaining_ms = s.usable || s.both_refused ? left * static_cast<std::uint32_t>(layout::kExpiryUnitMs) : 0;
  if (w.pending == 3 || (w.pending != 0 && w.pending == w.active))
    r.problems.push_back({Cause::kDamaged, 0, r.path, "its hot word has an impossible pending colour"});
}

LeaseInfo read_lease(const layout::Lease& lease, const layout::Segment& s, std::uint64_t now_ms) {
  const layout::LeaseWord w = layout::unpack_lease(lease.word.load(relaxed));
  LeaseInfo info;
  info.held = w.holder != 0;
  info.fence = w.fence;
  info.slot = w.holder == 0 || w.holder == layout::kLeaseGuest ? kParticipants : w.holder - 1;
  if (info.slot < kParticipants) info.pid = s.participants[info.slot].pid.load(relaxed);
  if (info.held) info.remaining_ms = static_cast<std::int64_t>(layout::lease_ms_left(w.deadline, now_ms));
  return info;
}

State state_of(const Report& r) {
  const Snapshot& s = r.snapshot;
  if (s.usable && s.pending != Strategy::kNone) return State::kTransitioning;
  if (s.usable) return s.active == Strategy::kBlue ? State::kBlue : State::kGreen;
  if (r.detection.held) return State::kDetecting;
  return s.both_refused ? State::kError : State::kNoStrategy;
}

Alive alive(int fd, bool live, std::uint32_t slot) {
  if (!live) return Alive::kUnknown;
  switch (os::byte_held_by_other(fd, os::kFirstSlotByte + slot)) {
    case os::Locked::kYes:
      return Alive::kAlive;
    case os::Locked::kNo:
      return Alive::kDead;
    case os::Locked::kUnknown:
      break;
  }
  return Alive::kUnknown;
}

void read_participants(Report& r, const layout::Segment& s, int fd) {
  r.participant_capacity = kParticipants;
  for (std::uint32_t slot = 0; slot < kParticipants; ++slot) {
    const layout::Participant& p = s.participants[slot];
    const std::uint64_t tag = p.tag.load(relaxed);
    if (tag == 0) continue;
    Participant out;
    out.slot = slot;
    out.pid = p.pid.load(relaxed);
    out.alive = alive(fd, r.live, slot);
    out.incarnation = layout::incarnation_of(tag);
    out.joined_realtime_ns = p.joined_realtime_ns.load(relaxed);
    char name[16];
    const std::uint64_t words[2] = {p.program[0].load(relaxed), p.program[1].load(relaxed)};
    std::memcpy(name, words, sizeof name);
    out.program = printable(name, sizeof name);
    out.in_flight = p.unpinned.load(relaxed);
    for (const layout::Word& counter : p.counters) out.counters.push_back(counter.load(relaxed));
    out.counters.resize(static_cast<std::size_t>(Counter::kCount));
    r.participants.push_back(std::move(out));
    if (layout::phase_of(tag) > static_cast<std::uint64_t>(layout::Phase::kReaping))
      r.problems.push_back({Cause::kDamaged, 0, r.path, "participant " + std::to_string(slot) + " is in an impossible phase"});
  }
}

void read_pins(Report& r, const layout::Segment& s, std::uint64_t now_ms) {
  r.pin_capacity = layout::kPins;
  for (std::uint32_t group = 0; group < layout::kPinGroups; ++group) {
    const layout::PinGroup& g = s.pin_groups[group];
    const std::uint64_t owner = g.owner.load(relaxed);
    if (owner == 0) continue;
    const std::uint32_t slot = layout::owner_slot(owner);
    for (std::uint32_t i = 0; i < layout::kPinsPerGroup; ++i) {
      const std::uint64_t state = g.states[i].load(relaxed);
      if (!layout::pin_in_flight(state)) continue;
      const layout::PinBody& body = s.pin_bodies[group * layout::kPinsPerGroup + i];
      PinnedQuery q;
      q.slot = slot;
      q.strategy = colour(layout::pin_colour(state));
      if (core::read_pin(body, g.states[i], &q.query_id, &q.engine_address, &q.epoch)) {
        q.query_id = printable(q.query_id.data(), q.query_id.size());
        q.engine_address = printable(q.engine_address.data(), q.engine_address.size());
      }
      const std::uint64_t began = body.began_ms.load(relaxed);
      if (r.live && began != 0 && began <= now_ms) q.age_ms = now_ms - began;
      for (Participant& p : r.participants)
        if (p.slot == slot) ++p.in_flight;
      r.pins.push_back(std::move(q));
    }
  }
}

void read_header(Report& r, const layout::Header& h) {
  r.layout_version = h.layout_version;
  r.cluster = printable(h.cluster, std::min<std::size_t>(h.cluster_length, sizeof h.cluster));
  r.uid = h.uid;
  r.mode = h.mode;
  r.creator_pid = h.creator_pid;
  r.created_realtime_ns = h.created_realtime_ns;
  r.boot_id = printable(h.boot_id, sizeof h.boot_id);
}

void read_body(Report& r, const layout::Segment& s, int fd, std::uint64_t now_ms) {
  read_hot_word(r, s.hot.word.load(relaxed), now_ms);
  const std::uint64_t since = s.pending.since_ms.load(relaxed);
  if (r.snapshot.pending != Strategy::kNone && since != 0 && since <= now_ms) r.pending_since_ms = now_ms - since;
  r.detection = read_lease(s.leases[layout::kDetectionLease], s, now_ms);
  r.resume = read_lease(s.leases[layout::kResumeLease], s, now_ms);
  r.state = state_of(r);
  read_participants(r, s, fd);
  read_pins(r, s, now_ms);
  const auto sums = core::sum_counters(s);
  r.totals.assign(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(Counter::kCount));
  r.events = core::read_events(s, layout::kEventSlots);
  r.events_written = s.event_head.written.load(relaxed);
  if (s.journal.armed.load(relaxed) > kParticipants)
    r.problems.push_back({Cause::kDamaged, 0, r.path, "its journal names an impossible slot"});
}

/// Where the file stands if that is where a segment of its cluster and user (or group) is looked for; else it is a copy of one.
std::optional<core::Place> place_of(const std::string& path, const layout::Header& h) {
  core::Place place;
  place.directory = path.substr(0, path.rfind('/'));
  place.cluster.assign(h.cluster, std::min<std::size_t>(h.cluster_length, sizeof h.cluster));
  place.uid = h.uid;
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name == place.name()) return place;
  place.group = h.gid;
  return name == place.name() ? std::optional(place) : std::nullopt;
}

}  // namespace

std::string path_of(const std::string& cluster, const std::string& directory, std::uint32_t uid) {
  return directory + "/" + core::segment_name(cluster, uid, std::nullopt);
}

Report look(const std::string& path) {
  Report r;
  r.path = path;
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
  const os::Fd fd = os::above_stdio([&] { return ::open(path.c_str(), flags); });
  if (!fd.valid()) {
    Error e = os::system_error(errno, path, "open");
    if (errno == ENOENT) e = {Cause::kUnknown, ENOENT, path, "there is no such segment"};
    r.problems.push_back(std::move(e));
    return r;
  }
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) {
    r.problems.push_back(os::system_error(errno, path, "stat"));
    return r;
  }
  r.size = static_cast<std::uint64_t>(st.st_size);
  r.linked = st.st_nlink != 0;
  if (!S_ISREG(st.st_mode)) {
    r.problems.push_back({Cause::kNotASegment, 0, path, "it is not a regular file"});
    return r;
  }
  const Copy copy = make_copy();
  int sys_errno = 0;
  const std::size_t got = read_all(fd.get(), static_cast<void*>(copy.get()), sizeof(layout::Segment), 0, sys_errno);
  std::memset(reinterpret_cast<char*>(copy.get()) + got, 0, sizeof(layout::Segment) - got);
  if (sys_errno != 0) r.problems.push_back(os::system_error(sys_errno, path, "read"));
  if (got < sizeof(layout::Header)) {
    r.problems.push_back({Cause::kNotASegment, 0, path,
                          "it has " + std::to_string(got) + " bytes, a header has " + std::to_string(sizeof(layout::Header))});
    return r;
  }
  bool stale_boot = false;
  if (Error e = core::check_header(copy->header, path, "", &stale_boot)) {
    r.stale_boot = stale_boot;
    r.foreign_kernel = e.cause == Cause::kForeignKernel;
    const bool foreign_clock = e.cause == Cause::kForeignClock || r.foreign_kernel;
    r.problems.push_back(std::move(e));
    // a damaged header's words are worth showing, but nothing behind them
    if (std::memcmp(copy->header.magic, layout::kMagic, sizeof layout::kMagic) == 0) read_header(r, copy->header);
    if (!foreign_clock) return r;
  } else {
    read_header(r, copy->header);
  }
  if (r.size != sizeof(layout::Segment))
    r.problems.push_back({Cause::kDamaged, 0, path,
                          "it has " + std::to_string(r.size) + " bytes, expected " + std::to_string(sizeof(layout::Segment))});
  const auto place = place_of(path, copy->header);
  r.live = !stale_boot && !r.foreign_kernel && place.has_value();
  // what every process that attaches refuses
  if (r.live)
    if (Error e = core::check_file(st, *place)) r.problems.push_back(std::move(e));
  r.readable = true;
  if (r.live) drop_torn(fd.get(), *copy);
  read_body(r, *copy, fd.get(), os::monotonic_ms());
  if (r.retired) r.problems.push_back({Cause::kRetired, 0, path, "its users have moved on"});
  return r;
}

Error remove_unused(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
  const os::Fd opened =
      os::above_stdio([&] { return ::open(directory.empty() ? "." : directory.c_str(), flags); });
  if (!opened.valid()) return os::system_error(errno, path, "open");
  return core::remove_unused(opened.get(), path, core::When::kUnlocked);
}

std::vector<Listed> list(const std::string& given, bool all_users, Error* error) {
  const std::string directory = os::plain_path(given);
  std::vector<Listed> found;
  if (error != nullptr) *error = {};
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
  os::Fd opened = os::above_stdio([&] { return ::open(directory.c_str(), flags); });
  DIR* listing = opened.valid() ? ::fdopendir(opened.get()) : nullptr;
  if (listing == nullptr) {
    if (error != nullptr) *error = os::system_error(errno, directory, "open");
    return found;
  }
  (void)opened.release();  // the listing closes it
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (!name.starts_with(core::kNamePrefix)) continue;
    Listed l;
    l.path = directory + "/" + name;
    const char* at = name.data() + std::strlen(core::kNamePrefix);
    const char* end = name.data() + name.size();
    const auto [after, problem] = std::from_chars(at, end, l.layout_version);
    if (problem != std::errc() || after == end || *after != '-') continue;
    struct stat st;
    if (::lstat(l.path.c_str(), &st) != 0) continue;
    l.uid = st.st_uid;
    l.own_layout = l.layout_version == layout::kLayoutVersion;
    if (all_users || l.uid == ::geteuid()) found.push_back(std::move(l));
  }
  ::closedir(listing);
  std::sort(found.begin(), found.end(), [](const Listed& a, const Listed& b) { return a.path < b.path; });
  return found;
}

}  // namespace e6::inspect
