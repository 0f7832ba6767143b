#include "modes.h"

namespace e6::crash {
namespace {

constexpr std::uint32_t kShort = 400;  // instructions: then every one of them is a place to die at

void kill_at(Scene& scene, const std::function<bool(Tracee&)>& bring, const std::string& where, Problems& problems) {
  problems.at("killed " + where);
  scene.set();
  Tracee victim(scene.victim());
  if (victim.run_to_mark() != Stop::kMarked) return problems.add("the operation could not be begun: " + victim.how());
  scene.begin();
  Image start;
  if (scene.has_segment()) start.take(scene.segment());
  if (!bring(victim)) return problems.add("the operation went another way than when it was recorded");
  victim.kill();
  Image broken;
  if (scene.has_segment()) broken.take(scene.segment());
  recover_afresh(scene, start, broken, problems);
}

}  // namespace

Tally kill(Scene& scene, const Recording& recording, bool all, Problems& problems) {
  Tally tally;
  if (all || recording.steps <= kShort) {
    for (std::uint32_t k = 0; k <= recording.steps; ++k, ++tally.points)
      kill_at(
          scene,
          [k](Tracee& victim) {
            for (std::uint32_t i = 0; i < k; ++i)
              if (victim.step() == Stop::kGone) return false;
            return true;
          },
          "after step " + std::to_string(k), problems);
  } else {
    for (const Point& point : recording.points) {
      kill_at(scene, [&](Tracee& victim) { return bring_to(victim, point); }, point.text(), problems);
      ++tally.points;
    }
  }
  tally.states = tally.points;
  return tally;
}

}  // namespace e6::crash
