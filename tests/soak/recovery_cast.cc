#include "recovery_cast.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <new>
#include <vector>

#include "../access/coordinator_access.h"
#include "core/host_lock.h"
#include "core/totals.h"
#include "os/clock.h"

namespace e6::soak {
namespace {

// Without a processor of its own a reader that never sleeps would take one from those whose time is measured; with this it takes a third of one while it is
// asked to look, and nobody waits for it for longer than some tens of microseconds.
constexpr std::size_t kLooks = 1024;
constexpr std::size_t kLooksToWarmUp = 32;
constexpr unsigned kReaderPauseUs = 50;
constexpr unsigned long kReaderSlackNs = 1'000;

Control* memory = nullptr;

std::shared_ptr<Coordinator> attach(std::uint32_t segment) {
  Options o;
  o.cluster = segment == 0 ? "recovery:1" : "recovery:2";
  o.directory = stage().directory;
  o.required = true;
  auto attached = Coordinator::attach(o);
  if (!attached.coordinator) {
    std::fprintf(stderr, "recovery_bench: %s\n", attached.error.sentence().c_str());
    ::_exit(3);
  }
  return attached.coordinator;
}

std::int64_t ran_ns() {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

bool make_control() {
  void* at = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return false;
  memory = ::new (at) Control{};
  return true;
}
Control& control() { return *memory; }

Stage& stage() {
  static Stage it;
  return it;
}

std::uint64_t processor_delay(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/schedstat");
  std::uint64_t ran = 0;
  std::uint64_t waited = 0;
  file >> ran >> waited;
  return waited;
}

std::int64_t now_ns() { return os::steady_now().time_since_epoch().count(); }

pid_t start(void (*body)()) {
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
void be_reaped() {
  const auto c = attach(control().segment.load());
  (void)c->mismatch(Strategy::kBlue, {});
  control().dead_slot_plus_one.store(access::attachment_of(*c).slot.load() + 1);
  for (;;) ::pause();
}

void be_victim() {
  const auto c = attach(control().segment.load());
  core::Attachment& a = access::attachment_of(*c);
  const std::vector<char> ballast(stage().megabytes << 20, 1);
  control().joined.store(1);
  while (control().go.load() == 0) ::usleep(30);
  const core::HostLock lock(a);
  if (!lock.held()) ::_exit(3);
  const std::uint32_t kind = control().kind.load();
  if (kind != kInside) {
    const std::uint32_t slot = control().dead_slot_plus_one.load() - 1;
    layout::Segment& s = *a.segment;
    core::arm_fold(s, slot, static_cast<std::uint64_t>(EventKind::kDied));
    if (kind == kHalfFolded)
      for (std::uint32_t i = 0; i < layout::kCounters / 2; ++i) s.totals.counters[i].store(s.journal.totals[i].load());
  }
  control().inside.store(1);
  for (;;) ::pause();
}

void be_writer() {
  const std::shared_ptr<Coordinator> both[] = {attach(0), attach(1)};
  Control& c = control();
  std::uint32_t round = 0;
  c.writer_ready.store(1);
  while (c.end.load() == 0) {
    if (c.writer_go.load() == round) {
      ::usleep(30);
      continue;
    }
    round = c.writer_go.load();
    core::Attachment& a = access::attachment_of(*both[c.segment.load()]);
    c.writer_waits.store(round);
    const std::int64_t ran_before = ran_ns();
    const std::int64_t before = now_ns();
    {
      const core::HostLock lock(a);
      const std::int64_t held = now_ns();
      c.window.store(kNotSampled);
      c.held_ns.store(held);
      c.waited_ns.store(c.waited_ns.load() + held - before);
      c.ran_ns.store(c.ran_ns.load() + ran_ns() - ran_before);
      c.delay_after_ns.store(processor_delay(::getpid()));
      const std::uint32_t dead = c.dead_slot_plus_one.load();
      const bool folded = c.kind.load() == kInside || a.segment->participants[dead - 1].tag.load() == 0;
      const bool repaired = lock.recovered() && a.segment->journal.armed.load() == 0 && folded;
      c.outcome.store(lock.held() && repaired ? kRepaired : lock.state() == core::HostLock::State::kBusy ? kTooLate : kWrong);
    }
    c.writer_done.store(round);
  }
  ::_exit(0);
}

// Every look is timed, so each time contains one reading of the clock; they are filed when the burst is over. The first after a pause are not counted: they measure what others did to the caches
// in the pause, which is more while somebody is killed, wherever.
void be_reader() {
  (void)::prctl(PR_SET_TIMERSLACK, kReaderSlackNs);
  const auto c = attach(0);
  (void)c->set(Strategy::kBlue);
  std::array<os::SteadyTime, kLooksToWarmUp + kLooks> times;
  while (control().end.load(std::memory_order_relaxed) == 0) {
    if (control().restless.load(std::memory_order_relaxed) == 0) ::usleep(kReaderPauseUs);
    const std::uint32_t window = control().window.load(std::memory_order_relaxed);
    if (window == kNotSampled) continue;
    for (os::SteadyTime& t : times) {
      if (!c->snapshot().usable) ::_exit(3);
      t = os::steady_now();
    }
    for (std::size_t i = kLooksToWarmUp; i < times.size(); ++i) {
      const auto ns = static_cast<std::uint64_t>((times[i] - times[i - 1]).count());
      ++control().histograms[window][std::min<std::uint64_t>(ns, kNanoseconds)];
    }
  }
  ::_exit(0);
}

}  // namespace e6::soak
