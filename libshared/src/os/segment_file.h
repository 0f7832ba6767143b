// Files under the segment directory: opened with distrust, created where nobody can find them, published in one step.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "e6/shared/error.h"
#include "os/fd.h"

namespace e6::os {

/// The cause that an errno of open, mmap or fallocate stands for.
Cause cause_of(int sys_errno) noexcept;
/// An error of `cause_of(sys_errno)` about `where`.
Error system_error(int sys_errno, const std::string& where, const std::string& what);

/// The path without doubled slashes, `/.` and a slash at its end: other words for the same file. It
/// looks at the words only, so that `..` stays: what it leads to depends on links.
std::string plain_path(const std::string& path);

/// Opens the directory; refuses one that is reached through a symbolic link, and a path with `..`.
Error open_directory(const std::string& path, Fd& out);

inline constexpr const char* kTemporaryPrefix = ".e6shm-new-";  ///< of names that no opener looks for

/// A file that has no name yet, or a temporary one.
struct UnnamedFile {
  Fd fd;
  std::string temporary_name;  ///< empty with O_TMPFILE
};

/// Makes a file of `size` zero bytes with every page reserved (ENOSPC here instead of SIGBUS later).
/// Crash: with O_TMPFILE nothing remains; without, a temporary file that the next creator removes.
Error create_unnamed(int directory, const std::string& where, mode_t mode, const gid_t* group, std::size_t size, UnnamedFile& out);

/// For tests: behave as on a file system without O_TMPFILE.
void disable_tmpfile_for_test(bool disabled) noexcept;

/// Gives a file without a name, made with O_TMPFILE, one. Returns 0, or -1 and sets errno.
int link_unnamed(int fd, int directory, const std::string& name);

enum class Published : std::uint8_t { kYes, kLostRace, kFailed };
/// Gives the finished file its name, unless somebody else was first.
/// Crash: the name leads to the whole file or does not exist.
Published publish(int directory, UnnamedFile& file, const std::string& name, int& sys_errno);

/// Opens `name` without following a link and without blocking on a fifo. Returns an errno, 0 when open.
int open_named(int directory, const std::string& name, bool writable, Fd& out);

/// A second open file description of the same file: its locks are its own. Returns an errno, 0 when open.
int reopen(int directory, const std::string& name, int fd, bool writable, Fd& out);

}  // namespace e6::os
