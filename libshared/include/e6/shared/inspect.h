// Looking into segments without taking part: read-only descriptors, read-only mappings, every length and index checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "e6/shared/coordinator.h"
#include "e6/shared/error.h"
#include "e6/shared/observer.h"
#include "e6/shared/strategy.h"

namespace e6::inspect {

enum class Alive : std::uint8_t { kAlive, kDead, kUnknown };  ///< unknown in a saved copy

/// A process in the participant table.
struct Participant {
  std::uint32_t slot = 0;
  std::uint32_t pid = 0;  ///< in its own PID namespace
  Alive alive = Alive::kUnknown;
  std::uint64_t incarnation = 0;
  std::uint64_t joined_realtime_ns = 0;
  std::string program;  ///< the first 15 bytes of its name, unprintable bytes replaced
  std::uint32_t in_flight = 0;
  std::vector<std::uint64_t> counters;  ///< by e6::Counter
};

/// A pinned query.
struct PinnedQuery {
  std::uint32_t slot = 0;  ///< of the participant that owns it
  std::string query_id;    ///< empty before bind
  std::string engine_address;
  Strategy strategy = Strategy::kNone;
  Epoch epoch;
  std::uint64_t age_ms = 0;  ///< since it began; 0 in a saved copy
};

/// Who holds a lease.
struct LeaseInfo {
  bool held = false;
  std::uint32_t slot = 0;  ///< of the holder; participants.size() or more when it has none
  std::uint32_t pid = 0;
  std::uint64_t fence = 0;
  std::int64_t remaining_ms = 0;
};

/// Everything in a segment at about one moment.
struct Report {
  std::string path;
  bool live = false;        ///< looked at in place; false for a saved copy
  bool retired = false;
  bool linked = true;       ///< its name still leads to it
  std::vector<Error> problems;  ///< what is wrong, the worst first; empty when all is fine
  bool readable = false;        ///< the header made sense; everything below is filled only then

  std::uint32_t layout_version = 0;
  std::string cluster;
  std::uint64_t size = 0;
  std::uint32_t uid = 0;
  std::uint32_t mode = 0;
  std::uint32_t creator_pid = 0;
  std::uint64_t created_realtime_ns = 0;
  std::string boot_id;
  bool stale_boot = false;  ///< survived a reboot
  bool foreign_kernel = false;  ///< made by another kernel while this one was running

  State state = State::kNoStrategy;
  Snapshot snapshot;
  std::uint64_t hot_word = 0;
  std::uint64_t pending_since_ms = 0;  ///< age of the pending colour
  LeaseInfo detection;
  LeaseInfo resume;
  std::vector<Participant> participants;
  std::uint32_t participant_capacity = 0;
  std::vector<PinnedQuery> pins;
  std::uint32_t pin_capacity = 0;
  std::vector<std::uint64_t> totals;  ///< by e6::Counter: the living plus the dead
  std::vector<Event> events;          ///< oldest first
  std::uint64_t events_written = 0;   ///< since creation; more than events.size() once the ring has wrapped
};

/// Looks at one segment or saved copy. Never fails: what is wrong stands in `problems`.
[[nodiscard]] Report look(const std::string& path);

/// The path that `cluster` has under `directory` for user `uid` in this library's layout.
[[nodiscard]] std::string path_of(const std::string& cluster, const std::string& directory, std::uint32_t uid);

/// A file in the directory that has a segment's name.
struct Listed {
  std::string path;
  std::uint32_t layout_version = 0;
  std::uint32_t uid = 0;
  bool own_layout = false;  ///< this library can look into it
};
/// Segments by name under `directory`, sorted; of this user only unless `all_users`. `error` says why it is empty.
[[nodiscard]] std::vector<Listed> list(const std::string& directory, bool all_users, Error* error);

/// Removes the file of a segment that no process uses, of any layout. Nobody can begin to use it
/// meanwhile. Ok; kUnknown: there is none, or another one has taken its place; kBusy: a process
/// uses it; else why the system refuses. The name must be a segment's (list): nothing else is
/// checked.
[[nodiscard]] Error remove_unused(const std::string& path);

}  // namespace e6::inspect
