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
/// An owner died inside and nobody has taken the mutex since: what the kernel writes when the owner's memory goes, well before its files are closed. Takes
/// no part in the mutex, so anybody may ask. Always false where the C library's mutex is not known.
[[nodiscard]] bool owner_died(const pthread_mutex_t& mutex) noexcept;
void mutex_consistent(pthread_mutex_t& mutex) noexcept;
void mutex_unlock(pthread_mutex_t& mutex) noexcept;

}  // namespace e6::os
