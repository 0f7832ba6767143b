// Both colours are refused for a while: who probes, and who waits for how long?
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <thread>

#include "crew.h"
#include "e6/shared/coordinator.h"

namespace e6::host_bench {
namespace {

constexpr unsigned kMostWorkers = 512;
// A refusal takes longer than many a worker has time, so that waits for the prober do run into their deadlines.
constexpr std::chrono::milliseconds kAuthentication{150};
constexpr int kShortestMs = 10;
constexpr int kLongestMs = 700;

struct Stage {
  std::atomic<std::uint32_t> ready;
  std::atomic<bool> begun;
  std::atomic<bool> refuses;
  std::atomic<bool> over;
  std::atomic<std::uint32_t> probes;   ///< authentications while both were refused
  std::atomic<std::uint32_t> answers;  ///< waits that ended with the prober's failure
  std::atomic<std::uint32_t> timeouts; ///< waits that ended at their deadline
  std::atomic<std::uint32_t> recovered;
  std::atomic<std::int64_t> recovered_ns[kMostWorkers];
  std::atomic<std::int64_t> most_late_ns[kMostWorkers];
  std::atomic<std::int64_t> most_late_net_ns[kMostWorkers];  ///< less what the worker waited for a processor meanwhile
};

/// For how long this process has been ready to run and had no processor, ns.
std::int64_t processor_delay() {
  thread_local const int file = ::open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);  // opened in the worker, and once: the measurement is to cost little
  std::array<char, 64> text{};
  if (::pread(file, text.data(), text.size() - 1, 0) <= 0) return 0;
  long long ran = 0;
  long long waited = 0;
  return std::sscanf(text.data(), "%lld %lld", &ran, &waited) == 2 ? waited : 0;
}

void raise_to(std::atomic<std::int64_t>& most, std::int64_t value) {
  if (value > most.load()) most.store(value);
}

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
  std::minstd_rand random(worker + 1);
  std::uniform_int_distribution<int> patience_ms(kShortestMs, kLongestMs);
  std::uniform_int_distribution<int> pause_ms(25, 75);
  // Not all in the same millisecond: that would measure how long hundreds of processes take for their first steps.
  std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution<int>(0, 500)(random)));
  for (;;) {
    if (auto query = host->begin_query()) break;
    const std::int64_t delay_before = processor_delay();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms(random));
    const Detection d = host->detect_begin(deadline);
    const std::int64_t late = (std::chrono::steady_clock::now() - deadline).count();
    raise_to(stage.most_late_ns[worker], late);
    raise_to(stage.most_late_net_ns[worker], late - (processor_delay() - delay_before));
    if (d.outcome == Detection::Outcome::kProbe) {
      probe(*host, d, stage);
    } else if (d.outcome != Detection::Outcome::kUsable) {
      (d.outcome == Detection::Outcome::kTimeout ? stage.timeouts : stage.answers).fetch_add(1);  // an error for this query; the application tries its next one
      std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms(random)));
    }
  }
  stage.recovered_ns[worker].store(now_ns());
  stage.recovered.fetch_add(1);
  // The end of 256 processes in one moment is nothing that an outage brings with it.
  while (!stage.over.load()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

}  // namespace

bool outage(unsigned workers, std::chrono::seconds length, Bars& bars) {
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
  stage.over.store(true);
  std::vector<std::int64_t> back;
  std::vector<std::int64_t> late;
  std::vector<std::int64_t> late_net;
  for (unsigned w = 0; w < workers; ++w) {
    back.push_back(stage.recovered_ns[w].load() - accepted);
    late.push_back(std::max<std::int64_t>(stage.most_late_ns[w].load(), 0));
    late_net.push_back(std::max<std::int64_t>(stage.most_late_net_ns[w].load(), 0));
  }
  std::printf("both refused: %u workers, %lld s; %u probes of the host, %u waits answered with its failure, %u ended by a deadline of 10 to 700 ms; longest past it, ms: %s, less what the worker waited for a processor: %s; back after it ended, ms: %s\n", workers,
              static_cast<long long>(length.count()), stage.probes.load(), stage.answers.load(), stage.timeouts.load(), spread(late, 1'000'000).c_str(), spread(late_net, 1'000'000).c_str(),
              spread(back, 1'000'000).c_str());
  const std::string crowd = ", both refused, " + std::to_string(workers) + " workers";
  bars.push_back({"longest past a deadline, ms" + crowd, quantile(late, 1000, 1'000'000), 10});
  // After each failure nobody probes for a second, and then one process does, which takes two authentications.
  bars.push_back({"probes" + crowd, static_cast<double>(stage.probes.load()), 2.0 * (static_cast<double>(length.count()) + 1)});
  return crew.join(std::chrono::seconds(30)) && all;
}

}  // namespace e6::host_bench
