// The death of a prober, or its standstill, until one of those who wait has the right to probe.
#include <signal.h>
#include <sys/wait.h>

#include <cstdio>
#include <thread>

#include "crew.h"
#include "e6/shared/coordinator.h"

namespace e6::host_bench {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

struct Stage {
  std::atomic<std::uint32_t> ready;
  std::atomic<std::uint32_t> probing;   ///< rounds in which the prober has its lease
  std::atomic<std::uint32_t> round;     ///< the waiters of this round wait
  std::atomic<std::uint32_t> waiting;
  std::atomic<std::uint32_t> answered;
  std::atomic<std::int64_t> granted_ns; ///< the first grant of the round
  std::atomic<std::uint32_t> denied;    ///< waits that ended without the right to probe
  std::atomic<bool> over;
};

/// Waits in every round; the first that may probe gives the lease to the next one, until all have had it.
void wait_in_rounds(Stage& stage, const Options& options) {
  const auto host = Coordinator::attach(options).coordinator;
  if (host == nullptr) std::exit(1);
  stage.ready.fetch_add(1);
  for (std::uint32_t round = 1;; ++round) {
    while (stage.round.load(std::memory_order_acquire) < round) {
      if (stage.over.load()) return;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    stage.waiting.fetch_add(1);
    const Detection d = host->detect_begin(std::chrono::steady_clock::now() + kPatience);
    std::int64_t none = 0;
    if (d.outcome == Detection::Outcome::kProbe) {
      stage.granted_ns.compare_exchange_strong(none, now_ns());
      host->detect_abandon(d.lease);
    } else {
      stage.denied.fetch_add(1);
    }
    stage.answered.fetch_add(1);
  }
}

/// Measures from `stop` on the prober of every round. False if a wait did not end as it should.
bool measure(unsigned waiters, unsigned rounds, std::chrono::milliseconds detection_timeout, bool kill, std::vector<std::int64_t>& taken) {
  const Directory directory;
  Options options = directory.options();
  options.detection_timeout = detection_timeout;
  auto& stage = shared<Stage>();
  const auto host = Coordinator::attach(options).coordinator;
  if (host == nullptr) return false;
  Crew crew;
  for (unsigned w = 0; w < waiters; ++w) crew.add([&] { wait_in_rounds(stage, options); });
  if (!wait_until(stage.ready, waiters, kPatience)) return false;
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    const pid_t prober = crew.add([&] {
      const auto own = Coordinator::attach(options).coordinator;
      const Detection d = own->detect_begin(std::chrono::steady_clock::now() + kPatience);
      if (d.outcome == Detection::Outcome::kProbe) stage.probing.fetch_add(1);
      for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
    });
    if (!wait_until(stage.probing, round, kPatience)) return false;
    stage.granted_ns.store(0);
    stage.round.store(round, std::memory_order_release);
    if (!wait_until(stage.waiting, waiters * round, kPatience)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // inside their waits by now, at different places of their slices
    const std::int64_t stopped = now_ns();
    ::kill(prober, kill ? SIGKILL : SIGSTOP);
    if (kill) crew.kill(prober);
    if (!wait_until(stage.answered, waiters * round, kPatience)) return false;
    if (!kill) crew.kill(prober);
    taken.push_back(stage.granted_ns.load() - stopped);
  }
  stage.over.store(true);
  return crew.join(kPatience) && stage.denied.load() == 0;
}

}  // namespace

bool take_over(unsigned waiters, unsigned kills, Bars& bars) {
  std::vector<std::int64_t> taken;
  const bool well = measure(waiters, kills, std::chrono::seconds(30), true, taken);
  std::printf("prober killed: %u kills, %u waiters; from SIGKILL until one of them may probe, ms: %s\n", kills, waiters, spread(taken, 1'000'000).c_str());
  bars.push_back({"prober killed, p99, ms", quantile(taken, 990, 1'000'000), 50});
  return well;
}

bool stopped_prober(unsigned waiters, unsigned stops, Bars& bars) {
  constexpr std::chrono::milliseconds kTimeout{1500};
  std::vector<std::int64_t> taken;
  const bool well = measure(waiters, stops, kTimeout, false, taken);
  std::printf("prober stopped: %u stops, %u waiters, detection time-out %lld ms; from SIGSTOP until one of them may probe, ms: %s\n", stops, waiters,
              static_cast<long long>(kTimeout.count()), spread(taken, 1'000'000).c_str());
  bars.push_back({"prober stopped, max, ms", quantile(taken, 1000, 1'000'000), static_cast<double>(kTimeout.count())});
  return well;
}

}  // namespace e6::host_bench
