#include "enumerate.h"

#include <chrono>

#include "modes.h"
#include "writers.h"

namespace e6::crash {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Tally run(Mode mode, Scene& scene, const Recording& recording, bool all, Problems& problems) {
  switch (mode) {
    case Mode::kSnapshot:
      return snapshot(scene, recording, problems);
    case Mode::kKill:
      return kill(scene, recording, all, problems);
    case Mode::kTwice:
      return kill_twice(scene, recording, problems);
    case Mode::kStop:
      return stop(scene, recording, problems);
    case Mode::kCalls:
      return kill_at_system_calls(scene, problems);
  }
  return {};
}

}  // namespace

OperationResult enumerate(const Operation& operation, const Choice& choice) {
  const auto start = std::chrono::steady_clock::now();
  OperationResult result;
  result.name = operation.name;
  Scene scene(operation);
  Problems problems;
  const Recording recording = record(scene, problems);
  result.steps = recording.steps;
  result.changes = recording.changes;
  result.system_calls = recording.system_calls;
  result.entered = writers_in(recording);
  if (recording.complete())
    for (const Mode mode : choice.modes) {
      const auto begun = std::chrono::steady_clock::now();
      Problems found;
      const Tally tally = run(mode, scene, recording, choice.all, found);
      problems.merge(found.count(), found.text());
      result.modes.push_back({mode, tally.applies, tally.points, tally.states, found.count(), seconds_since(begun)});
    }
  result.violations = problems.count();
  result.text = problems.text();
  result.seconds = seconds_since(start);
  return result;
}

}  // namespace e6::crash
