// Who kills, stops, wakes, forks and replaces: at random, one thing after the other, until enough have been killed. Then everybody leaves in order.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "area.h"
#include "core/attachment.h"
#include "e6/shared/coordinator.h"
#include "historian.h"
#include "random.h"

namespace e6::soak {

struct Plan {
  std::uint64_t kills = 10'000;
  std::uint64_t seed = 0;
  std::uint32_t workers = 32;
};

/// What was done to the processes.
struct Deeds {
  std::uint64_t kills = 0, by_timer = 0, killed_while_stopped = 0, stops = 0, long_stops = 0;
  std::uint64_t started = 0, started_by_exec = 0;
  std::uint64_t commands[static_cast<std::size_t>(Command::kCount)] = {};
  double seconds = 0;
};

class Conductor {
 public:
  Conductor(Area& area, const Plan& plan);

  /// Everything up to the moment when nobody but the conductor is left.
  void run();

  [[nodiscard]] const Deeds& deeds() const noexcept { return deeds_; }
  [[nodiscard]] Historian& historian() noexcept { return *historian_; }
  [[nodiscard]] core::Attachment& attachment() const noexcept;
  [[nodiscard]] Coordinator& coordinator() const noexcept { return *coordinator_; }

 private:
  struct Wake {
    std::chrono::steady_clock::time_point when;
    pid_t pid;
    std::uint32_t life;
  };

  void start_readers();
  void start_worker();
  void adopt();
  void collect();
  void wake(bool all);
  void act();
  void doom();
  bool kill(std::uint32_t life);
  void stop(std::uint32_t life);
  void command(std::uint32_t life, Command what);
  void look_for_the_stuck();
  void report(bool last);
  void beat();
  void send_home();

  Area& area_;
  Plan plan_;
  Random random_;
  Deeds deeds_;
  std::shared_ptr<Coordinator> coordinator_;  // attached before anybody is forked
  std::unique_ptr<Historian> historian_;
  std::uint32_t adopted_ = 0;                 // lives that have been looked at
  std::vector<std::uint32_t> unborn_;         // ... and had not taken their process id yet
  std::vector<std::uint32_t> living_;         // workers that may be killed
  std::unordered_set<pid_t> starting_;        // forked and not adopted yet
  std::unordered_map<pid_t, std::uint32_t> by_pid_;  // the latest life of every process that has not been collected
  std::vector<Wake> asleep_;
  std::vector<std::uint32_t> doomed_;         // forked a moment ago
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point next_report_ = began_;
  std::chrono::steady_clock::time_point next_look_ = began_;
};

}  // namespace e6::soak
