// What the parts of the machine share: its threads, where it stands in a run, and the questions that it puts to the search. For machine*.cc only.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "machine.h"
#include "memory.h"

namespace e6::model {

enum class Phase : std::uint8_t { kOutside, kThreads, kVerify };

struct Thread {
  ucontext_t context;
  bool finished = false;
  bool killed = false;
  const std::function<bool()>* waits_for = nullptr;
  bool timed_out = false;
  bool arena = false;
};

struct KernelObject {
  View view;
  std::uint64_t chain = 0;
  bool used = false;
};

struct Machine {
  Memory memory;
  std::array<Thread, kMaxThreads> threads;
  std::array<KernelObject, kMaxObjects> objects;
  ucontext_t main;
  const Setup* setup = nullptr;
  Chooser* chooser = nullptr;
  const std::function<void(int)>* body = nullptr;
  Phase phase = Phase::kOutside;
  int current = kNobody;
  std::uint32_t tick = 0;
  unsigned switches = 0;
  unsigned oddities = 0;
  unsigned kills = 0;
  End end = End::kComplete;
  std::string violation;
  bool newly_shared = false;
  void (*on_kill)(int) = nullptr;
  std::string (*namer)(const void*) = nullptr;
  std::vector<std::string> lines;
};

extern Machine m;

/// Puts a line into the trace.
void add_line(const std::string& text);
/// Asks which store a load returns and the like; an answer other than 0 counts as an oddity.
unsigned ask_value(unsigned count);
/// Asks the search.
unsigned ask(Ask what, const std::uint8_t* answers, unsigned count);
/// The place between two steps: here the search may switch or kill. `shared`: others use what the step is about.
void point(bool shared);
/// Goes on with another thread because the current one cannot. Returns when the current one may go on after all.
void go_on_elsewhere();
[[noreturn]] void leave_run(End how);
/// The answers 0, 1, 2 ...
extern const std::array<std::uint8_t, 256> kNumbers;

}  // namespace e6::model
