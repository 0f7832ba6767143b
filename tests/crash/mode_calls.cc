#include <string>

#include "modes.h"

namespace e6::crash {
namespace {

constexpr std::uint32_t kMost = 2000;  // entries and exits; more of them are a loop

/// Runs the operation to its `stop`-th entry to or exit from a system call, and kills it there. False once there are not so many.
bool kill_at_stop(Scene& scene, bool without_tmpfile, std::uint32_t stop, Problems& problems) {
  scene.set();
  Tracee victim(scene.victim(without_tmpfile));
  if (victim.run_to_mark() != Stop::kMarked) {
    problems.add("the operation could not be begun: " + victim.how());
    return false;
  }
  scene.begin();
  Image start;
  if (scene.has_segment()) start.take(scene.segment());
  for (std::uint32_t i = 0; i < stop; ++i) {
    const Stop came = victim.run_to_syscall();
    if (came == Stop::kGone) problems.add("the operation ended early: " + victim.how());
    if (came != Stop::kStepped) return false;
  }
  victim.kill();
  recover_afresh(scene, aftermath_of(scene, start), problems);
  return true;
}

}  // namespace

Tally kill_at_system_calls(Scene& scene, Problems& problems) {
  Tally tally;
  if ((scene.operation().special & (kFromNothing | kUnattached | kMoves)) == 0) {
    tally.applies = false;
    return tally;
  }
  const bool creates = (scene.operation().special & (kFromNothing | kMoves)) != 0;
  for (const bool without_tmpfile : {false, true}) {
    if (without_tmpfile && !creates) continue;
    for (std::uint32_t stop = 1; stop < kMost; ++stop) {
      problems.at("killed at system call " + std::to_string((stop + 1) / 2) + (stop % 2 == 1 ? ", entering" : ", leaving") +
                  (without_tmpfile ? ", without O_TMPFILE" : ""));
      if (!kill_at_stop(scene, without_tmpfile, stop, problems)) break;
      ++tally.points;
    }
  }
  tally.states = tally.points;
  return tally;
}

}  // namespace e6::crash
