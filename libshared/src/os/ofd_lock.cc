#include "os/ofd_lock.h"

#include <fcntl.h>

#include <cerrno>

namespace e6::os {
namespace {

struct flock one_byte(short type, off_t byte) noexcept {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

}  // namespace

Locked try_lock_byte(int fd, off_t byte) noexcept {
  struct flock lock = one_byte(F_WRLCK, byte);
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return Locked::kYes;
  return errno == EAGAIN || errno == EACCES ? Locked::kNo : Locked::kUnknown;
}

void unlock_byte(int fd, off_t byte) noexcept {
  struct flock lock = one_byte(F_UNLCK, byte);
  (void)::fcntl(fd, F_OFD_SETLK, &lock);
}

Locked byte_held_by_other(int fd, off_t byte) noexcept {
  struct flock lock = one_byte(F_WRLCK, byte);
  if (::fcntl(fd, F_OFD_GETLK, &lock) != 0) return Locked::kUnknown;
  return lock.l_type == F_UNLCK ? Locked::kNo : Locked::kYes;
}

bool any_byte_held(int fd, off_t first, off_t count) noexcept {
  struct flock lock = one_byte(F_WRLCK, first);
  lock.l_len = count;
  return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace e6::os
