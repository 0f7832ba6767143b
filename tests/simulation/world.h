// The random scheduler: one step lets one worker do one thing, or the engine, the clock or an operator, and checks what came of it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine.h"
#include "expectation.h"
#include "layout/segment_layout.h"
#include "os/fd.h"
#include "os/mapping.h"
#include "random.h"
#include "worker.h"

namespace e6::simulation {

struct Setting {
  std::uint64_t seed = 1;
  std::uint64_t steps = 10'000;
  std::uint32_t workers = 12;
  TransitionPolicy policy = TransitionPolicy::kOnCompletion;
};

/// What happened in a run, for the report.
struct Figures {
  std::uint64_t steps = 0;
  std::uint64_t queries = 0;
  std::uint64_t requests = 0;
  std::uint64_t refusals = 0;       ///< 456s
  std::uint64_t old_news = 0;       ///< answers to requests sent before the last change
  std::uint64_t probes = 0;         ///< grants
  std::uint64_t take_overs = 0;     ///< from the dead and the late
  std::uint64_t changes = 0;        ///< of the epoch
  std::uint64_t kills = 0;
  std::uint64_t stops = 0;
  std::uint64_t forks = 0;
};

class World {
 public:
  explicit World(const Setting& setting);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Runs to the end, or to the first violation.
  void run();
  [[nodiscard]] const Figures& figures() const noexcept { return figures_; }
  /// Empty if nothing was violated.
  [[nodiscard]] const std::string& violation() const noexcept { return violation_; }
  /// What led to it: the latest things that happened, oldest first.
  [[nodiscard]] const std::deque<std::string>& story() const noexcept { return story_; }

 private:
  // world.cc: who does what next
  void step();
  void let_time_pass();
  void disturb(std::size_t at);
  void add_worker();
  void lose(std::size_t at);
  void join();
  void look_around(Worker& w);
  void operate(Worker& w);

  // work.cc: a worker's work
  void work(Worker& w);
  void start(Worker& w);
  void wait(Worker& w);
  void recheck(Worker& w);
  void take_grant(Worker& w, const Detection& d);
  void send(Worker& w, Request::Call call, Strategy colour);
  void answer(Worker& w, Request& r);
  void receive(Worker& w, const Request& r);
  void probe_on(Worker& w, const Request& r);
  void finish_query(Worker& w);
  void hear(Worker& w, const Request& r);
  void end_for_another(Worker& w);

  // checks.cc
  [[nodiscard]] std::uint32_t running() const noexcept;
  [[nodiscard]] bool reaped_a_running_query();
  void compare(const std::string& after);
  void violated(const std::string& what);
  void tell(const Worker* w, std::string what);

  const Setting setting_;
  Options options_;
  core::Place place_;
  Random random_;
  Engine engine_;
  Expectation expected_;
  std::vector<std::unique_ptr<Worker>> workers_;
  struct Dead {
    std::uint32_t slot;
    std::uint64_t incarnation;
  };
  std::vector<Dead> dead_with_queries_;  ///< not reaped yet
  std::uint32_t next_number_ = 0;
  std::uint64_t next_query_ = 0;
  std::uint64_t epochs_seen_ = 0;  ///< changes of the epoch so far, beyond its 20 bits
  os::Fd file_;
  os::Mapping mapping_;
  const layout::Segment* segment_ = nullptr;
  Figures figures_;
  std::string violation_;
  std::deque<std::string> story_;
};

}  // namespace e6::simulation
