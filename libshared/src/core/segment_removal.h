// Taking away the file of a segment that nobody uses.
//
// A participant of any layout holds a lock on a byte of the file, and takes it under the lock of
// another byte. So a process that holds a lock on all of them knows that there is no participant,
// and that nobody becomes one until it gives the lock back. A process that had opened the file
// before joins it afterwards, sees that the name is gone, and attaches anew
// (Host::make_attachment).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "e6/shared/error.h"

namespace e6::core {

/// For how long a colour must have been expired until its segment counts as unused, and for how
/// long nothing must have happened where none is known: the largest TTL.
inline constexpr std::uint64_t kUnusedAfterMs = 1'800'000;
/// The most that are taken away for one new segment.
inline constexpr int kMostRemoved = 16;

/// For how long the segment of the descriptor has been unused, if it is one of this user and layout
/// under its own name, and has been unused for long enough. Does not look at locks.
std::optional<std::uint64_t> unused_for_ms(int fd, const std::string& name);

enum class When : std::uint8_t { kUnlocked, kLongUnused };
/// Removes the segment `path`, which stands in `directory`, if no process holds a lock on its file;
/// with kLongUnused, only if it has been unused for long. This process's own mappings of it give
/// their memory back. Ok, kUnknown (no such file, or another one took its place), kBusy (in use),
/// or the system's reason.
/// Crash: the name leads to the file or to nothing; the lock ends with the process. No byte of the
/// file is written.
Error remove_unused(int directory, const std::string& path, When when);

/// Makes room in a directory where a segment does not fit.
class Room {
 public:
  /// `directory` leads to `path`; both stay the caller's.
  Room(int directory, const std::string& path) noexcept : directory_(directory), path_(path) {}
  /// Removes the segment of this user that has been unused for longest. False when there is none,
  /// or after kMostRemoved.
  /// Crash: as remove_unused.
  bool make_more();
  [[nodiscard]] int removed() const noexcept { return removed_; }

 private:
  int directory_;
  const std::string& path_;
  bool listed_ = false;
  std::vector<std::string> unused_;  // names; the one unused for longest last
  int removed_ = 0;
};

}  // namespace e6::core
