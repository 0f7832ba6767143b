// Locks on single bytes of a file that belong to the open file description (fcntl(2), F_OFD_SETLK): they end with the last descriptor of it, whoever
// closes others, and mean the same in every PID namespace.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "layout/turn_word.h"

namespace e6::os {

/// Byte offsets far behind the data, so that locks and file size have nothing to do with each other.
inline constexpr off_t kLockByte = off_t{1} << 40;                     ///< the first of the host-wide lock's (layout/turn_word.h)
inline constexpr off_t kRetireByte = kLockByte + layout::kTurnBytes;   ///< the right to replace a segment that was given up; of a file not published yet: its maker lives
inline constexpr off_t kFirstSlotByte = kLockByte + 4096;              ///< life of participant 0, 1, ...
static_assert(kRetireByte < kFirstSlotByte);

enum class Locked : std::uint8_t { kYes, kNo, kUnknown };

/// Takes the byte without waiting. kNo: another description holds it. kUnknown: the call failed (errno says why).
Locked try_lock_byte(int fd, off_t byte) noexcept;
void unlock_byte(int fd, off_t byte) noexcept;
/// Takes every byte, those behind the end of the file too, without waiting. kNo: another
/// description holds one.
Locked try_lock_all_bytes(int fd) noexcept;
/// Does another description hold any byte? Works on a read-only descriptor.
Locked any_byte_held_by_other(int fd) noexcept;
/// Does another description hold the byte? Works on a read-only descriptor. The descriptor's own lock does not count.
Locked byte_held_by_other(int fd, off_t byte) noexcept;
/// Does another description certainly hold one of the `count` bytes from `first` on?
bool any_byte_held(int fd, off_t first, off_t count) noexcept;

}  // namespace e6::os
