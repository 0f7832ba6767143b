#include "conductor.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "../access/coordinator_access.h"
#include "os/clock.h"
#include "readers.h"
#include "worker.h"

namespace e6::soak {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kStuckMs = 15'000;
constexpr auto kHomecoming = 60s;
constexpr std::uint32_t kCrowd = 8;  // forks may add as many to the workers

}  // namespace

Conductor::Conductor(Area& area, const Plan& plan) : area_(area), plan_(plan), random_(plan.seed, ~0ULL) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // a worker's child whose parent is killed becomes the conductor's
  beat();
  auto attached = Coordinator::attach(worker_options(area_, plan.seed));
  if (!attached.coordinator) {
    std::fprintf(stderr, "soak: %s\n", attached.error.sentence().c_str());
    std::exit(3);
  }
  coordinator_ = std::move(attached.coordinator);
  core::Attachment& a = attachment();
  const std::uint64_t mine = a.incarnation.load(std::memory_order_relaxed);
  area_.incarnation(mine).stay.store(static_cast<std::uint32_t>(Stay::kJoined), std::memory_order_relaxed);
  historian_ = std::make_unique<Historian>(*a.segment, area_);
}

core::Attachment& Conductor::attachment() const noexcept { return access::attachment_of(*coordinator_); }

void Conductor::beat() { area_->conductor_ms.store(os::monotonic_ms(), std::memory_order_relaxed); }

void Conductor::run() {
  start_readers();
  while (deeds_.kills < plan_.kills) {
    beat();
    historian_->poll();
    collect();
    wake(false);
    doom();
    while (living_.size() + starting_.size() < plan_.workers) start_worker();
    if (!living_.empty()) act();
    look_for_the_stuck();
    report(false);
    ::usleep(random_.below(1500));
  }
  report(true);
  send_home();
  deeds_.seconds = std::chrono::duration<double>(Clock::now() - began_).count();
}

void Conductor::start_readers() {
  std::fflush(nullptr);
  for (int i = 0; i < 3; ++i) {
    if (::fork() != 0) continue;
    coordinator_.reset();
    if (i == 2) run_auditor(area_);
    run_reader(area_);
  }
}

void Conductor::start_worker() {
  const bool exec = random_.one_in(3);
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) {
    std::perror("soak: fork");
    std::exit(3);
  }
  if (pid == 0) {
    if (!exec) run_worker(area_, std::move(coordinator_));
    const std::string fd = std::to_string(area_.fd());
    ::execl("/proc/self/exe", "soak", "worker", fd.c_str(), static_cast<char*>(nullptr));
    ::_exit(3);
  }
  starting_.insert(pid);
  ++deeds_.started;
  if (exec) ++deeds_.started_by_exec;
}

void Conductor::adopt() {
  const std::uint32_t used = area_.used_lives();
  for (; adopted_ < used; ++adopted_) unborn_.push_back(adopted_);
  std::erase_if(unborn_, [&](std::uint32_t number) {
    const Life& life = area_.life(number);
    // acquire: pairs with the release in begin_life
    const auto pid = static_cast<pid_t>(life.pid.load(std::memory_order_acquire));
    if (pid == 0) return false;
    by_pid_[pid] = number;
    starting_.erase(pid);
    if (life.reader.load(std::memory_order_relaxed) == 0) living_.push_back(number);
    return true;
  });
  std::erase_if(living_, [&](std::uint32_t number) {
    const auto fate = static_cast<Fate>(area_.life(number).fate.load(std::memory_order_acquire));
    if (fate == Fate::kTimed) {
      ++deeds_.kills;
      ++deeds_.by_timer;
    }
    return fate != Fate::kLiving;
  });
}

// A process id is forgotten when its process is collected, and not used after that: by then it may be somebody else's.
void Conductor::collect() {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
    adopt();
    if (starting_.erase(pid) != 0) area_.complain("process %d ended before it was anybody", pid);
    const auto it = by_pid_.find(pid);
    if (it == by_pid_.end()) continue;
    const std::uint32_t number = it->second;
    by_pid_.erase(it);
    Life& life = area_.life(number);
    const auto fate = static_cast<Fate>(life.fate.load(std::memory_order_acquire));
    const bool signalled = WIFSIGNALED(status) && (WTERMSIG(status) != SIGKILL || !killed(fate));
    if (fate == Fate::kLiving || signalled)
      area_.complain("life %u (process %d) ended by itself in %s: %s %d", number, pid,
                     std::string(to_string(static_cast<Doing>(life.doing.load(std::memory_order_relaxed)))).c_str(),
                     WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    std::uint32_t living = 0;
    life.fate.compare_exchange_strong(living, static_cast<std::uint32_t>(Fate::kVanishes), std::memory_order_relaxed);
  }
  adopt();
}

void Conductor::wake(bool all) {
  const auto now = Clock::now();
  std::erase_if(asleep_, [&](const Wake& w) {
    if (!all && now < w.when) return false;
    if (by_pid_.contains(w.pid)) ::kill(w.pid, SIGCONT);
    area_.life(w.life).since_ms.store(os::monotonic_ms(), std::memory_order_relaxed);
    return true;
  });
}

bool Conductor::kill(std::uint32_t number) {
  Life& life = area_.life(number);
  std::uint32_t living = 0;
  if (!life.fate.compare_exchange_strong(living, static_cast<std::uint32_t>(Fate::kKilled), std::memory_order_acq_rel)) return false;
  const auto pid = static_cast<pid_t>(life.pid.load(std::memory_order_relaxed));
  if (std::any_of(asleep_.begin(), asleep_.end(), [&](const Wake& w) { return w.pid == pid; })) ++deeds_.killed_while_stopped;
  ::kill(pid, SIGKILL);
  ++deeds_.kills;
  return true;
}

void Conductor::stop(std::uint32_t number) {
  Life& life = area_.life(number);
  const auto pid = static_cast<pid_t>(life.pid.load(std::memory_order_relaxed));
  if (life.fate.load(std::memory_order_acquire) != 0 || !by_pid_.contains(pid)) return;
  const bool longer = random_.one_in(50);  // longer than the lock's bound, and now and then than a lease
  const auto span = longer ? std::chrono::microseconds(120'000 + random_.below(300'000)) : std::chrono::microseconds(100 + random_.below(30'000));
  life.stops.fetch_add(1, std::memory_order_relaxed);
  ::kill(pid, SIGSTOP);
  life.stops.fetch_add(1, std::memory_order_relaxed);  // once more: a step may have begun between the two above
  asleep_.push_back({Clock::now() + span, pid, number});
  ++deeds_.stops;
  if (longer) ++deeds_.long_stops;
}

void Conductor::command(std::uint32_t number, Command what) {
  area_.life(number).command.store(static_cast<std::uint32_t>(what), std::memory_order_relaxed);
  ++deeds_.commands[static_cast<std::size_t>(what)];
}

void Conductor::act() {
  const std::uint32_t victim = living_[random_.below(static_cast<std::uint32_t>(living_.size()))];
  const bool crowded = living_.size() > plan_.workers + kCrowd;
  const std::uint32_t dice = random_.below(100);
  if (dice < 20 || crowded) {
    kill(victim);
  } else if (dice < 65) {
    command(victim, Command::kTime);
  } else if (dice < 80) {
    stop(victim);
  } else if (dice < 90) {
    command(victim, random_.one_in(3) ? Command::kForkTwice : Command::kFork);
    doomed_.push_back(victim);
  } else if (dice < 93) {
    command(victim, Command::kExec);
  } else if (dice < 96) {
    command(victim, Command::kVanish);
  } else {
    command(victim, Command::kReturn);
  }
}

// Who was told to fork has done it, or dies in the middle of it: the parent or, as the newest life, more likely the child.
void Conductor::doom() {
  if (doomed_.empty() || !random_.one_in(3)) return;
  const std::uint32_t parent = doomed_.back();
  doomed_.pop_back();
  const std::uint32_t child = living_.empty() ? parent : living_.back();
  switch (random_.below(3)) {
    case 0:
      kill(parent);
      return;
    case 1:
      kill(child);
      return;
    default:
      kill(parent);
      kill(child);
  }
}

void Conductor::look_for_the_stuck() {
  if (Clock::now() < next_look_) return;
  next_look_ = Clock::now() + 1s;
  const std::uint64_t now = os::monotonic_ms();
  for (const std::uint32_t number : living_) {
    Life& life = area_.life(number);
    const auto doing = static_cast<Doing>(life.doing.load(std::memory_order_relaxed));
    const std::uint64_t since = life.since_ms.load(std::memory_order_relaxed);
    const auto pid = static_cast<pid_t>(life.pid.load(std::memory_order_relaxed));
    const bool asleep = std::any_of(asleep_.begin(), asleep_.end(), [&](const Wake& w) { return w.pid == pid; });
    if (doing == Doing::kNothing || asleep || now < since + kStuckMs) continue;
    area_.complain("stuck: life %u (process %d) has been in %s for %llu ms", number, pid, std::string(to_string(doing)).c_str(),
                   static_cast<unsigned long long>(now - since));
    life.since_ms.store(now, std::memory_order_relaxed);
  }
}

void Conductor::report(bool last) {
  const auto now = Clock::now();
  if (!last && now < next_report_) return;
  next_report_ = now + 5s;
  std::printf("%7.1f s  kills %llu  stops %llu  lives %u  events %llu  snapshots %llu  complaints %u\n", std::chrono::duration<double>(now - began_).count(),
              static_cast<unsigned long long>(deeds_.kills), static_cast<unsigned long long>(deeds_.stops), area_.used_lives(),
              static_cast<unsigned long long>(historian_->events()), static_cast<unsigned long long>(area_->readers.snapshots.load()),
              area_->complaints.load());
  std::fflush(stdout);
}

void Conductor::send_home() {
  area_->stop.store(1, std::memory_order_release);
  const auto end = Clock::now() + kHomecoming;
  for (;;) {
    beat();
    wake(true);
    historian_->poll();
    collect();
    if (living_.empty() && by_pid_.empty() && ::waitpid(-1, nullptr, WNOHANG) < 0) return;
    if (Clock::now() > end) break;
    ::usleep(500);
  }
  for (const auto& [pid, number] : by_pid_) {
    area_.complain("stuck: life %u (process %d) did not come home from %s", number, pid,
                   std::string(to_string(static_cast<Doing>(area_.life(number).doing.load()))).c_str());
    ::kill(pid, SIGKILL);
  }
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

}  // namespace e6::soak
