// Kernels that lack something. In a program that is linked with refusal.cc and --wrap (see CMakeLists.txt) the calls that libshared and the tests make
// can be made to fail as they do on an older kernel, without /proc, or on another file system.
#pragma once

#include <functional>

namespace e6::kernel_test {

enum class Call {
  kUnnamedFile,  ///< openat with O_TMPFILE
  kNewFile,      ///< openat with O_CREAT
  kProc,         ///< whatever asks for a path below /proc
  kName,         ///< linkat, renameat2: a finished file gets its name
  kRename,       ///< renameat2 alone
  kReplace,      ///< renameat
  kByteLock,     ///< fcntl with F_OFD_*
  kMapping,      ///< mmap of a file
  kPage,         ///< mmap of memory
  kStandIn,      ///< mmap of address space alone
  kHandler,      ///< sigaction
  kWipeOnFork,   ///< madvise
  kRandom,       ///< getrandom
  kGroup,        ///< fchown
  kMode,         ///< fchmod
  kRead,         ///< pread
  kStat,         ///< fstat
  kListing,      ///< fdopendir
  kNamedMemory,  ///< memfd_create
  kMutex,        ///< pthread_mutexattr_setrobust
  kMutexLock,    ///< pthread_mutex_clocklock
  kCount
};

/// While it lives, `call` fails with `sys_errno`; with `times`, only so often. One at a time for each call.
class Refusal {
 public:
  Refusal(Call call, int sys_errno, int times = -1) noexcept;
  ~Refusal();
  Refusal(const Refusal&) = delete;
  Refusal& operator=(const Refusal&) = delete;

 private:
  Call call_;
};

/// While it lives, `call` does not return, for the first `most` who come after `before` others.
class Stuck {
 public:
  explicit Stuck(Call call, int most = 1'000'000, int before = 0) noexcept;
  ~Stuck();
  Stuck(const Stuck&) = delete;
  Stuck& operator=(const Stuck&) = delete;
  /// Is somebody inside?
  [[nodiscard]] bool holds_somebody() const noexcept;

 private:
  Call call_;
};

/// While it lives, `what` is done before each `call`, in the thread that makes it; not for a call that it makes itself. One at a time for each call.
class Before {
 public:
  Before(Call call, std::function<void()> what);
  ~Before();
  Before(const Before&) = delete;
  Before& operator=(const Before&) = delete;

 private:
  Call call_;
};

/// The lowest number of a descriptor that was opened since this was asked last, for a moment or
/// longer. One that can neither be read nor written (O_PATH) does not count. Large when none was.
int lowest_descriptor_opened() noexcept;

}  // namespace e6::kernel_test
