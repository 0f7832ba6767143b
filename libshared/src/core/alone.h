// A process that works without the segment of a cluster: how it is seen from outside, and whether
// its user was told.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "os/fd.h"
#include "os/process_mark.h"

namespace e6::core {

/// One per process and cluster, shared by the hosts of that cluster (in several directories, say).
/// While one of them works without a segment, the process holds a memfd named e6shm-alone:CLUSTER,
/// whose contents are its process id: tools find it by the links in /proc/PID/fd.
class Alone {
 public:
  /// The entry of `cluster`, which lives as long as the process. Throws std::bad_alloc.
  static Alone& of(const std::string& cluster);

  /// A host works without a segment from here on.
  void enter() noexcept;
  /// It does so still: makes the memfd anew if the application has closed it (closefrom).
  void stay() noexcept;
  /// The host that entered is on a segment again, or in use by nobody.
  void leave() noexcept;

  /// True once: whoever gets it tells the user. A forked child inherits that it was told.
  bool claim_warning() noexcept { return !warned_.exchange(true, std::memory_order_relaxed); }

 private:
  explicit Alone(const std::string& cluster) : cluster_(cluster) {}
  [[nodiscard]] bool intact() const noexcept;
  void make_mark() noexcept;
  void drop_mark() noexcept;

  const std::string cluster_;
  Alone* next_ = nullptr;
  std::atomic<bool> warned_{false};
  os::ForkSafeLock lock_;
  // under lock_
  std::uint64_t process_ = 0;  // generation of the process that the following is about
  std::uint32_t hosts_ = 0;
  os::Fd mark_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace e6::core
