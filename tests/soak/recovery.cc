// recovery_bench: how long a blocked writer waits after the owner of the host-wide lock was killed inside it, and what readers notice.
//
// A round: a victim takes the lock, does a part of an operation, says so in memory that it shares with this program, and goes no further. A writer waits
// for the lock. The victim is killed; measured is from just before kill(2) until the writer has the lock, with everything repaired.
//
// The same rounds once more, for a reader that looks at snapshots without a pause: on its own segment, on another one, and while nobody is killed. It has a
// processor of its own, and everybody else the others, so that what the machine has to do does not take its time; where there is only one processor it sleeps
// between its looks.
//
// None of these processes may keep the others waiting by the way it is made, or the scheduler is measured and not the lock: this program sleeps while the time runs.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "os/clock.h"
#include "random.h"
#include "recovery_cast.h"

namespace {

using namespace e6;
using namespace e6::soak;
using namespace std::chrono_literals;

constexpr const char* kWindowNames[] = {"", "nobody is killed", "kills on another segment", "kills on this segment"};
constexpr unsigned kShortPauseUs = 30;
constexpr unsigned kPauseInWindowUs = 1'000;
constexpr unsigned kIdleWindowUs = 250;

template <typename Condition>
void await(const Condition& condition, unsigned pause_us = kShortPauseUs) {
  const auto end = os::steady_now() + 20s;
  while (!condition()) {
    if (os::steady_now() > end) {
      std::fprintf(stderr, "recovery_bench: somebody does not do what it is told\n");
      std::exit(3);
    }
    ::usleep(pause_us);
  }
}

struct Sample {
  double ms = 0;
  double delay_ms = 0;  // of it, the victim was ready to die, or the writer to look, and had no processor: the longer of the two
};

struct Round {
  std::uint32_t number;
  std::uint32_t segment;
  std::uint32_t kind;
  std::uint32_t window;
};

Outcome play(const Round& round, pid_t writer, Random& random, Sample& sample) {
  Control& c = control();
  c.segment.store(round.segment);
  c.kind.store(round.kind);
  for (auto* flag : {&c.joined, &c.go, &c.inside, &c.dead_slot_plus_one}) flag->store(0);
  const pid_t victim = start(be_victim);
  await([&] { return c.joined.load() != 0; });
  if (round.kind != kInside) {
    const pid_t dead = start(be_reaped);
    await([&] { return c.dead_slot_plus_one.load() != 0; });
    ::kill(dead, SIGKILL);
    collect(dead);
  }
  c.go.store(1);
  await([&] { return c.inside.load() != 0; });
  c.writer_go.store(round.number);
  await([&] { return c.writer_waits.load() == round.number; });
  ::usleep(1000 + random.below(4000));  // by now it has the longest of its pauses, at any point of which the kill may come

  const std::uint64_t victim_before = processor_delay(victim);
  c.delay_before_ns.store(processor_delay(writer));
  c.window.store(round.window);
  c.killed_ns.store(now_ns());
  ::kill(victim, SIGKILL);
  await([&] { return c.writer_done.load() == round.number; }, kPauseInWindowUs);  // the writer has ended the window
  siginfo_t info;
  while (::waitid(P_PID, static_cast<id_t>(victim), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::uint64_t victim_after = processor_delay(victim);  // it is dead and not collected: the kernel still says
  collect(victim);
  sample.ms = static_cast<double>(c.held_ns.load() - c.killed_ns.load()) / 1e6;
  sample.delay_ms = static_cast<double>(std::max(c.delay_after_ns.load() - c.delay_before_ns.load(), victim_after - victim_before)) / 1e6;
  return static_cast<Outcome>(c.outcome.load());
}

/// The reader alone on the last of the processors that this program may use, everybody else on the others. False: there is only one.
bool give_a_processor_of_its_own(pid_t reader, pid_t writer) {
  cpu_set_t all;
  if (::sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) < 2) return false;
  std::size_t last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &all)) --last;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  CPU_CLR(last, &all);
  return ::sched_setaffinity(reader, sizeof one, &one) == 0 && ::sched_setaffinity(writer, sizeof all, &all) == 0 && ::sched_setaffinity(0, sizeof all, &all) == 0;
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

struct Times {
  std::vector<double> raw, net;
  void add(const Sample& s) {
    raw.push_back(s.ms);
    net.push_back(std::max(0.0, s.ms - s.delay_ms));
  }
};

void print_row(const std::string& what, const Times& t) {
  if (t.raw.empty()) return;
  std::printf("  %-44s %6zu %9.3f %9.3f %9.3f   %9.3f %9.3f\n", what.c_str(), t.raw.size(), quantile(t.raw, 0.5), quantile(t.raw, 0.99), quantile(t.raw, 1),
              quantile(t.net, 0.5), quantile(t.net, 0.99));
}

void print_readers() {
  std::printf("a snapshot, with a reading of the clock, while ... (ns)\n");
  std::printf("  %-44s %6s %9s %9s %9s\n", "", "looks", "p50", "p99", "p99.9");
  for (const std::uint32_t w : {kIdle, kElsewhere, kHere}) {
    const Histogram& h = control().histograms[w];
    std::uint64_t total = 0;
    for (const std::uint64_t n : h) total += n;
    std::printf("  %-44s %5.2fM %9.0f %9.0f %9.0f\n", kWindowNames[w], static_cast<double>(total) / 1e6, quantile(h, 0.5), quantile(h, 0.99), quantile(h, 0.999));
  }
  const double here = quantile(control().histograms[kHere], 0.999);
  std::printf("  p99.9 while killed on this segment: %.2f of idle, %.2f of while killed on another\n", here / quantile(control().histograms[kIdle], 0.999),
              here / quantile(control().histograms[kElsewhere], 0.999));
}

}  // namespace

int main(int argc, char** argv) {
  std::uint32_t rounds = 1000;
  std::uint64_t seed = 1;
  std::size_t ballast = 256;
  double within = 0;
  CLI::App app{"Kills the owner of the host-wide lock inside it while a writer waits, and measures how long it waits and what readers notice."};
  app.add_option("--rounds", rounds, "kills on the reader's segment, and as many on another one")->check(CLI::Range(1, 100'000))->capture_default_str();
  app.add_option("--seed", seed, "of the moments of the kills")->capture_default_str();
  app.add_option("--ballast", ballast, "MB that the victim of every tenth round has in use besides: the kernel gives that back before its files; 0: no such rounds")
      ->capture_default_str();
  app.add_option("--median-within", within, "milliseconds; fail if the median is longer");
  app.allow_extras();  // `./run bench` hands every program the same arguments
  CLI11_PARSE(app, argc, argv);

  std::string& directory = stage().directory;
  directory = "/dev/shm/e6-recovery-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror("recovery_bench: mkdtemp");
    return 3;
  }
  if (!make_control()) return 3;
  const pid_t writer = start(be_writer);
  const pid_t reader = start(be_reader);
  await([] { return control().writer_ready.load() != 0; });

  Random random(seed, 0);
  Times all, heavy, by_kind[kKinds];
  std::uint32_t outcomes[kWrong + 1] = {};
  std::uint32_t number = 0;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const std::uint32_t kind = i % kKinds;
    Sample sample;
    for (const std::uint32_t segment : {i % 2, 1 - i % 2}) {
      ++outcomes[play({++number, segment, kind, kNotSampled}, writer, random, sample)];
      if (segment != 0) continue;
      all.add(sample);
      by_kind[kind].add(sample);
    }
    if (ballast == 0 || i % 10 != 0) continue;
    stage().megabytes = ballast;
    ++outcomes[play({++number, 0, kind, kNotSampled}, writer, random, sample)];
    stage().megabytes = 0;
    heavy.add(sample);
  }
  const bool apart = give_a_processor_of_its_own(reader, writer);
  control().restless.store(apart ? 1 : 0);
  for (std::uint32_t i = 0; i < rounds; ++i) {
    control().window.store(kIdle);
    ::usleep(kIdleWindowUs);
    control().window.store(kNotSampled);
    Sample sample;
    for (const std::uint32_t segment : {i % 2, 1 - i % 2})
      ++outcomes[play({++number, segment, i % kKinds, segment == 0 ? kHere : kElsewhere}, writer, random, sample)];
  }
  control().end.store(1);
  collect(writer);
  collect(reader);

  std::printf("from the kill of the lock's owner until a waiting writer has it, repaired (ms)        less waits for a processor\n");
  std::printf("  %-44s %6s %9s %9s %9s   %9s %9s\n", "", "kills", "p50", "p99", "max", "p50", "p99");
  print_row("all", all);
  print_row("killed with nothing to repair", by_kind[kInside]);
  print_row("killed in a reap, totals written down", by_kind[kArmed]);
  print_row("killed in a reap, totals half brought over", by_kind[kHalfFolded]);
  print_row("besides: killed with " + std::to_string(ballast) + " MB in use", heavy);
  std::printf("  while it waits a writer takes %.1f %% of a processor\n",
              100 * static_cast<double>(control().ran_ns.load()) / static_cast<double>(std::max<std::int64_t>(1, control().waited_ns.load())));
  print_readers();
  if (outcomes[kTooLate] != 0) std::printf("in %u rounds the writer had waited for its 100 ms before the dead had gone\n", outcomes[kTooLate]);
  if (outcomes[kWrong] != 0) std::printf("WRONG: in %u rounds the writer got a lock that was not repaired, or none\n", outcomes[kWrong]);

  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  const bool slow = within != 0 && quantile(all.raw, 0.5) > within;
  return outcomes[kWrong] == 0 && !slow ? 0 : 1;
}
