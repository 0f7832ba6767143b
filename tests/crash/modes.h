// The ways to enumerate an operation.
#pragma once

#include <cstdint>
#include <functional>

#include "invariants.h"
#include "problems.h"
#include "recording.h"
#include "scene.h"

namespace e6::crash {

struct Tally {
  std::uint32_t points = 0;  ///< places at which the operation was interrupted
  std::uint32_t states = 0;  ///< what was recovered from: processes killed or stopped, copies taken
  bool applies = true;       ///< false: this mode says nothing about this operation
};

/// After every instruction: readers on the segment as it is, and a recovery on a copy in which the victim is dead. Contents that were seen before are
/// not looked at again.
Tally snapshot(const Scene& scene, const Recording& recording, Problems& problems);
/// A real SIGKILL around every instruction that changes the segment or asks the kernel; for short operations, or with `all`, at every instruction.
Tally kill(Scene& scene, const Recording& recording, bool all, Problems& problems);
/// For every state that a victim can leave: the recovery dies as well, after each of its writes, and another one recovers.
Tally kill_twice(const Scene& scene, const Recording& recording, Problems& problems);
/// The victim is stopped instead; another process goes on within its bound; then the victim goes on, or dies late.
Tally stop(Scene& scene, const Recording& recording, Problems& problems);
/// A real SIGKILL before and after every system call, with O_TMPFILE and without; then a look at the directory.
Tally kill_at_system_calls(Scene& scene, Problems& problems);

/// The longest that a fresh process may take to have the lock.
inline constexpr int kRecoveryMs = 300;

/// A fresh process attaches to what the dead left, checks everything and leaves.
void recover_afresh(const Scene& scene, const Aftermath& aftermath, Problems& problems);

/// Runs `part` in a process of its own, which ends as if it had crashed. Returns what `part` returned.
int in_a_process(const std::function<int(Problems&)>& part, Problems& problems);

/// What a victim leaves that died just now.
Aftermath aftermath_of(Scene& scene, const Image& start);

}  // namespace e6::crash
