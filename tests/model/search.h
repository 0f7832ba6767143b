// How the alternatives of the machine are gone through: all of them (depth first, leaving out what is known already), at random, or the ones of a replay.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "machine.h"

namespace e6::model {

struct Scenario;

struct Limits {
  unsigned max_switches = ~0U;  ///< away from a thread that could go on
  unsigned max_oddities = ~0U;  ///< values that are not the plain ones
  std::chrono::milliseconds time{60'000};  ///< of the processor
  std::uint64_t seed = 0;       ///< not 0: at random until the time is over
};

struct Findings {
  std::uint64_t runs = 0;      ///< executions, complete and cut short
  std::uint64_t complete = 0;  ///< of them, to the end of all threads
  std::uint64_t states = 0;    ///< different ones
  bool exhausted = false;      ///< everything within the limits was explored
  std::string violation;       ///< empty: none
  std::string replay;
  std::vector<std::string> trace;
  double seconds = 0;
};

Findings explore(Scenario& scenario, const Limits& limits);
Findings replay(Scenario& scenario, const std::string& choices);

}  // namespace e6::model
