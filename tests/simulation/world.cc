#include "world.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <utility>

#include "clock.h"

namespace e6::simulation {
namespace {

constexpr std::size_t kNodes = 3;
constexpr std::size_t kStory = 60;

Options make_options(const Setting& setting, const std::string& directory) {
  Options o;
  o.cluster = "simulated.example:9000";
  o.directory = directory;
  o.policy = setting.policy;
  o.ttl = std::chrono::seconds(60);
  o.detection_timeout = std::chrono::seconds(3);
  o.drain_timeout = std::chrono::seconds(2);
  o.negative_ttl = std::chrono::seconds(1);
  return o;
}

std::string make_directory() {
  char name[] = "/dev/shm/e6-simulation-XXXXXX";
  return ::mkdtemp(name) != nullptr ? name : std::string();
}

}  // namespace

World::World(const Setting& setting)
    : setting_(setting), options_(make_options(setting, make_directory())), random_(setting.seed), engine_(kNodes), expected_(options_) {
  reset_clock();
  place_.directory = options_.directory;
  place_.cluster = options_.cluster;
  place_.uid = ::geteuid();
  for (std::uint32_t i = 0; i < setting_.workers && violation_.empty(); ++i) add_worker();
  file_ = os::Fd(::open(place_.path().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file_.valid() || os::Mapping::map(file_.get(), sizeof(layout::Segment), false, mapping_))
    violated("there is no segment to look at in '" + options_.directory + "'");
  else
    segment_ = static_cast<const layout::Segment*>(mapping_.data());
}

World::~World() {
  for (auto& w : workers_) kill(std::move(w));
  ::unlink(place_.path().c_str());
  ::rmdir(options_.directory.c_str());
}

void World::tell(const Worker* w, std::string what) {
  if (story_.size() == kStory) story_.pop_front();
  story_.push_back(std::to_string(figures_.steps) + " at " + std::to_string(now_ms()) + " ms  " +
                   (w != nullptr ? "worker " + std::to_string(w->number) + " " : std::string()) + std::move(what));
}

void World::add_worker() {
  workers_.push_back(std::make_unique<Worker>(next_number_++, options_, place_));
  Worker& w = *workers_.back();
  if (w.host->mode() != Mode::kShared) violated("a worker cannot take part: " + w.host->degraded_by().sentence());
}

void World::run() {
  while (figures_.steps < setting_.steps && violation_.empty()) {
    ++figures_.steps;
    step();
  }
}

void World::step() {
  if (workers_.size() < setting_.workers && random_.chance(20)) return join();
  const std::uint64_t dice = random_.below(1000);
  if (dice < 60) return let_time_pass();
  if (dice < 68) return tell(nullptr, engine_.change(random_));
  const std::size_t at = random_.below(workers_.size());
  if (dice < 90) return disturb(at);
  Worker& w = *workers_[at];
  if (w.stopped && random_.chance(200)) {
    w.stopped = false;
    tell(&w, "goes on");
  }
  if (w.stopped) return;
  if (dice < 92) return operate(w);
  if (dice < 110) return look_around(w);
  if (dice < 118) return end_for_another(w);
  if (w.late && dice < 300) {
    Request late = std::move(*w.late);
    w.late.reset();
    if (!late.answer) answer(w, late);
    tell(&w, "hears at last what it gave up waiting for");
    return hear(w, late);
  }
  work(w);
}

// Mostly moments; sometimes longer than a lease or a drain time-out, seldom longer than the colour lives.
void World::let_time_pass() {
  std::uint64_t ms = random_.between(1, 20);
  if (random_.chance(30)) ms = random_.between(300, 2'500);
  if (random_.chance(3)) ms = random_.between(10'000, 90'000);
  advance_clock(ms);
}

void World::disturb(std::size_t at) {
  Worker& w = *workers_[at];
  switch (random_.below(6)) {
    case 0:
      if (workers_.size() == 1) return;
      tell(&w, "is killed");
      ++figures_.kills;
      return lose(at);
    case 1: {  // a child: a participant of its own, that knows the epochs its parent knew
      if (w.stopped) return;
      ++figures_.forks;
      const bool alone = workers_.size() == setting_.workers;  // no room for both
      tell(&w, alone ? "forks, and goes on as its child" : "forks a child");
      const std::optional<Request> inherited = w.late;
      if (alone) lose(at);
      join();
      workers_.back()->late = inherited;
      return;
    }
    default:
      if (w.stopped) return;
      w.stopped = true;
      ++figures_.stops;
      return tell(&w, "is stopped");
  }
}

// What it leaves stays until somebody looks for the dead.
void World::lose(std::size_t at) {
  const Worker& w = *workers_[at];
  if (w.running()) dead_with_queries_.push_back({w.slot(), w.incarnation()});
  expected_.died(w.number);
  kill(std::move(workers_[at]));
  workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(at));
}

void World::join() {
  expected_.tick();
  add_worker();  // whoever joins reaps the dead, and applies nothing
  (void)reaped_a_running_query();
  compare("a worker joined");
}

void World::look_around(Worker& w) {
  expected_.tick();
  const Snapshot s = w.host->snapshot();
  if (s.usable != expected_.usable() || s.both_refused != expected_.both_refused()) violated("a snapshot is usable, or refused, when it ought not to be");
  if (s.usable && s.active != expected_.colours().active) violated("a snapshot has another active colour than the host's");
  if (const std::uint32_t n = w.host->in_flight(); n != running())
    violated("the host counts " + std::to_string(n) + " queries in flight, there are " + std::to_string(running()));
  const Worker& other = *workers_[random_.below(workers_.size())];
  if (!other.running() || other.query.empty()) return;
  const auto pin = w.host->find_query(other.query);
  if (!pin)
    violated("a bound query of worker " + std::to_string(other.number) + " cannot be found");
  else if (pin->strategy != other.colour || pin->engine_address != "engine-" + other.query)
    violated("a query's pin has another colour or engine than the query");
}

void World::operate(Worker& w) {
  expected_.tick();
  switch (random_.below(8)) {
    case 0: {
      const Strategy colour = random_.chance(500) ? Strategy::kBlue : Strategy::kGreen;
      tell(&w, "as the operator sets " + std::string(to_string(colour)));
      expected_.set(colour);
      w.host->operate(layout::Change::kSet, colour);
      break;
    }
    case 1:
      tell(&w, "as the operator clears");
      expected_.clear();
      w.host->operate(layout::Change::kClear, Strategy::kNone);
      break;
    case 2:
    case 3:
      tell(&w, "as the operator expires the colour");
      expected_.expire();
      w.host->operate(layout::Change::kExpire, Strategy::kNone);
      break;
    default:
      tell(&w, "as the operator applies the pending colour");
      expected_.apply();
      w.host->operate(layout::Change::kApply, Strategy::kNone);
      break;
  }
  compare("an operator acted");
}

}  // namespace e6::simulation
