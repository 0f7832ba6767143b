#include "core/segment_removal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/own_mappings.h"
#include "core/segment.h"
#include "layout/hot_word.h"
#include "layout/segment_layout.h"
#include "os/above_stdio.h"
#include "os/clock.h"
#include "os/ofd_lock.h"
#include "os/segment_file.h"
#include "os/successor.h"

namespace e6::core {
namespace {

constexpr std::uint64_t kForEver = ~std::uint64_t{0};

bool read_at(int fd, void* into, std::size_t size, std::size_t offset) noexcept {
  return ::pread(fd, into, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

/// When something happened last, by the events and the time of creation; later times than `now_ms`
/// are nobody's.
std::optional<std::uint64_t> last_activity_ms(int fd, const layout::Header& header,
                                              std::uint64_t now_ms) {
  constexpr std::size_t kWords = sizeof(layout::EventSlot) / sizeof(std::uint64_t);
  std::vector<std::uint64_t> words(layout::kEventSlots * kWords);
  if (!read_at(fd, words.data(), words.size() * sizeof(std::uint64_t),
               offsetof(layout::Segment, events)))
    return std::nullopt;
  std::uint64_t last = std::min(header.created_monotonic_ms, now_ms);
  for (std::size_t i = offsetof(layout::EventSlot, monotonic_ms) / sizeof(std::uint64_t);
       i < words.size(); i += kWords)
    if (words[i] <= now_ms) last = std::max(last, words[i]);
  return last;
}

std::string name_in(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::optional<std::uint64_t> unused_for_ms(int fd, const std::string& name) {
  struct stat st;
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != ::geteuid() ||
      st.st_nlink != 1 || st.st_size != static_cast<off_t>(sizeof(layout::Segment)))
    return std::nullopt;
  layout::Header header;
  std::uint64_t word = 0;
  if (!read_at(fd, &header, sizeof header, 0) ||
      !read_at(fd, &word, sizeof word, offsetof(layout::Segment, hot)))
    return std::nullopt;
  bool stale_boot = false;
  if (check_header(header, name, "", &stale_boot) && !stale_boot) return std::nullopt;
  const std::string cluster(header.cluster, header.cluster_length);
  if (name != segment_name(cluster, st.st_uid, std::nullopt) &&
      name != segment_name(cluster, st.st_uid, st.st_gid))
    return std::nullopt;
  if (stale_boot || layout::retired(word)) return kForEver;

  const std::uint64_t now_ms = os::monotonic_ms();
  const layout::HotWord w = layout::unpack(word);
  std::uint64_t unused = 0;
  if (layout::is_colour(w.active)) {
    const std::uint32_t now = layout::expiry_unit(now_ms);
    if (layout::units_left(w.expiry, now) != 0) return std::nullopt;
    unused = ((now - w.expiry) & layout::kExpiryMask) * layout::kExpiryUnitMs;
  } else {
    const auto last = last_activity_ms(fd, header, now_ms);
    if (!last) return std::nullopt;
    unused = now_ms - *last;
  }
  return unused >= kUnusedAfterMs ? std::optional(unused) : std::nullopt;
}

Error remove_unused(int directory, const std::string& path, When when) {
  const std::string name = name_in(path);
  os::Fd fd;
  int e = os::open_named(directory, name, true, fd);
  const bool read_only = e == EACCES;
  if (read_only) e = os::open_named(directory, name, false, fd);
  if (e == ENOENT) return {Cause::kUnknown, e, path, "there is no such segment"};
  if (e != 0) return os::system_error(e, path, "open");
  // without the right to write, a lock cannot be taken: looking whether there is one has to do
  const os::Locked held =
      read_only ? os::any_byte_held_by_other(fd.get()) : os::try_lock_all_bytes(fd.get());
  if (held == os::Locked::kUnknown) return os::system_error(errno, path, "lock");
  if ((held == os::Locked::kYes) == read_only) return {Cause::kBusy, 0, path, "a process uses it"};
  if (when == When::kLongUnused && !unused_for_ms(fd.get(), name))
    return {Cause::kBusy, 0, path, "it was used lately"};
  if (!os::leads_to(directory, name, fd.get()))
    return {Cause::kUnknown, 0, path, "another file has taken its place; look again"};
  struct stat st;
  if (::fstat(fd.get(), &st) != 0) return os::system_error(errno, path, "stat");
  if (::unlinkat(directory, name.c_str(), 0) != 0) return os::system_error(errno, path, "remove");
  release_own_mappings(st.st_dev, st.st_ino);
  return {};
}

bool Room::make_more() {
  if (!std::exchange(listed_, true)) {
    os::Fd copy = os::above_stdio(
        [&] { return ::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(
        copy.valid() ? ::fdopendir(copy.get()) : nullptr, ::closedir);
    if (!listing) return false;
    (void)copy.release();  // the listing closes it
    std::vector<std::pair<std::uint64_t, std::string>> found;
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string name = entry->d_name;
      os::Fd fd;
      if (!name.starts_with(kNamePrefix) || os::open_named(directory_, name, false, fd) != 0)
        continue;
      if (const auto unused = unused_for_ms(fd.get(), name)) found.emplace_back(*unused, name);
    }
    std::sort(found.begin(), found.end());
    for (auto& [unused, name] : found) unused_.push_back(std::move(name));
  }
  while (!unused_.empty() && removed_ < kMostRemoved) {
    const std::string name = std::move(unused_.back());
    unused_.pop_back();
    if (remove_unused(directory_, path_ + "/" + name, When::kLongUnused)) continue;
    ++removed_;
    return true;
  }
  return false;
}

}  // namespace e6::core
