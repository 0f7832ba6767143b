#include "os/robust_mutex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace e6::os {
namespace {

// ThreadSanitizer knows pthread_mutex_unlock and not pthread_mutex_clocklock (GCC 12), so it is told what the lock orders. An owner that died
// inside orders nothing, and for it neither.
void taken(pthread_mutex_t& mutex) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_acquire(&mutex);
#else
  (void)mutex;
#endif
}

void about_to_give_back(pthread_mutex_t& mutex) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_release(&mutex);
#else
  (void)mutex;
#endif
}

#if defined(__GLIBC__)

// What glibc writes for a robust, process-shared, NORMAL mutex (nptl/pthreadP.h); part of its ABI, as such mutexes are shared between its versions.
constexpr int kKind = 16 | 128;
constexpr int kNoElision = 512;  // set by an explicit NORMAL; means nothing to a robust mutex

/// The C library follows whichever protocol the kind in the mutex names. With the priority protocols it changes the caller's scheduling, and aborts
/// the process when the kernel does not know the owner: a damaged kind must not get there. Zero is what stands in for a file that is gone
/// (os/sigbus_guard.h): a plain mutex, and harmless.
bool is_ours(const pthread_mutex_t& mutex) noexcept {
  const int kind = __atomic_load_n(&mutex.__data.__kind, __ATOMIC_RELAXED);
  return kind == 0 || (kind & ~kNoElision) == kKind;
}

// The C library keeps a list of the robust mutexes that a thread holds; its links stand in the mutexes themselves. When the bytes of one are replaced
// while it is held (os/sigbus_guard.h), the list ends there, and what the thread held before would not be marked at its death. So the way on is kept here.
struct Held {
  const pthread_mutex_t* mutex = nullptr;
  robust_list* before = nullptr;  // what came first in the list when it was taken
};
thread_local Held held;

robust_list_head* list_of_this_thread() noexcept {
  robust_list_head* head = nullptr;
  std::size_t size = 0;
  return ::syscall(SYS_get_robust_list, 0, &head, &size) == 0 && size == sizeof *head ? head : nullptr;
}

void remember(const pthread_mutex_t& mutex) noexcept {
  const robust_list_head* head = list_of_this_thread();
  held = {&mutex, head != nullptr ? head->list.next : nullptr};
}

// acquire: whoever sees the mutex taken sees what its owner had seen of the turn (core/host_lock.cc)
bool marked(const pthread_mutex_t& mutex) noexcept {
  return (static_cast<unsigned>(__atomic_load_n(&mutex.__data.__lock, __ATOMIC_ACQUIRE)) & FUTEX_OWNER_DIED) != 0;
}

bool still_robust(const pthread_mutex_t& mutex) noexcept { return (mutex.__data.__kind & 16) != 0; }

/// A link without the bit that marks a mutex with priority inheritance: the application may hold such ones.
robust_list* plain(robust_list* link) noexcept {
  return reinterpret_cast<robust_list*>(reinterpret_cast<std::uintptr_t>(link) & ~std::uintptr_t{1});
}

/// Takes a mutex whose bytes were replaced out of the list.
void bridge(const pthread_mutex_t& mutex) noexcept {
  robust_list_head* head = list_of_this_thread();
  if (head == nullptr || held.mutex != &mutex || held.before == nullptr) return;
  const auto* gone = reinterpret_cast<const robust_list*>(&mutex.__data.__list.__next);
  robust_list* at = &head->list;
  for (int steps = 0; steps < 1'000 && at->next != nullptr; ++steps, at = plain(at->next)) {
    if (at->next != gone) continue;
    at->next = held.before;
    reinterpret_cast<robust_list**>(plain(held.before))[-1] = at;  // __prev stands before __next
    return;
  }
}

#else

bool is_ours(const pthread_mutex_t&) noexcept { return true; }
bool marked(const pthread_mutex_t&) noexcept { return false; }
void remember(const pthread_mutex_t&) noexcept {}
bool still_robust(const pthread_mutex_t&) noexcept { return true; }
void bridge(const pthread_mutex_t&) noexcept {}

#endif

}  // namespace

int mutex_init(pthread_mutex_t& mutex) noexcept {
  pthread_mutexattr_t attributes;
  if (const int e = ::pthread_mutexattr_init(&attributes)) return e;
  int e = ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (e == 0) e = ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (e == 0) e = ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_NORMAL);
  if (e == 0) e = ::pthread_mutex_init(&mutex, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  return e == 0 && !is_ours(mutex) ? ENOTSUP : e;
}

MutexResult mutex_lock(pthread_mutex_t& mutex, SteadyTime deadline) noexcept {
  if (!is_ours(mutex)) return MutexResult::kUnrecoverable;
  remember(mutex);
  const timespec until = to_timespec(deadline);
  switch (::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &until)) {
    case 0:
      taken(mutex);
      return MutexResult::kLocked;
    case EOWNERDEAD:
      taken(mutex);
      return MutexResult::kOwnerDied;
    case ETIMEDOUT:
      return MutexResult::kTimedOut;
    default:
      return MutexResult::kUnrecoverable;
  }
}

bool owner_died(const pthread_mutex_t& mutex) noexcept { return marked(mutex); }

void mutex_consistent(pthread_mutex_t& mutex) noexcept { ::pthread_mutex_consistent(&mutex); }

void mutex_unlock(pthread_mutex_t& mutex) noexcept {
  about_to_give_back(mutex);
  if (!still_robust(mutex)) [[unlikely]]
    bridge(mutex);
  ::pthread_mutex_unlock(&mutex);
}

}  // namespace e6::os
