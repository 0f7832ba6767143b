// From one process learning the new colour to every worker's next request using it.
#include <cstdio>
#include <thread>

#include "crew.h"
#include "e6/shared/coordinator.h"

namespace e6::host_bench {
namespace {

constexpr unsigned kMostWorkers = 256;
constexpr unsigned kMostChanges = 1024;

struct Round {
  std::atomic<std::int64_t> learned_ns;  ///< before the process that learned it told the host
};
struct Stage {
  std::atomic<std::uint32_t> ready;
  std::atomic<std::uint32_t> round;  ///< changes made and told so far
  Round rounds[kMostChanges + 1];
  // For each worker and change: when it began its last request on the old colour. 0: none after the change before.
  std::atomic<std::int64_t> last_old_ns[kMostWorkers][kMostChanges + 1];
  std::atomic<std::uint64_t> requests[kMostWorkers];
};

Strategy colour_of(std::uint32_t round) noexcept { return round % 2 == 0 ? Strategy::kBlue : Strategy::kGreen; }

void work(Stage& stage, unsigned worker, unsigned changes, const Options& options) {
  const auto host = Coordinator::attach(options).coordinator;
  if (host == nullptr) std::exit(1);
  stage.ready.fetch_add(1);
  for (std::uint32_t seen = 0; seen < changes;) {
    const std::int64_t begun = now_ns();
    const Strategy colour = host->snapshot().active;
    stage.requests[worker].fetch_add(1, std::memory_order_relaxed);
    while (seen < changes && colour != colour_of(seen) && stage.rounds[seen + 1].learned_ns.load() != 0) ++seen;
    if (seen < changes && colour == colour_of(seen)) stage.last_old_ns[worker][seen + 1].store(begun, std::memory_order_relaxed);
    std::this_thread::sleep_for(std::chrono::microseconds(200));  // a request is under way
  }
}

}  // namespace

bool propagation(unsigned workers, unsigned changes, Bars& bars) {
  workers = std::min(workers, kMostWorkers);
  changes = std::min(changes, kMostChanges);
  const Directory directory;
  const Options options = directory.options();
  auto& stage = shared<Stage>();
  const auto host = Coordinator::attach(options).coordinator;
  if (host == nullptr) return false;
  host->set(colour_of(0));
  Crew crew;
  for (unsigned w = 0; w < workers; ++w) crew.add([&, w] { work(stage, w, changes, options); });
  if (!wait_until(stage.ready, workers, std::chrono::seconds(60))) return false;
  for (std::uint32_t change = 1; change <= changes; ++change) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stage.rounds[change].learned_ns.store(now_ns());
    host->set(colour_of(change));
    stage.round.store(change);
  }
  const bool ended = crew.join(std::chrono::seconds(60));
  std::vector<std::int64_t> late;
  std::uint64_t requests = 0;
  for (unsigned w = 0; w < workers; ++w) {
    requests += stage.requests[w].load();
    for (std::uint32_t change = 1; change <= changes; ++change)
      late.push_back(std::max<std::int64_t>(stage.last_old_ns[w][change].load() - stage.rounds[change].learned_ns.load(), 0));
  }
  std::printf("learned by one, used by all: %u workers, %u changes, %llu requests; begun on the old colour after the change was learned, at most so many us later: %s\n",
              workers, changes, static_cast<unsigned long long>(requests), spread(late, 1000).c_str());
  bars.push_back({"learned by one, used by all, p99, ms", quantile(late, 990, 1'000'000), 1});
  return ended;
}

}  // namespace e6::host_bench
