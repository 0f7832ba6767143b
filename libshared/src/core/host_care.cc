// What a process looks after once a second: is its descriptor still its own, its segment whole, its name in place; has it a slot; who died?
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "core/commit.h"
#include "core/host.h"
#include "core/participants.h"
#include "os/clock.h"
#include "os/segment_file.h"
#include "os/sigbus_guard.h"

namespace e6::core {
namespace {

using layout::Change;
using layout::StrategyEvent;

constexpr int kKeptSegments = 4;  // left ones on which queries may still be in flight

bool header_intact(int fd) noexcept {
  layout::Header h;
  return ::pread(fd, &h, sizeof h, 0) == static_cast<ssize_t>(sizeof h) && std::memcmp(h.magic, layout::kMagic, sizeof h.magic) == 0 &&
         h.checksum == header_checksum(h);
}

/// The hot word in the file, past the mapping; 0 when that part is gone.
std::uint64_t word_in_file(int fd) noexcept {
  std::uint64_t word = 0;
  const bool whole = ::pread(fd, &word, sizeof word, offsetof(layout::Segment, hot)) == static_cast<ssize_t>(sizeof word);
  return whole ? word : 0;
}

}  // namespace

[[gnu::hot]] void Host::look_after(Attachment* a, std::uint64_t now_ms) noexcept {
  std::uint64_t due = a->next_check_ms.load(std::memory_order_relaxed);
  if (now_ms < due) [[likely]]
    return;
  if (!a->next_check_ms.compare_exchange_strong(due, now_ms + kLookMs, std::memory_order_relaxed)) return;
  if (!a->shared()) {
    if (options_.share) (void)settle(a, 0);
    return;
  }
  if (!a->descriptor_intact()) {  // somebody closed or replaced our descriptor: our locks went with it
    a->give_back_descriptor();
    (void)settle(a, 0);
    return;
  }
  struct stat st;
  const bool seen = ::fstat(a->fd.get(), &st) == 0;
  if (seen && (st.st_size != static_cast<off_t>(sizeof(layout::Segment)) || !header_intact(a->fd.get()))) {
    // its bytes may be gone at any moment: nothing is read or written through the mapping any more
    const std::uint64_t known = word_in_file(a->fd.get());
    if (os::replace_mapping(a->segment, kRetiredStandIn)) (void)settle(a, known);
    return;
  }
  if (seen && st.st_nlink == 0) {
    const std::uint64_t known = a->segment->hot.word.load(std::memory_order_acquire);
    Attachment* fresh = settle(a, known);
    // only now: whoever sees the mark finds the new one already there, with what was known
    if (fresh != a && fresh->shared() && retire(*a, EventCause::kUnlinked)) (void)record_replaced(*fresh, EventCause::kUnlinked);
    return;
  }
  bool broken = false;
  if (!a->has_slot()) {
    if (!moving_.try_lock()) return;
    Error not_yet;
    if (!a->has_slot() && !(not_yet = join(*a))) notify_restored();
    moving_.unlock();
    broken = not_yet.cause == Cause::kRetired;
    if (not_yet && !broken) return;  // a call waits for the lock once
  }
  if (!broken) {
    // one process of the host looks for the dead, once per second
    layout::Word& reaped = a->segment->lock.reaped_ms;
    std::uint64_t last = reaped.load(std::memory_order_relaxed);
    if (now_ms - last < kLookMs || !reaped.compare_exchange_strong(last, now_ms, std::memory_order_relaxed)) return;
    const Reaped dead = reap_dead(*a);
    if (dead.queries) apply_if_due_at_end({a, nullptr}, now_ms);
    broken = dead.broken;
  }
  // A segment on which this process became a guest for want of a lock that can be repaired is the last of several: it is not given up as well, and tried again
  // at every look.
  if (broken && a->degraded.cause != Cause::kRetired) {
    const std::uint64_t known = a->segment->hot.word.load(std::memory_order_acquire);
    const bool by_us = retire(*a, EventCause::kOwnerDied);
    const Attachment* fresh = settle(a, known);
    if (by_us && fresh != a && fresh->shared()) (void)record_replaced(*fresh, EventCause::kOwnerDied);
  }
}

// Crash: after the swap everybody moves on; whoever attaches to the name finds the mark and puts a new segment there.
// True: by this process, which is to say so in the new segment as well.
bool Host::retire(Attachment& a, EventCause cause) noexcept {
  StrategyEvent e;
  e.change = Change::kRetire;
  if (!swap_in(a.segment->hot.word, e).changed()) return false;
  Event gone;
  gone.kind = EventKind::kRetired;
  gone.cause = cause;
  notify(record(a, gone));
  return true;
}

// The old ring is out of sight: the new one says why there is a new one, and that its counters begin again. Crash: it does not say so.
Event Host::record_replaced(const Attachment& fresh, EventCause cause) noexcept {
  Event e;
  e.kind = EventKind::kRetired;
  e.cause = cause;
  return record(fresh, e);
}

// Crash: the new ring does not say that there was no room.
Event Host::record_made_room(const Attachment& fresh) noexcept {
  Event e;
  e.kind = EventKind::kMadeRoom;
  return record(fresh, e);
}

// Every move leaves a mapping that holds the old file's memory, and a descriptor. Queries of this
// process may still run on the latest of them. Those before go, and so do a parent's: its queries
// are not this process's. Their addresses stay good: a stand-in takes their place.
void Host::let_go_of_old(const Attachment& newest) noexcept {
  const std::uint64_t self = os::process_generation();
  const auto left_or_inherited = [self](const Attachment& a) {
    return a.process.load(std::memory_order_relaxed) != self;
  };
  const auto let_go = [&](const Attachment& a) {
    if (!os::mapping_replaced(a.segment)) (void)os::replace_mapping(a.segment, kRetiredStandIn);
    if (!left_or_inherited(a)) a.give_back_descriptor();  // else it was the parent's
  };
  int kept = 0;
  for (const Attachment* a = newest.previous; a != nullptr; a = a->previous)
    if (a->shared() && a->segment != newest.segment &&
        (left_or_inherited(*a) || ++kept > kKeptSegments))
      let_go(*a);
  for (const Attachment* a = unused_; a != nullptr; a = a->next_unused)
    if (a->shared() && a->segment != newest.segment && left_or_inherited(*a)) let_go(*a);
}

// What stands under the name is no segment any more, but was one when this process attached to it: somebody cut it off or overwrote it. Then a new
// one takes its place. `again`: another process was faster. Returns why there is no segment.
// Crash: as make_segment; whoever was on the ruin comes here too.
Error Host::replace_ruin(const Attachment* previous, Error refused, SegmentRef& out, Succession& state, bool& again) {
  if (refused.cause != Cause::kDamaged && refused.cause != Cause::kNotASegment) return refused;
  os::Fd directory;
  os::Fd fd;
  struct stat st;
  if (os::open_directory(place_.directory, directory) || os::open_named(directory.get(), place_.name(), true, fd) != 0 ||
      ::fstat(fd.get(), &st) != 0)
    return refused;
  const Attachment* a = previous;
  // one that was let go of tells nothing: its inode's number may be another file's by now
  while (a != nullptr && !(a->shared() && a->device == st.st_dev && a->inode == st.st_ino &&
                           (!os::mapping_replaced(a->segment) || a->descriptor_intact())))
    a = a->previous;
  if (a == nullptr) return refused;
  if (state.carried == 0) state.carried = word_in_file(fd.get());
  Error e = replace_segment(place_, fd.get(), out, again);
  if (!e && !again) state.given_up = EventCause::kCutOff;
  return again ? refused : e;
}

}  // namespace e6::core
