// The pthread mutex in the segment: process-shared, robust, NORMAL. Only ever locked inside the OFD lock (TRAPS 2), so that two PID
// namespaces never contend for it.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "os/clock.h"

namespace e6::os {

enum class MutexResult : std::uint8_t {
  kLocked,
  kOwnerDied,      ///< locked; the state behind it needs repair, then mutex_consistent
  kTimedOut,
  kUnrecoverable,  ///< unlocked once without repair, or no mutex of this kind any more: nobody can ever take it again
};

/// Returns an errno, 0 if the mutex is ready.
int mutex_init(pthread_mutex_t& mutex) noexcept;
MutexResult mutex_lock(pthread_mutex_t& mutex, SteadyTime deadline) noexcept;
void mutex_consistent(pthread_mutex_t& mutex) noexcept;
void mutex_unlock(pthread_mutex_t& mutex) noexcept;

}  // namespace e6::os
