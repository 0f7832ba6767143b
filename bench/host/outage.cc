// Both colours are refused for a while: who probes, and who waits for how long?
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <thread>

#include "crew.h"
#include "e6/shared/coordinator.h"

namespace e6::host_bench {
namespace {

constexpr unsigned kMostWorkers = 512;
// A refusal takes longer than many a worker has time, so that waits for the prober do run into their deadlines.
constexpr std::chrono::milliseconds kAuthentication{150};
constexpr std::chrono::milliseconds kShortest{10};
constexpr std::chrono::milliseconds kSteps[] = {std::chrono::milliseconds(0), std::chrono::milliseconds(17), std::chrono::milliseconds(61), std::chrono::milliseconds(133), std::chrono::milliseconds(690)};

struct Stage {
  std::atomic<std::uint32_t> ready;
  std::atomic<bool> begun;
  std::atomic<bool> refuses;
  std::atomic<std::uint32_t> probes;   ///< authentications while both were refused
  std::atomic<std::uint32_t> answers;  ///< waits that ended with the prober's failure
  std::atomic<std::uint32_t> timeouts; ///< waits that ended at their deadline
  std::atomic<std::uint32_t> recovered;
  std::atomic<std::int64_t> recovered_ns[kMostWorkers];
  std::atomic<std::int64_t> most_late_ns[kMostWorkers];
};

void probe(Coordinator& host, const Detection& d, Stage& stage) {
  for (const Strategy colour : d.lease.order) {
    std::this_thread::sleep_for(kAuthentication);
    if (!stage.refuses.load()) {
      host.detect_succeed(d.lease, colour);
      return;
    }
    stage.probes.fetch_add(1);
    host.detect_refused(d.lease, colour);
  }
  host.detect_fail(d.lease, ProbeFailure::kBothRefused, 2);
}

/// One query after the other, each with a deadline, until one can begin.
void work(Stage& stage, unsigned worker, const Options& options) {
  const auto host = Coordinator::attach(options).coordinator;
  if (host == nullptr) std::exit(1);
  stage.ready.fetch_add(1);
  while (!stage.begun.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (unsigned turn = worker;; ++turn) {
    if (auto query = host->begin_query()) break;
    const auto deadline = std::chrono::steady_clock::now() + kShortest + kSteps[turn % std::size(kSteps)];
    const Detection d = host->detect_begin(deadline);
    const std::int64_t late = (std::chrono::steady_clock::now() - deadline).count();
    if (late > stage.most_late_ns[worker].load()) stage.most_late_ns[worker].store(late);
    if (d.outcome == Detection::Outcome::kProbe) {
      probe(*host, d, stage);
    } else if (d.outcome != Detection::Outcome::kUsable) {
      (d.outcome == Detection::Outcome::kTimeout ? stage.timeouts : stage.answers).fetch_add(1);  // an error for this query; the application tries its next one
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  stage.recovered_ns[worker].store(now_ns());
  stage.recovered.fetch_add(1);
}

}  // namespace

bool outage(unsigned workers, std::chrono::seconds length) {
  workers = std::min(workers, kMostWorkers);
  const Directory directory;
  const Options options = directory.options();
  auto& stage = shared<Stage>();
  stage.refuses.store(true);
  const auto host = Coordinator::attach(options).coordinator;
  if (host == nullptr) return false;
  Crew crew;
  for (unsigned w = 0; w < workers; ++w) crew.add([&, w] { work(stage, w, options); });
  if (!wait_until(stage.ready, workers, std::chrono::seconds(60))) return false;
  stage.begun.store(true);
  std::this_thread::sleep_for(length);
  stage.refuses.store(false);
  const std::int64_t accepted = now_ns();
  const bool all = wait_until(stage.recovered, workers, std::chrono::seconds(60));
  std::vector<std::int64_t> back;
  std::vector<std::int64_t> late;
  for (unsigned w = 0; w < workers; ++w) {
    back.push_back(stage.recovered_ns[w].load() - accepted);
    late.push_back(std::max<std::int64_t>(stage.most_late_ns[w].load(), 0));
  }
  std::printf("both refused: %u workers, %lld s; %u probes of the host, %u waits answered with its failure, %u ended by a deadline of 10 to 700 ms; longest past it, ms: %s; back after it ended, ms: %s\n", workers,
              static_cast<long long>(length.count()), stage.probes.load(), stage.answers.load(), stage.timeouts.load(), spread(late, 1'000'000).c_str(),
              spread(back, 1'000'000).c_str());
  return crew.join(std::chrono::seconds(30)) && all;
}

}  // namespace e6::host_bench
