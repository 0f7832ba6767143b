// What can go wrong with a segment, by cause: every value is something a person can act on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace e6 {

enum class Cause : std::uint8_t {
  kOk = 0,
  kBadOption,         ///< an option or environment variable is malformed or out of range
  kNoDirectory,       ///< the segment directory does not exist
  kNoPermission,      ///< the system refused access
  kReadOnly,          ///< the directory's file system is read-only
  kNoSpace,           ///< the file system cannot hold the segment
  kNoDescriptors,     ///< the process or the system has no file descriptor left
  kNotASegment,       ///< a file of that name is no segment (wrong kind of file, size or magic)
  kForeignOwner,      ///< it belongs to another user
  kForeignMode,       ///< its permissions are wider than allowed, or its group is another
  kForeignLayout,     ///< another layout version stands under this version's name
  kForeignLibc,       ///< made by a C library whose mutex has another shape
  kForeignClock,      ///< made in another time namespace, or before the last boot
  kForeignCluster,    ///< the name is right and the cluster in it is another (hash collision)
  kDamaged,           ///< checksum or structure wrong
  kRetired,           ///< it was retired and its name could not be taken over
  kBusy,              ///< the host-wide lock was not to be had within its bound
  kFull,              ///< no free slot or entry
  kTooLong,           ///< a text does not fit its place
  kUnknown,           ///< no such query
  kForked,            ///< a handle from before a fork was used in the child
  kTimeout,           ///< the caller's deadline passed
  kSystem,            ///< anything else; see the errno
  kForeignKernel,     ///< another kernel made it while this one was running
};

/// "no-space", "foreign-owner", ...; for logs, metrics and `--json`.
[[nodiscard]] std::string_view to_string(Cause cause) noexcept;

/// An error as a value. `sentence()` is the one place where it becomes words.
struct Error {
  Cause cause = Cause::kOk;
  int sys_errno = 0;    ///< errno of the call that failed; 0 if none did
  std::string where;    ///< the file, variable or option it is about
  std::string detail;   ///< found and expected values

  [[nodiscard]] bool ok() const noexcept { return cause == Cause::kOk; }
  explicit operator bool() const noexcept { return !ok(); }

  /// One sentence for the operator: the thing, what is wrong with it, and what to do.
  [[nodiscard]] std::string sentence() const;
};

}  // namespace e6
