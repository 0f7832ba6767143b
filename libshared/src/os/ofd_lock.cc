#include "os/ofd_lock.h"

#include <fcntl.h>

#include <cerrno>

namespace e6::os {
namespace {

constexpr off_t kAll = 0;  // as a length

struct flock bytes(short type, off_t first, off_t length) noexcept {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = first;
  lock.l_len = length;
  return lock;
}

Locked try_lock(int fd, off_t first, off_t length) noexcept {
  struct flock lock = bytes(F_WRLCK, first, length);
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return Locked::kYes;
  return errno == EAGAIN || errno == EACCES ? Locked::kNo : Locked::kUnknown;
}

Locked held_by_other(int fd, off_t first, off_t length) noexcept {
  struct flock lock = bytes(F_WRLCK, first, length);
  if (::fcntl(fd, F_OFD_GETLK, &lock) != 0) return Locked::kUnknown;
  return lock.l_type == F_UNLCK ? Locked::kNo : Locked::kYes;
}

}  // namespace

Locked try_lock_byte(int fd, off_t byte) noexcept { return try_lock(fd, byte, 1); }
Locked try_lock_all_bytes(int fd) noexcept { return try_lock(fd, 0, kAll); }

void unlock_byte(int fd, off_t byte) noexcept {
  struct flock lock = bytes(F_UNLCK, byte, 1);
  (void)::fcntl(fd, F_OFD_SETLK, &lock);
}

Locked byte_held_by_other(int fd, off_t byte) noexcept { return held_by_other(fd, byte, 1); }
Locked any_byte_held_by_other(int fd) noexcept { return held_by_other(fd, 0, kAll); }

bool any_byte_held(int fd, off_t first, off_t count) noexcept {
  return held_by_other(fd, first, count) == Locked::kYes;
}

}  // namespace e6::os
