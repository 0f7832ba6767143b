// simulation: random steps of simulated workers over the real coordinator, checked after every step against what the design says.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "mutants.h"
#include "world.h"

namespace {

using namespace e6;
using namespace e6::simulation;

struct Chosen {
  std::uint64_t steps = 1'000'000;
  std::uint64_t seed = 0;
  std::uint32_t workers = 0;
  std::string policy;
};

constexpr std::uint32_t kWorkers[] = {3, 12, 60, 200};
constexpr TransitionPolicy kPolicies[] = {TransitionPolicy::kOnCompletion, TransitionPolicy::kNextQuery, TransitionPolicy::kWhenIdle};

/// One run per number of workers and policy, with the steps shared among them.
std::vector<Setting> settings_of(const Chosen& chosen) {
  std::vector<Setting> all;
  for (const std::uint32_t workers : kWorkers)
    for (const TransitionPolicy policy : kPolicies) {
      if (chosen.workers != 0 && workers != kWorkers[0]) continue;
      if (!chosen.policy.empty() && chosen.policy != to_string(policy)) continue;
      Setting s;
      s.workers = chosen.workers != 0 ? chosen.workers : workers;
      s.policy = policy;
      all.push_back(s);
    }
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].steps = std::max<std::uint64_t>(chosen.steps / all.size(), 1);
    all[i].seed = all.size() == 1 ? chosen.seed : chosen.seed + i;
  }
  return all;
}

void show_violation(const World& world, const Setting& s) {
  std::printf("\nVIOLATION after %llu steps: %s\n", static_cast<unsigned long long>(world.figures().steps), world.violation().c_str());
  for (const std::string& line : world.story()) std::printf("  %s\n", line.c_str());
  std::printf("again: ./run model --steps %llu --seed %llu --workers %u --policy %s\n", static_cast<unsigned long long>(s.steps),
              static_cast<unsigned long long>(s.seed), s.workers, std::string(to_string(s.policy)).c_str());
}

void show(const Setting& s, const Figures& f) {
  const auto n = [](std::uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf("%4u  %-13s %10llu %8llu %8llu %8llu %8llu %8llu %8llu %8llu %7llu %7llu %7llu\n", s.workers, std::string(to_string(s.policy)).c_str(),
              n(s.seed), n(f.steps), n(f.queries), n(f.requests), n(f.refusals), n(f.old_news), n(f.changes), n(f.probes), n(f.take_overs), n(f.kills),
              n(f.stops));
  std::fflush(stdout);
}

int check(const Chosen& chosen) {
  std::printf("workers policy           seed    steps  queries requests     456s old-456s  changes   probes   taken   kills   stops\n");
  std::uint64_t steps = 0;
  for (const Setting& s : settings_of(chosen)) {
    World world(s);
    world.run();
    show(s, world.figures());
    steps += world.figures().steps;
    if (!world.violation().empty()) {
      show_violation(world, s);
      return 1;
    }
  }
  std::printf("%llu steps, 0 violations\n", static_cast<unsigned long long>(steps));
  return 0;
}

/// Every guard of libshared that is broken on purpose must be noticed.
int check_mutants(const Chosen& chosen) {
  int survivors = 0;
  for (std::size_t i = 0; i < mutant_names().size(); ++i) {
    e6_mutant = static_cast<int>(i) + 1;
    std::uint64_t steps = 0;
    std::string violation;
    for (const Setting& s : settings_of(chosen)) {
      World world(s);
      world.run();
      steps += world.figures().steps;
      violation = world.violation();
      if (!violation.empty()) break;
    }
    survivors += violation.empty() ? 1 : 0;
    const std::string verdict = violation.empty() ? "NOT NOTICED in" : "noticed after";
    std::printf("%-76s %s %llu steps%s%s\n", mutant_names()[i].c_str(), verdict.c_str(), static_cast<unsigned long long>(steps),
                violation.empty() ? "" : ": ", violation.c_str());
    std::fflush(stdout);
  }
  std::printf("%zu mutants, %d not noticed\n", mutant_names().size(), survivors);
  return survivors == 0 && !mutant_names().empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Chosen chosen;
  bool mutants = false;
  CLI::App app{
      "Random workers, an engine and operators over the real coordinator; after every step the host must know what the design says.\n"
      "Example: simulation --steps 200000 --seed 7 --workers 60 --policy when-idle"};
  app.add_option("--steps", chosen.steps, "Steps in all, shared among the runs")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000'000}));
  app.add_option("--seed", chosen.seed, "Seed of the first run; 0 chooses one")->check(CLI::NonNegativeNumber);
  app.add_option("--workers", chosen.workers, "Workers; without, runs with 3, 12, 60 and 200")->check(CLI::Range(1, 240));
  app.add_option("--policy", chosen.policy, "Transition policy; without, a run with each")->check(CLI::IsMember({"on-completion", "next-query", "when-idle"}));
  app.add_flag("--mutants", mutants, "Break one guard of libshared after the other, and expect that to be noticed");
  CLI11_PARSE(app, argc, argv);
  if (chosen.seed == 0) chosen.seed = std::random_device{}();
  return mutants ? check_mutants(chosen) : check(chosen);
}
