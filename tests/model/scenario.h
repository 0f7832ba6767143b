// One question to the checker: a few processes that do something together, and what must hold whatever happens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "machine.h"

namespace e6::model {

struct Scenario {
  Scenario() = default;
  virtual ~Scenario() = default;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  Setup setup;
  virtual void prepare() = 0;          ///< before each run: the segment and the processes as they are at its start
  virtual void process(int which) = 0;  ///< what each of them does
  virtual void verify() {}             ///< after each complete run, alone
};

struct Known {
  std::string protocol;  ///< as in docs/protocols.md
  std::string sentence;  ///< what holds
  std::unique_ptr<Scenario> (*make)();
  unsigned switches;     ///< the short search's bound on switches
  unsigned oddities;     ///< and on values that are not the plain ones
};
std::vector<Known>& scenarios();

template <typename S>
struct Register {
  Register(const char* protocol, const char* sentence, unsigned switches, unsigned oddities = ~0U) {
    scenarios().push_back({protocol, sentence, []() -> std::unique_ptr<Scenario> { return std::make_unique<S>(); }, switches, oddities});
  }
};

}  // namespace e6::model
