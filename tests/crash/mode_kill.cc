#include "modes.h"

namespace e6::crash {
namespace {

constexpr std::uint32_t kShort = 400;  // instructions: then every one of them is a place to die at
constexpr int kAttempts = 4;           // a clock read that was interrupted by its update takes another way

enum class Came : std::uint8_t { kThere, kElsewhere, kNotBegun };

Came kill_at(Scene& scene, const std::function<bool(Tracee&)>& bring, Problems& problems) {
  scene.set();
  Tracee victim(scene.victim());
  if (victim.run_to_mark() != Stop::kMarked) {
    problems.add("the operation could not be begun: " + victim.how());
    return Came::kNotBegun;
  }
  scene.begin();
  Image start;
  if (scene.has_segment()) start.take(scene.segment());
  if (!bring(victim)) return Came::kElsewhere;
  victim.kill();
  recover_afresh(scene, aftermath_of(scene, start), problems);
  return Came::kThere;
}

/// By counting; whichever way it takes, the instruction is one of the operation's.
bool step_to(Tracee& victim, std::uint32_t steps) {
  for (std::uint32_t i = 0; i < steps; ++i) {
    const Stop stop = victim.step();
    if (stop != Stop::kStepped) return stop == Stop::kMarked;
  }
  return true;
}

void kill_at_point(Scene& scene, const Point& point, Problems& problems) {
  problems.at("killed " + point.text());
  for (int attempt = 0; attempt < kAttempts; ++attempt)
    if (kill_at(scene, [&](Tracee& victim) { return bring_to(victim, point); }, problems) != Came::kElsewhere) return;
  problems.add("the operation goes another way than when it was recorded");
}

}  // namespace

Aftermath aftermath_of(Scene& scene, const Image& start) {
  (void)scene.follow();
  Aftermath a;
  a.start = start;
  a.left.emplace_back();
  if (scene.has_segment()) a.left.back().take(scene.segment());
  a.neighbour = scene.has_neighbour(a.broken());
  a.unrecorded = (scene.operation().special & kGuest) != 0;
  return a;
}

Tally kill(Scene& scene, const Recording& recording, bool all, Problems& problems) {
  Tally tally;
  if (recording.steps <= kShort) {
    for (std::uint32_t k = 0; k <= recording.steps; ++k) {
      problems.at("killed after step " + std::to_string(k));
      // The last steps are not there when a clock is read in fewer of them than when it was recorded.
      for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (kill_at(scene, [k](Tracee& victim) { return step_to(victim, k); }, problems) == Came::kElsewhere) continue;
        ++tally.points;
        break;
      }
    }
  } else {
    for (const Point& point : all ? recording.instructions : recording.points) {
      kill_at_point(scene, point, problems);
      ++tally.points;
    }
  }
  tally.states = tally.points;
  return tally;
}

}  // namespace e6::crash
