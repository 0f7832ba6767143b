// The machine that the checker runs libshared on: a few threads, each standing for a process, that are switched only where the search says so, over a
// memory that keeps for every location the order of its stores (docs/protocols.md says which memory model this is).
//
// machine.cc         the steps of a thread on the memory
// machine_turns.cc   threads, switches, kills
// machine_kernel.cc  the kernel's part
// memory.cc          what loads may return
// search.cc          which alternatives are taken
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace e6::model {

inline constexpr int kMaxThreads = 4;
inline constexpr int kNobody = -1;

/// What an alternative is about.
enum class Ask : char {
  kSwitch = '>',  ///< which thread goes on
  kValue = '=',   ///< which store a load returns, where a store goes, whether a weak compare-and-swap fails
  kKill = '!',    ///< which thread is killed here
  kOther = '?',   ///< asked by a scenario
};

/// Where the search comes in. Alternative 0 is always the one of a plain run: no switch, the latest value, no kill.
class Chooser {
 public:
  virtual ~Chooser() = default;
  /// Takes one of `count` alternatives of the `tick`-th question. `answers`: what the replay calls each of them.
  virtual unsigned choose(std::uint32_t tick, Ask ask, const std::uint8_t* answers, unsigned count) = 0;
  /// Has a state of this fingerprint been explored with at least as many switches left? Then the rest is known.
  virtual bool known(std::uint64_t fingerprint, unsigned switches_used) = 0;
};

struct Setup {
  int threads = 0;
  unsigned killable = 0;    ///< bit per thread
  unsigned kills = 0;       ///< at most this many
  unsigned spurious = 1;    ///< weak compare-and-swaps that fail without reason, per thread
  unsigned max_switches = ~0U;  ///< away from a thread that could go on
  unsigned max_oddities = ~0U;  ///< loads that do not return the latest store, stores that go before others, and the like
  bool all_points = false;  ///< ask at locations of one thread too (replays do)
  bool trace = false;
};

enum class End : std::uint8_t { kComplete, kKnown, kViolated, kNewlyShared };

/// Runs `body(thread)` for all threads to their end. `violation` says what failed.
End run(const Setup& setup, Chooser& chooser, const std::function<void(int)>& body, const std::function<void()>& verify, std::string& violation);
/// Forgets what was learned about who touches which location.
void forget_sharing() noexcept;
/// The lines of the last run with `Setup::trace`.
const std::vector<std::string>& trace_lines() noexcept;

// For scenarios, in a running thread or in verify.

/// Ends the run with a violation unless `fine`.
void check(bool fine, const char* what);
[[noreturn]] void violated(const std::string& what);
/// Asks the search.
unsigned pick(unsigned count);
/// Puts a line into the trace.
void note(const std::string& text);
[[nodiscard]] int this_thread() noexcept;  ///< kNobody outside of the threads
[[nodiscard]] bool was_killed(int thread) noexcept;
[[nodiscard]] unsigned kills_so_far() noexcept;

/// The stores to a location in their order, and whose they were; the first is what it held before the run.
struct Stored {
  std::uint64_t value;
  int thread;
};
std::vector<Stored> history(const void* location);

// For the kernel's part (kernel.cc). Each kernel object orders its operations: who comes later sees what the earlier ones did.

using Object = unsigned;
inline constexpr Object kMaxObjects = 32;
/// A step on a kernel object: what earlier ones published there is visible from now on.
void kernel_step(Object object, const char* what);
/// A step that only looks; what it saw goes to `observe`.
void kernel_look(const char* what);
/// Makes visible what was published at an object.
void kernel_join(Object object);
/// Something that the thread got from outside of the memory becomes part of its past.
void observe(std::uint64_t value);
/// The latest store to a location, as the kernel sees it. The location must have been used.
std::uint64_t latest_value(const void* location);
/// Publishes there what this thread did so far.
void kernel_publish(Object object);
/// What a killed thread did is visible from now on.
void learn_death(int thread);
/// Suspends the thread until `ready`; false when nothing else can happen any more and the wait ends by time-out.
bool wait_until(const std::function<bool()>& ready, const char* what);
/// Called with each thread that is killed.
void on_kill(void (*handler)(int thread));

/// What a location is called in traces.
void name_locations(std::string (*namer)(const void* at));

}  // namespace e6::model
