// recovery_bench: how long a blocked writer waits after the owner of the host-wide lock was killed inside it, and what readers notice.
//
// A round: a victim takes the lock, does a part of an operation, says so in memory that it shares with this program, and goes no further. A writer waits
// for the lock. The victim is killed; measured is from just before kill(2) until the writer has the lock, with everything repaired. All the while a reader
// looks at snapshots of that segment. Each round is done twice, on the reader's segment and on another one: the machine has the same work to do both
// times, so that the difference between the two is what the kill does to readers of the segment itself.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <vector>

#include "../crash/access.h"
#include "core/host_lock.h"
#include "core/totals.h"
#include "os/clock.h"
#include "random.h"

namespace {

using namespace e6;
using namespace std::chrono_literals;
using soak::Random;

// What a victim has done when it goes no further.
enum Kind : std::uint32_t {
  kInside,      // nothing yet: there is nothing to repair
  kArmed,       // it reaps somebody, and has written down what the totals will be
  kHalfFolded,  // ... and brought half of them there
  kKinds
};

enum Outcome : std::uint32_t { kRepaired, kTooLate, kWrong };

// What a reader's samples are filed under.
enum Window : std::uint32_t { kNotSampled, kIdle, kElsewhere, kHere, kWindows };
constexpr const char* kWindowNames[] = {"", "nobody is killed", "kills on another segment", "kills on this segment"};

constexpr std::size_t kNanoseconds = 8192;
using Histogram = std::array<std::uint64_t, kNanoseconds + 1>;  // the last: longer

struct Control {
  alignas(64) std::atomic<std::uint32_t> window;
  alignas(64) std::atomic<std::uint32_t> end;
  std::atomic<std::uint32_t> segment, kind;                     // of this round: 0 here, 1 elsewhere
  std::atomic<std::uint32_t> joined, go, inside;                // the victim
  std::atomic<std::uint32_t> dead_slot_plus_one;                // whom it reaps
  std::atomic<std::uint32_t> writer_ready, writer_go, writer_waits, writer_done;  // rounds
  std::atomic<std::int64_t> killed_ns, held_ns;
  std::atomic<std::uint64_t> delay_before_ns;                   // that the writer had waited for a processor
  std::atomic<std::uint64_t> delay_after_ns;
  std::atomic<std::uint32_t> outcome;                           // Outcome
  alignas(64) Histogram histograms[kWindows];
  std::uint64_t longest[kWindows];
};

Control* control = nullptr;
std::string directory;
std::size_t victim_megabytes = 0;

std::shared_ptr<Coordinator> attach(std::uint32_t segment) {
  Options o;
  o.cluster = segment == 0 ? "recovery:1" : "recovery:2";
  o.directory = directory;
  o.required = true;
  auto attached = Coordinator::attach(o);
  if (!attached.coordinator) {
    std::fprintf(stderr, "recovery_bench: %s\n", attached.error.sentence().c_str());
    ::_exit(3);
  }
  return attached.coordinator;
}

/// Nanoseconds that a process has been ready to run without a processor; 0 where the kernel does not say.
std::uint64_t processor_delay(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");
  std::uint64_t ran = 0;
  std::uint64_t waited = 0;
  file >> ran >> waited;
  return waited;
}

std::int64_t now_ns() { return os::steady_now().time_since_epoch().count(); }

template <typename Condition>
void await(const Condition& condition) {
  const auto end = os::steady_now() + 20s;
  while (!condition()) {
    if (os::steady_now() > end) {
      std::fprintf(stderr, "recovery_bench: somebody does not do what it is told\n");
      std::exit(3);
    }
    ::usleep(30);
  }
}

template <typename Body>
pid_t start(const Body& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    ::_exit(0);
  }
  return pid;
}

void collect(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Joins, so that there is somebody to reap; never goes.
[[noreturn]] void be_reaped() {
  const auto c = attach(control->segment.load());
  (void)c->mismatch(Strategy::kBlue, {});
  control->dead_slot_plus_one.store(crash::attachment_of(*c).slot.load() + 1);
  for (;;) ::pause();
}

[[noreturn]] void be_victim() {
  const auto c = attach(control->segment.load());
  core::Attachment& a = crash::attachment_of(*c);
  const std::vector<char> memory(victim_megabytes << 20, 1);
  control->joined.store(1);
  while (control->go.load() == 0) ::usleep(30);
  const core::HostLock lock(a);
  if (!lock.held()) ::_exit(3);
  const std::uint32_t kind = control->kind.load();
  if (kind != kInside) {
    const std::uint32_t slot = control->dead_slot_plus_one.load() - 1;
    layout::Segment& s = *a.segment;
    core::arm_fold(s, slot, static_cast<std::uint64_t>(EventKind::kDied));
    if (kind == kHalfFolded)
      for (std::uint32_t i = 0; i < layout::kCounters / 2; ++i) s.totals.counters[i].store(s.journal.totals[i].load());
  }
  control->inside.store(1);
  for (;;) ::pause();
}

[[noreturn]] void be_writer() {
  const std::shared_ptr<Coordinator> both[] = {attach(0), attach(1)};
  std::uint32_t round = 0;
  control->writer_ready.store(1);
  while (control->end.load() == 0) {
    if (control->writer_go.load() == round) {
      ::usleep(30);
      continue;
    }
    round = control->writer_go.load();
    core::Attachment& a = crash::attachment_of(*both[control->segment.load()]);
    control->writer_waits.store(round);
    {
      const core::HostLock lock(a);
      control->held_ns.store(now_ns());
      control->delay_after_ns.store(processor_delay(::getpid()));
      const std::uint32_t dead = control->dead_slot_plus_one.load();
      const bool folded = control->kind.load() == kInside || a.segment->participants[dead - 1].tag.load() == 0;
      const bool repaired = lock.recovered() && a.segment->journal.armed.load() == 0 && folded;
      control->outcome.store(lock.held() && repaired ? kRepaired : lock.state() == core::HostLock::State::kBusy ? kTooLate : kWrong);
    }
    control->writer_done.store(round);
  }
  ::_exit(0);
}

// Every look is timed, so each time contains one reading of the clock.
[[noreturn]] void be_reader() {
  const auto c = attach(0);
  (void)c->set(Strategy::kBlue);
  auto last = os::steady_now();
  while (control->end.load(std::memory_order_relaxed) == 0) {
    const std::uint32_t window = control->window.load(std::memory_order_relaxed);
    if (window == kNotSampled) {
      ::usleep(20);
      last = os::steady_now();
      continue;
    }
    for (int i = 0; i < 32; ++i) {
      if (!c->snapshot().usable) ::_exit(3);
      const auto t = os::steady_now();
      const auto ns = static_cast<std::uint64_t>((t - last).count());
      last = t;
      ++control->histograms[window][std::min<std::uint64_t>(ns, kNanoseconds)];
      control->longest[window] = std::max(control->longest[window], ns);
    }
    last = os::steady_now();
  }
  ::_exit(0);
}

struct Sample {
  double ms = 0;
  double delay_ms = 0;  // of it, the victim was ready to die, or the writer to look, and had no processor: the longer of the two
};

Outcome round_of(std::uint32_t number, std::uint32_t segment, std::uint32_t kind, pid_t writer, Random& random, Sample& sample) {
  control->segment.store(segment);
  control->kind.store(kind);
  for (auto* flag : {&control->joined, &control->go, &control->inside, &control->dead_slot_plus_one}) flag->store(0);
  const pid_t victim = start(be_victim);
  await([&] { return control->joined.load() != 0; });
  if (kind != kInside) {
    const pid_t dead = start(be_reaped);
    await([&] { return control->dead_slot_plus_one.load() != 0; });
    ::kill(dead, SIGKILL);
    collect(dead);
  }
  control->go.store(1);
  await([&] { return control->inside.load() != 0; });
  control->writer_go.store(number);
  await([&] { return control->writer_waits.load() == number; });
  ::usleep(1000 + random.below(4000));  // by now it has the longest of its pauses, at any point of which the kill may come

  const std::uint64_t victim_before = processor_delay(victim);
  control->delay_before_ns.store(processor_delay(writer));
  control->window.store(segment == 0 ? kHere : kElsewhere);
  control->killed_ns.store(now_ns());
  ::kill(victim, SIGKILL);
  await([&] { return control->writer_done.load() == number; });
  control->window.store(kNotSampled);
  siginfo_t info;
  while (::waitid(P_PID, static_cast<id_t>(victim), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::uint64_t victim_after = processor_delay(victim);  // it is dead and not collected: the kernel still says
  collect(victim);
  sample.ms = static_cast<double>(control->held_ns.load() - control->killed_ns.load()) / 1e6;
  sample.delay_ms = static_cast<double>(std::max(control->delay_after_ns.load() - control->delay_before_ns.load(), victim_after - victim_before)) / 1e6;
  return static_cast<Outcome>(control->outcome.load());
}

double quantile(std::vector<double> all, double q) {
  if (all.empty()) return 0;
  std::sort(all.begin(), all.end());
  return all[std::min(all.size() - 1, static_cast<std::size_t>(q * static_cast<double>(all.size())))];
}

double quantile(const Histogram& h, double q) {
  std::uint64_t total = 0;
  for (const std::uint64_t n : h) total += n;
  const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(total));
  std::uint64_t seen = 0;
  for (std::size_t ns = 0; ns < h.size(); ++ns)
    if ((seen += h[ns]) > wanted) return static_cast<double>(ns);
  return 0;
}

void print_row(const char* what, const std::vector<double>& ms) {
  std::printf("  %-44s %8zu %9.3f %9.3f %9.3f\n", what, ms.size(), quantile(ms, 0.5), quantile(ms, 0.99), quantile(ms, 1));
}

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t rounds = 1000;
  std::uint64_t seed = 1;
  double within = 0;
  CLI::App app{"Kills the owner of the host-wide lock inside it while a writer waits, and measures how long it waits and what readers notice."};
  app.add_option("--rounds", rounds, "kills on the reader's segment, and as many on another one")->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--seed", seed, "of the moments of the kills")->capture_default_str();
  app.add_option("--victim-megabytes", victim_megabytes, "memory that the victim has in use: the kernel gives that back before its locks");
  app.add_option("--median-within", within, "milliseconds; fail if the median is longer");
  app.allow_extras();  // `./run bench` hands every program the same arguments
  CLI11_PARSE(app, argc, argv);

  directory = "/dev/shm/e6-recovery-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror("recovery_bench: mkdtemp");
    return 3;
  }
  void* memory = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 3;
  control = ::new (memory) Control{};
  const pid_t writer = start(be_writer);
  const pid_t reader = start(be_reader);
  await([] { return control->writer_ready.load() != 0; });

  Random random(seed, 0);
  std::vector<double> all, net, by_kind[kKinds];
  std::uint32_t outcomes[kWrong + 1] = {};
  for (std::uint32_t i = 0; i < rounds; ++i) {
    control->window.store(kIdle);
    ::usleep(500);
    control->window.store(kNotSampled);
    const std::uint32_t kind = i % kKinds;
    for (const std::uint32_t segment : {i % 2, 1 - i % 2}) {
      Sample sample;
      ++outcomes[round_of(2 * i + 1 + (segment == i % 2 ? 0 : 1), segment, kind, writer, random, sample)];
      if (segment != 0) continue;
      all.push_back(sample.ms);
      net.push_back(std::max(0.0, sample.ms - sample.delay_ms));
      by_kind[kind].push_back(sample.ms);
    }
  }
  control->end.store(1);
  collect(writer);
  collect(reader);

  std::printf("from the kill of the lock's owner until a waiting writer has it, repaired (ms)\n");
  std::printf("  %-44s %8s %9s %9s %9s\n", "", "kills", "p50", "p99", "max");
  print_row("all", all);
  print_row("less what they waited for a processor", net);
  print_row("killed with nothing to repair", by_kind[kInside]);
  print_row("killed in a reap, totals written down", by_kind[kArmed]);
  print_row("killed in a reap, totals half brought over", by_kind[kHalfFolded]);
  std::printf("a snapshot, with a reading of the clock, while ... (ns)\n");
  std::printf("  %-44s %8s %9s %9s %9s\n", "", "looks", "p50", "p99", "p99.9");
  for (const std::uint32_t w : {kIdle, kElsewhere, kHere}) {
    const Histogram& h = control->histograms[w];
    std::uint64_t total = 0;
    for (const std::uint64_t n : h) total += n;
    std::printf("  %-44s %8.1fM %8.0f %9.0f %9.0f\n", kWindowNames[w], static_cast<double>(total) / 1e6, quantile(h, 0.5), quantile(h, 0.99), quantile(h, 0.999));
  }
  const double here = quantile(control->histograms[kHere], 0.999);
  std::printf("  p99.9 while killed on this segment: %.2f of idle, %.2f of while killed on another\n", here / quantile(control->histograms[kIdle], 0.999),
              here / quantile(control->histograms[kElsewhere], 0.999));
  if (outcomes[kTooLate] != 0) std::printf("in %u rounds the writer had waited for its 100 ms before the dead had gone\n", outcomes[kTooLate]);
  if (outcomes[kWrong] != 0) std::printf("WRONG: in %u rounds the writer got a lock that was not repaired, or none\n", outcomes[kWrong]);

  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  const bool slow = within != 0 && quantile(all, 0.5) > within;
  return outcomes[kWrong] == 0 && !slow ? 0 : 1;
}
