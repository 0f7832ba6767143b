#include "os/segment_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "os/above_stdio.h"
#include "os/host_identity.h"
#include "os/ofd_lock.h"

namespace e6::os {
namespace {

std::atomic<bool> tmpfile_disabled{false};

std::string descriptor_path(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

bool same_file(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int open_unnamed(int directory, UnnamedFile& out) {
  if (!tmpfile_disabled.load(std::memory_order_relaxed)) {
    Fd fd =
        above_stdio([&] { return ::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); });
    // without /proc an unnamed file could not be given a name
    if (fd.valid() && ::access(descriptor_path(fd.get()).c_str(), F_OK) == 0) {
      out.fd = std::move(fd);
      return 0;
    }
    if (!fd.valid() && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) return errno;
  }
  out.temporary_name = kTemporaryPrefix + std::to_string(random_bits());
  const char* name = out.temporary_name.c_str();
  const int flags = O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  out.fd = above_stdio([&] { return ::openat(directory, name, flags, 0600); });
  if (!out.fd.valid()) return errno;
  // held by the creator for as long as it lives: others tell litter from work by it
  (void)try_lock_byte(out.fd.get(), kRetireByte);
  return 0;
}

/// Returns an errno. A signal interrupts the call; a process that is flooded with them still gets through.
int reserve(int fd, std::size_t size) noexcept {
  int e = EINTR;
  for (int attempt = 0; attempt < 100 && e == EINTR; ++attempt) e = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
  return e;
}

}  // namespace

Cause cause_of(int sys_errno) noexcept {
  switch (sys_errno) {
    case 0:
      return Cause::kOk;
    case ENOENT:
    case ENOTDIR:
      return Cause::kNoDirectory;
    case EACCES:
    case EPERM:
      return Cause::kNoPermission;
    case EROFS:
      return Cause::kReadOnly;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM:
      return Cause::kNoSpace;
    case EMFILE:
    case ENFILE:
      return Cause::kNoDescriptors;
    case ELOOP:
    case EISDIR:
    case ENXIO:
      return Cause::kNotASegment;
    default:
      return Cause::kSystem;
  }
}

Error system_error(int sys_errno, const std::string& where, const std::string& what) {
  return {cause_of(sys_errno), sys_errno, where, what};
}

std::string plain_path(const std::string& path) {
  std::string plain = path.starts_with('/') ? "/" : "";
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view name(path.data() + at, end - at);
    at = end + 1;
    if (name.empty() || name == ".") continue;
    if (!plain.empty() && plain.back() != '/') plain += '/';
    plain += name;
  }
  return plain.empty() ? "." : plain;
}

Error open_directory(const std::string& path, Fd& out) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) return system_error(errno, path, "");
  const std::string given = plain_path(path);
  if ((given + "/").find("/../") != std::string::npos)
    return {Cause::kNoDirectory, 0, path, std::string("contains '..'; give ") + resolved};
  if (given != resolved)
    return {Cause::kNoDirectory, ELOOP, path, std::string("leads through a symbolic link to ") + resolved + "; give that path"};
  out = above_stdio(
      [&] { return ::open(resolved, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); });
  return out.valid() ? Error{} : system_error(errno, path, "open");
}

void disable_tmpfile_for_test(bool disabled) noexcept { tmpfile_disabled.store(disabled, std::memory_order_relaxed); }

Error create_unnamed(int directory, const std::string& where, mode_t mode, const gid_t* group, std::size_t size, UnnamedFile& out) {
  struct rlimit largest;
  if (::getrlimit(RLIMIT_FSIZE, &largest) == 0 && largest.rlim_cur < size)  // reserving would end in SIGXFSZ
    return {Cause::kNoSpace, EFBIG, where,
            "this process may write files of " + std::to_string(largest.rlim_cur) + " bytes (ulimit -f), a segment has " +
                std::to_string(size)};
  if (const int e = open_unnamed(directory, out)) return system_error(e, where, "create");
  int e = reserve(out.fd.get(), size);
  std::string what = "reserve " + std::to_string(size) + " bytes";
  if (e == 0 && group != nullptr && ::fchown(out.fd.get(), static_cast<uid_t>(-1), *group) != 0) {
    e = errno;
    what = "set the group " + std::to_string(*group) + ", of which this process must be a member";
  }
  if (e == 0 && ::fchmod(out.fd.get(), mode) != 0) {
    e = errno;
    what = "set the mode";
  }
  if (e == 0) return {};
  if (!out.temporary_name.empty()) (void)::unlinkat(directory, out.temporary_name.c_str(), 0);
  out.fd.reset();
  return system_error(e, where, what);
}

int link_unnamed(int fd, int directory, const std::string& name) {
  return ::linkat(AT_FDCWD, descriptor_path(fd).c_str(), directory, name.c_str(), AT_SYMLINK_FOLLOW);
}

Published publish(int directory, UnnamedFile& file, const std::string& name, int& sys_errno) {
  int result = 0;
  if (file.temporary_name.empty()) {
    result = link_unnamed(file.fd.get(), directory, name);
    sys_errno = result == 0 ? 0 : errno;
  } else {
    const char* temporary = file.temporary_name.c_str();
    result = ::renameat2(directory, temporary, directory, name.c_str(), RENAME_NOREPLACE);
    if (result != 0 && errno == EINVAL) result = ::linkat(directory, temporary, directory, name.c_str(), 0);
    sys_errno = result == 0 ? 0 : errno;
    (void)::unlinkat(directory, temporary, 0);
    unlock_byte(file.fd.get(), kRetireByte);  // from here on the byte is the segment's
  }
  if (result == 0) return Published::kYes;
  return sys_errno == EEXIST ? Published::kLostRace : Published::kFailed;
}

int open_named(int directory, const std::string& name, bool writable, Fd& out) {
  const int flags = (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  out = above_stdio([&] { return ::openat(directory, name.c_str(), flags); });
  return out.valid() ? 0 : errno;
}

int reopen(int directory, const std::string& name, int fd, bool writable, Fd& out) {
  const int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const std::string path = descriptor_path(fd);
  out = above_stdio([&] { return ::open(path.c_str(), flags); });
  if (out.valid()) return 0;
  const int first = errno;
  struct stat before;
  struct stat after;
  if (open_named(directory, name, writable, out) != 0) return first;
  if (::fstat(fd, &before) == 0 && ::fstat(out.get(), &after) == 0 && same_file(before, after)) return 0;
  out.reset();
  return first;
}

}  // namespace e6::os
