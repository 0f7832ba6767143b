#include "os/successor.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "os/above_stdio.h"
#include "os/backoff.h"
#include "os/host_identity.h"
#include "os/ofd_lock.h"

namespace e6::os {
namespace {

std::string bids_for(const std::string& name) { return std::string(kTemporaryPrefix) + "for-" + name + "-"; }

/// In a directory with the sticky bit a bid of another user cannot be removed. It does no harm unless that user may replace everybody's files.
bool harmless(int directory, const struct stat& bid) noexcept {
  struct stat st;
  return bid.st_uid != 0 && ::fstat(directory, &st) == 0 && bid.st_uid != st.st_uid;
}

bool take_away(int directory, const char* bid) noexcept {
  struct stat st;
  if (::unlinkat(directory, bid, 0) == 0 || errno == ENOENT) return true;
  return ::fstatat(directory, bid, &st, AT_SYMLINK_NOFOLLOW) != 0 ? errno == ENOENT : harmless(directory, st);
}

void remove_if_dead(int directory, const char* temporary) {
  Fd fd;
  struct stat st;
  if (open_named(directory, temporary, true, fd) != 0 || ::fstat(fd.get(), &st) != 0 || st.st_uid != ::geteuid()) return;
  // linked already: only the temporary name is left over, whoever holds the lock
  if (st.st_nlink > 1 || try_lock_byte(fd.get(), kRetireByte) == Locked::kYes) (void)::unlinkat(directory, temporary, 0);
}

}  // namespace

bool remove_litter(int directory, const std::string& name, const std::string& own) {
  Fd copy =
      above_stdio([&] { return ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (!copy.valid()) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(copy.get()), ::closedir);
  if (!listing) return false;
  (void)copy.release();  // the listing closes it
  const std::string bids = bids_for(name);
  bool all = true;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view found = entry->d_name;
    if (!found.starts_with(kTemporaryPrefix) || found == own) continue;
    if (found.starts_with(bids))
      all = take_away(directory, entry->d_name) && all;
    else
      remove_if_dead(directory, entry->d_name);
  }
  return all;
}

bool leads_to(int directory, const std::string& name, int fd) noexcept {
  struct stat named;
  struct stat held;
  return ::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 && ::fstat(fd, &held) == 0 &&
         named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

Turn::Turn(int given_up, std::chrono::milliseconds bound) noexcept : given_up_(given_up) {
  Backoff pause(steady_now() + bound);
  while (!(mine_ = try_lock_byte(given_up, kRetireByte) == Locked::kYes))
    if (!pause.wait()) return;
}

Turn::~Turn() {
  if (mine_) unlock_byte(given_up_, kRetireByte);
}

Published replace(int directory, UnnamedFile& file, const std::string& name, int given_up, int& sys_errno) {
  const std::string bid = bids_for(name) + std::to_string(random_bits());
  int result = 0;
  if (file.temporary_name.empty()) {
    (void)try_lock_byte(file.fd.get(), kRetireByte);  // tells others that this is no litter
    result = link_unnamed(file.fd.get(), directory, bid);
  } else {
    result = ::renameat(directory, file.temporary_name.c_str(), directory, bid.c_str());
  }
  sys_errno = result == 0 ? 0 : errno;
  if (result != 0) {
    if (!file.temporary_name.empty()) (void)::unlinkat(directory, file.temporary_name.c_str(), 0);
    return Published::kFailed;
  }
  if (remove_litter(directory, name, bid) && leads_to(directory, name, given_up)) {
    result = ::renameat(directory, bid.c_str(), directory, name.c_str());
    sys_errno = result == 0 ? 0 : errno;
    unlock_byte(file.fd.get(), kRetireByte);  // from here on the byte is the segment's
    if (result == 0) return Published::kYes;
  }
  (void)::unlinkat(directory, bid.c_str(), 0);
  return sys_errno == 0 || sys_errno == ENOENT ? Published::kLostRace : Published::kFailed;
}

}  // namespace e6::os
