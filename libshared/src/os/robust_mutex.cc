#include "os/robust_mutex.h"

#include <cerrno>

namespace e6::os {

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
      return MutexResult::kLocked;
    case EOWNERDEAD:
      return MutexResult::kOwnerDied;
    case ETIMEDOUT:
      return MutexResult::kTimedOut;
    default:
      return MutexResult::kUnrecoverable;
  }
}

void mutex_consistent(pthread_mutex_t& mutex) noexcept { ::pthread_mutex_consistent(&mutex); }
void mutex_unlock(pthread_mutex_t& mutex) noexcept { ::pthread_mutex_unlock(&mutex); }

}  // namespace e6::os
