// Descriptors above 2. Whatever libshared opens comes from above_stdio().
//
// open() and its like give the lowest free number. In a process that has closed 0, 1 or 2, that is
// the number to which its next log line goes, and the line would overwrite the segment.
#pragma once

#include "os/fd.h"

namespace e6::os {

/// Keeps the free ones of 0, 1 and 2 from being given out while it lives. It puts a descriptor
/// there (O_PATH) on which every read and write fails with EBADF, as on a closed one. Costs three
/// system calls where none is free.
///
/// Notes: not to be nested in one thread. Where another thread stays inside for 200 ms (its open
/// hangs), it is not waited for any longer, and this one's descriptor may get a low number for the
/// moment until above_stdio() moves it.
class StdioReservation {
 public:
  StdioReservation() noexcept;
  ~StdioReservation();
  StdioReservation(const StdioReservation&) = delete;
  StdioReservation& operator=(const StdioReservation&) = delete;

 private:
  bool needed_ = false;
  bool alone_ = false;
  unsigned held_ = 0;  // bit n: descriptor n
};

/// The same open file description under a number above 2. Invalid, with errno, when there is no
/// such number, or `fd` is negative.
Fd moved_above_stdio(int fd) noexcept;

/// What `open` opens (it returns a descriptor, or -1 and sets errno), at no moment below 3. Thread-
/// and fork-safe.
template <typename Open>
Fd above_stdio(const Open& open) noexcept {
  const StdioReservation reservation;
  return moved_above_stdio(open());
}

}  // namespace e6::os
