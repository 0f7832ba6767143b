// Making a segment, finding one, and moving from one to another.
#include <fcntl.h>
#include <linux/futex.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>

#include "core/segment.h"
#include "core/segment_removal.h"
#include "layout/hot_word.h"
#include "operation.h"

namespace e6::crash {
namespace {

void attach(Actor& a) { a.attach(); }
void attach_anew(Actor& a) { a.coordinator = Coordinator::attach(a.options).coordinator; }

void unlink_name(Actor& a) {
  ::unlink(a.coordinator->path().c_str());
  a.make_check_due();
}
void begin(Actor& a) {
  if (auto t = a.coordinator->begin_query()) a.ticket = std::move(*t);
}

// What pthread_mutex_unlock leaves behind when the owner died and nobody made the mutex consistent.
void break_lock(layout::Segment& s) { s.lock.mutex.__data.__owner = 0x7ffffffe; }
void break_journal(layout::Segment& s) {
  s.journal.armed.store(layout::kParticipants + 7);
  s.lock.mutex.__data.__lock = static_cast<int>(FUTEX_OWNER_DIED);
}
void age_by_a_boot(layout::Segment& s) {
  s.header.boot_id[0] = s.header.boot_id[0] == '0' ? '1' : '0';
  s.header.created_realtime_ns = 1;  // else it would be another kernel's
  s.header.checksum = core::header_checksum(s.header);
}
void leave_an_unused_one(Actor& a) {
  Options other = a.options;
  other.cluster = kUnusedCluster;
  auto c = Coordinator::attach(other).coordinator;
  c->set(Strategy::kBlue);
  const std::string path = c->path();
  c.reset();
  const std::uint64_t word = layout::kRetiredWord;  // unused for long at once
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  (void)!::pwrite(fd, &word, sizeof word, offsetof(layout::Segment, hot));
  ::close(fd);
}
void make_room_and_attach(Actor& a) {
  const int directory = ::open(a.options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  core::Room room(directory, a.options.directory);
  while (room.make_more()) {
  }
  if (room.removed() != 1) ::abort();
  a.attach();
}
void mark_retired(layout::Segment& s) { s.hot.word.store(layout::kRetiredWord); }

constexpr Operation kOperations[] = {
    {.name = "create-publish", .special = kFromNothing | kUnattached | kRepresentative, .run = attach},
    {.name = "make-room",
     .special = kFromNothing | kUnattached | kMakesRoom,
     .prepare = leave_an_unused_one,
     .run = make_room_and_attach},
    {.name = "attach-join", .special = kUnattached | kRepresentative, .neighbour = knows_blue, .run = attach},
    {.name = "retire-unlinked", .special = kMoves | kRepresentative, .neighbour = knows_blue, .prepare = unlink_name, .run = begin},
    {.name = "retire-broken", .special = kMoves | kUnattached | kBrokenLock, .neighbour = knows_blue, .arrange = break_lock, .run = attach_anew},
    {.name = "retire-carries-pending", .special = kMoves, .neighbour = knows_blue_then_green, .prepare = unlink_name, .run = begin},
    {.name = "repair-impossible", .special = kMoves | kUnattached | kBrokenLock | kOwnerDied, .neighbour = knows_blue, .arrange = break_journal,
     .run = attach_anew},
    {.name = "replace-stale-boot", .special = kMoves | kUnattached | kBrokenLock, .neighbour = knows_blue, .arrange = age_by_a_boot,
     .run = attach_anew},
    {.name = "move-retired", .special = kMoves, .neighbour = knows_blue, .arrange = mark_retired, .run = begin},
};

}  // namespace

std::span<const Operation> file_operations() { return kOperations; }

}  // namespace e6::crash
