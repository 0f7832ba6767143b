// What libshared costs, each beside a baseline measured in the same run: compare the ratios, not the nanoseconds.
#include <benchmark/benchmark.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "e6/shared/coordinator.h"

namespace {

/// A coordinator on a segment of its own directory, removed at the end.
class Fixture {
 public:
  Fixture() {
    char directory[] = "/dev/shm/e6-bench-XXXXXX";
    if (::mkdtemp(directory) == nullptr) fail("mkdtemp");
    directory_ = directory;
    e6::Options options;
    options.cluster = "bench:1";
    options.directory = directory_;
    options.required = true;
    auto attached = e6::Coordinator::attach(options);
    if (!attached.coordinator) fail(attached.error.sentence().c_str());
    coordinator_ = attached.coordinator;
    coordinator_->set(e6::Strategy::kBlue);
  }
  ~Fixture() {
    const std::string path = coordinator_->path();
    coordinator_.reset();
    ::unlink(path.c_str());
    ::rmdir(directory_.c_str());
  }
  e6::Coordinator& operator*() { return *coordinator_; }
  e6::Coordinator* operator->() { return coordinator_.get(); }

 private:
  [[noreturn]] static void fail(const char* what) {
    std::fprintf(stderr, "shared_bench: %s\n", what);
    std::exit(1);
  }
  std::string directory_;
  std::shared_ptr<e6::Coordinator> coordinator_;
};

Fixture& fixture() {
  static Fixture f;
  return f;
}

void baseline_acquire_load(benchmark::State& state) {
  std::atomic<std::uint64_t> word{1};
  for (auto _ : state) benchmark::DoNotOptimize(word.load(std::memory_order_acquire));
}
BENCHMARK(baseline_acquire_load);

void baseline_load_and_coarse_clock(benchmark::State& state) {
  std::atomic<std::uint64_t> word{1};
  timespec t;
  for (auto _ : state) {
    benchmark::DoNotOptimize(word.load(std::memory_order_acquire));
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    benchmark::DoNotOptimize(t);
  }
}
BENCHMARK(baseline_load_and_coarse_clock);

void snapshot(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(fixture()->snapshot());
}
BENCHMARK(snapshot);

/// The same while another process changes the word all the time.
void snapshot_beside_a_writer(benchmark::State& state) {
  Fixture& f = fixture();
  const pid_t writer = ::fork();
  if (writer == 0) {
    for (;;) {
      f->set(e6::Strategy::kGreen);
      f->set(e6::Strategy::kBlue);
    }
  }
  for (auto _ : state) benchmark::DoNotOptimize(f->snapshot());
  ::kill(writer, SIGKILL);
  ::waitpid(writer, nullptr, 0);
}
BENCHMARK(snapshot_beside_a_writer);

void begin_and_end(benchmark::State& state) {
  for (auto _ : state) {
    auto ticket = fixture()->begin_query();
    if (!ticket) {
      state.SkipWithError("no usable colour");
      break;
    }
    fixture()->end_query(std::move(*ticket));
  }
}
BENCHMARK(begin_and_end);

void begin_bind_and_end(benchmark::State& state) {
  for (auto _ : state) {
    auto ticket = fixture()->begin_query();
    if (!ticket) {
      state.SkipWithError("no usable colour");
      break;
    }
    benchmark::DoNotOptimize(fixture()->bind(*ticket, "0d8a6c1e-6d0f-4b6b-9f0e-0c8b8a5f1c11", "10.1.2.3:9000").ok());
    fixture()->end_query(std::move(*ticket));
  }
}
BENCHMARK(begin_bind_and_end);

void confirm(benchmark::State& state) {
  const e6::Snapshot now = fixture()->snapshot();
  for (auto _ : state) fixture()->confirm(now.active, now.epoch);
}
BENCHMARK(confirm);

void find_query(benchmark::State& state) {
  auto ticket = fixture()->begin_query();
  if (!ticket || fixture()->bind(*ticket, "found", "engine")) state.SkipWithError("no pin");
  for (auto _ : state) benchmark::DoNotOptimize(fixture()->find_query("found"));
}
BENCHMARK(find_query);

void a_system_call(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(::getppid());
}
BENCHMARK(a_system_call);

}  // namespace

BENCHMARK_MAIN();
