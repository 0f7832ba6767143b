#include "refusal.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstring>
#include <utility>

namespace e6::kernel_test {
namespace {

struct Entry {
  std::atomic<int> sys_errno{0};
  std::atomic<int> left{0};  // negative: for ever
  std::atomic<int> stuck{0};  // how many more get stuck
  std::atomic<int> pass{0};   // how many go through before that
  std::atomic<bool> free{true};
  std::atomic<int> inside{0};
  std::function<void()> before;
};
std::array<Entry, static_cast<std::size_t>(Call::kCount)> entries;
Entry& entry(Call call) noexcept { return entries[static_cast<std::size_t>(call)]; }

/// The errno that `call` fails with now; 0: it goes through.
int refused(Call call) noexcept {
  Entry& e = entry(call);
  static thread_local bool busy = false;
  if (e.before && !busy) {
    busy = true;
    e.before();
    busy = false;
  }
  if (!e.free.load() && e.pass.fetch_sub(1) <= 0 && e.stuck.fetch_sub(1) > 0) {
    e.inside.fetch_add(1);
    while (!e.free.load()) ::usleep(200);
    e.inside.fetch_sub(1);
  }
  const int sys_errno = e.sys_errno.load();
  if (sys_errno == 0 || e.left.load() == 0) return 0;
  if (e.left.load() > 0) e.left.fetch_sub(1);
  return sys_errno;
}

bool fails(Call call) noexcept {
  const int sys_errno = refused(call);
  if (sys_errno != 0) errno = sys_errno;
  return sys_errno != 0;
}

constexpr int kNone = 1'000'000;
std::atomic<int> lowest{kNone};

int noted(int fd, int flags) noexcept {
  int seen = lowest.load();
  while (fd >= 0 && (flags & O_PATH) == 0 && fd < seen && !lowest.compare_exchange_weak(seen, fd)) {
  }
  return fd;
}

bool in_proc(const char* path) noexcept { return std::strncmp(path, "/proc/", 6) == 0; }

}  // namespace

Refusal::Refusal(Call call, int sys_errno, int times) noexcept : call_(call) {
  entry(call).left.store(times);
  entry(call).sys_errno.store(sys_errno);
}
Refusal::~Refusal() { entry(call_).sys_errno.store(0); }

Stuck::Stuck(Call call, int most, int before) noexcept : call_(call) {
  entry(call).pass.store(before);
  entry(call).stuck.store(most);
  entry(call).free.store(false);
}
Stuck::~Stuck() { entry(call_).free.store(true); }
bool Stuck::holds_somebody() const noexcept { return entry(call_).inside.load() != 0; }

Before::Before(Call call, std::function<void()> what) : call_(call) { entry(call).before = std::move(what); }
Before::~Before() { entry(call_).before = nullptr; }

int lowest_descriptor_opened() noexcept { return lowest.exchange(kNone); }

}  // namespace e6::kernel_test

using e6::kernel_test::Call;
using e6::kernel_test::fails;
using e6::kernel_test::in_proc;
using e6::kernel_test::noted;
using e6::kernel_test::refused;

// What --wrap makes of a call: __wrap_<name> is called instead, __real_<name> is the call itself.
extern "C" {
int __real_open(const char*, int, ...);
int __real_openat(int, const char*, int, ...);
int __real_access(const char*, int);
int __real_stat(const char*, struct stat*);
int __real_fstat(int, struct stat*);
int __real_linkat(int, const char*, int, const char*, int);
int __real_renameat(int, const char*, int, const char*);
int __real_renameat2(int, const char*, int, const char*, unsigned);
int __real_fcntl(int, int, ...);
void* __real_mmap(void*, std::size_t, int, int, int, off_t);
int __real_madvise(void*, std::size_t, int);
ssize_t __real_getrandom(void*, std::size_t, unsigned);
int __real_sigaction(int, const struct sigaction*, struct sigaction*);
int __real_fchown(int, uid_t, gid_t);
int __real_fchmod(int, mode_t);
ssize_t __real_pread(int, void*, std::size_t, off_t);
DIR* __real_fdopendir(int);
int __real_memfd_create(const char*, unsigned);
int __real_pthread_mutexattr_setrobust(pthread_mutexattr_t*, int);
int __real_pthread_mutex_clocklock(pthread_mutex_t*, clockid_t, const struct timespec*);

int __wrap_open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (in_proc(path) && fails(Call::kProc)) return -1;
  return noted(__real_open(path, flags, mode), flags);
}

int __wrap_openat(int directory, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if ((flags & O_TMPFILE) == O_TMPFILE && fails(Call::kUnnamedFile)) return -1;
  if ((flags & O_CREAT) != 0 && fails(Call::kNewFile)) return -1;
  return noted(__real_openat(directory, path, flags, mode), flags);
}

int __wrap_access(const char* path, int how) { return in_proc(path) && fails(Call::kProc) ? -1 : __real_access(path, how); }
int __wrap_stat(const char* path, struct stat* st) { return in_proc(path) && fails(Call::kProc) ? -1 : __real_stat(path, st); }
int __wrap_fstat(int fd, struct stat* st) { return fails(Call::kStat) ? -1 : __real_fstat(fd, st); }
int __wrap_linkat(int from, const char* old, int to, const char* name, int flags) {
  return fails(Call::kName) ? -1 : __real_linkat(from, old, to, name, flags);
}
int __wrap_renameat(int from, const char* old, int to, const char* name) {
  return fails(Call::kReplace) ? -1 : __real_renameat(from, old, to, name);
}
int __wrap_renameat2(int from, const char* old, int to, const char* name, unsigned flags) {
  return fails(Call::kName) || fails(Call::kRename) ? -1 : __real_renameat2(from, old, to, name, flags);
}

int __wrap_fcntl(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void* argument = va_arg(more, void*);
  va_end(more);
  const bool of_byte = command == F_OFD_SETLK || command == F_OFD_GETLK;
  return of_byte && fails(Call::kByteLock) ? -1 : __real_fcntl(fd, command, argument);
}

void* __wrap_mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) {
  if (fails(fd >= 0 ? Call::kMapping : (flags & MAP_NORESERVE) != 0 ? Call::kStandIn : Call::kPage)) return MAP_FAILED;
  return __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_madvise(void* at, std::size_t size, int advice) { return fails(Call::kWipeOnFork) ? -1 : __real_madvise(at, size, advice); }
ssize_t __wrap_getrandom(void* into, std::size_t size, unsigned flags) {
  return fails(Call::kRandom) ? -1 : __real_getrandom(into, size, flags);
}
int __wrap_sigaction(int signal, const struct sigaction* act, struct sigaction* old) {
  return fails(Call::kHandler) ? -1 : __real_sigaction(signal, act, old);
}
int __wrap_fchown(int fd, uid_t user, gid_t group) { return fails(Call::kGroup) ? -1 : __real_fchown(fd, user, group); }
int __wrap_fchmod(int fd, mode_t mode) { return fails(Call::kMode) ? -1 : __real_fchmod(fd, mode); }
ssize_t __wrap_pread(int fd, void* into, std::size_t size, off_t offset) { return fails(Call::kRead) ? -1 : __real_pread(fd, into, size, offset); }
DIR* __wrap_fdopendir(int fd) { return fails(Call::kListing) ? nullptr : __real_fdopendir(fd); }
int __wrap_memfd_create(const char* name, unsigned flags) {
  return fails(Call::kNamedMemory) ? -1 : noted(__real_memfd_create(name, flags), 0);
}
int __wrap_pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const struct timespec* until) {
  const int refusal = refused(Call::kMutexLock);
  return refusal != 0 ? refusal : __real_pthread_mutex_clocklock(mutex, clock, until);
}
int __wrap_pthread_mutexattr_setrobust(pthread_mutexattr_t* attributes, int robust) {
  const int e = refused(Call::kMutex);
  return e != 0 ? e : __real_pthread_mutexattr_setrobust(attributes, robust);
}
}
