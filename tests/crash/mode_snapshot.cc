#include <unordered_set>

#include "history.h"
#include "modes.h"

namespace e6::crash {
namespace {

std::uint64_t fingerprint(const layout::Segment& s) noexcept {
  const auto* words = reinterpret_cast<const std::uint64_t*>(&s);
  std::uint64_t hash = 0x9E3779B97F4A7C15U;
  for (std::size_t i = 0; i < sizeof s / sizeof *words; ++i) hash = (hash ^ words[i]) * 0xff51afd7ed558ccdU, hash ^= hash >> 29;
  return hash;
}

}  // namespace

Tally snapshot(const Scene& scene, const Recording& recording, Problems& problems) {
  Tally tally;
  if (recording.states.empty() && recording.start.segment().header.instance == 0) {
    tally.applies = false;
    return tally;
  }
  tally.points = recording.steps + 1;
  Scene replica(scene.operation(), Scene::Bare{});
  std::unordered_set<std::uint64_t> seen;
  Image now = recording.start;
  const Image* start = &recording.start;
  const auto look = [&] {
    if (now.segment().header.instance == 0 || !seen.insert(fingerprint(now.segment())).second) return;
    ++tally.states;
    check_readers(start->segment(), now.segment(), problems);
    Aftermath a;
    a.start = *start;
    a.left.push_back(now);
    a.left.back().let_die(recording.tid);
    a.neighbour = scene.has_neighbour(now.segment());
    a.unrecorded = (scene.operation().special & kGuest) != 0;
    replica.set_to(a.left.back(), a.neighbour);
    recover_afresh(replica, a, problems);
  };
  problems.at("seen before step 1");
  look();
  for (const State& state : recording.states) {
    problems.at("seen after step " + std::to_string(state.step));
    const std::uint64_t before = now.segment().hot.word.load();
    apply(state, now);
    if (state.whole != nullptr)
      start = state.whole.get();
    else if (const std::uint64_t after = now.segment().hot.word.load(); after != before && !legal_step(before, after))
      problems.add("the hot word went where no event leads");
    look();
  }
  return tally;
}

}  // namespace e6::crash
