#include "os/robust_mutex.h"

#include <cerrno>

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

}  // namespace

int mutex_init(pthread_mutex_t& mutex) noexcept {
  pthread_mutexattr_t attributes;
  if (const int e = ::pthread_mutexattr_init(&attributes)) return e;
  int e = ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (e == 0) e = ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (e == 0) e = ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_NORMAL);
  if (e == 0) e = ::pthread_mutex_init(&mutex, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  return e;
}

MutexResult mutex_lock(pthread_mutex_t& mutex, SteadyTime deadline) noexcept {
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

void mutex_consistent(pthread_mutex_t& mutex) noexcept { ::pthread_mutex_consistent(&mutex); }
void mutex_unlock(pthread_mutex_t& mutex) noexcept {
  about_to_give_back(mutex);
  ::pthread_mutex_unlock(&mutex);
}

}  // namespace e6::os
