#include "machine.h"

#include <ucontext.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "arena.h"
#include "atomic.h"
#include "memory.h"

namespace e6::model {
namespace {

constexpr std::size_t kStack = std::size_t{256} << 10;
constexpr std::uint32_t kMaxTicks = 20'000;  // far beyond what any run takes: nothing here waits without a bound

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

alignas(64) char stacks[kMaxThreads][kStack];

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

Machine m;

bool enabled(int t) {
  const Thread& thread = m.threads[static_cast<unsigned>(t)];
  return !thread.finished && !thread.killed && (thread.waits_for == nullptr || (*thread.waits_for)());
}

void add_line(const std::string& text) {
  if (!m.setup->trace) return;
  ArenaMode off(false);
  char head[32];
  if (m.current == kNobody)
    std::snprintf(head, sizeof head, "%6s       ", "after");
  else
    std::snprintf(head, sizeof head, "%6u  P%d   ", m.tick, m.current);
  m.lines.push_back(head + text);
}

[[noreturn]] void leave_run(End how) {
  m.end = how;
  set_arena_mode(false);
  ::setcontext(&m.main);
  std::abort();
}

void switch_to(int t) {
  const int from = m.current;
  if (from == t) return;
  m.current = t;
  if (from == kNobody) {
    set_arena_mode(true);
    ::setcontext(&m.threads[static_cast<unsigned>(t)].context);
    std::abort();
  }
  Thread& self = m.threads[static_cast<unsigned>(from)];
  self.arena = arena_mode();
  set_arena_mode(m.threads[static_cast<unsigned>(t)].arena);
  ::swapcontext(&self.context, &m.threads[static_cast<unsigned>(t)].context);
}

unsigned ask(Ask what, const std::uint8_t* answers, unsigned count) {
  ++m.tick;
  if (count < 2) return 0;
  ArenaMode off(false);
  return m.chooser->choose(m.tick, what, answers, count);
}

constexpr std::array<std::uint8_t, 256> kNumbers = [] {
  std::array<std::uint8_t, 256> all{};
  for (unsigned i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  return all;
}();

unsigned ask_value(unsigned count) {
  const unsigned taken = ask(Ask::kValue, kNumbers.data(), m.oddities < m.setup->max_oddities ? count : 1);
  if (taken != 0) ++m.oddities;
  return taken;
}

std::uint64_t fingerprint() {
  std::uint64_t f = m.memory.fingerprint();
  for (int t = 0; t < m.setup->threads; ++t) f += mix(static_cast<unsigned>(t) + 77, m.memory.of(t).past);
  for (unsigned o = 0; o < kMaxObjects; ++o)
    if (m.objects[o].chain != 0) f += mix(o + 999, m.objects[o].chain);
  if (m.setup->max_oddities != ~0U) f += mix(m.oddities, 5);
  return mix(f, static_cast<std::uint64_t>(m.current + 1));
}

void kill(int t) {
  add_line("-- P" + std::to_string(t) + " is killed");
  ++m.kills;
  m.threads[static_cast<unsigned>(t)].killed = true;
  ThreadView& v = m.memory.of(t);
  v.past = mix(v.past, 0xdead);
  if (m.on_kill != nullptr) m.on_kill(t);
}

/// Goes on with another thread because the current one cannot. Returns when the current one may go on after all.
void go_on_elsewhere() {
  for (;;) {
    std::uint8_t ready[kMaxThreads];
    unsigned count = 0;
    bool anybody = false;
    for (int t = 0; t < m.setup->threads; ++t) {
      const Thread& thread = m.threads[static_cast<unsigned>(t)];
      if (thread.finished || thread.killed) continue;
      anybody = true;
      if (enabled(t)) ready[count++] = static_cast<std::uint8_t>(t);
    }
    if (!anybody) leave_run(End::kComplete);
    if (count == 0)  // nothing can happen any more: waits end by time-out
      for (int t = 0; t < m.setup->threads; ++t) {
        const Thread& thread = m.threads[static_cast<unsigned>(t)];
        if (!thread.finished && !thread.killed) ready[count++] = static_cast<std::uint8_t>(t);
      }
    const int t = ready[ask(Ask::kSwitch, ready, count)];
    Thread& chosen = m.threads[static_cast<unsigned>(t)];
    if (chosen.waits_for != nullptr) {
      chosen.timed_out = !(*chosen.waits_for)();
      chosen.waits_for = nullptr;
    }
    switch_to(t);
    return;
  }
}

/// The place between two steps: here the search may switch or kill.
void point(bool shared) {
  if (++m.tick > kMaxTicks) violated("the threads do not come to an end");
  if (!shared && !m.setup->all_points) {
    ++m.tick;  // as if asked: replays ask everywhere
    return;
  }
  for (;;) {
    {
      ArenaMode off(false);
      if (m.chooser->known(fingerprint(), m.switches)) leave_run(End::kKnown);
    }
    std::uint8_t answers[2 * kMaxThreads];
    unsigned count = 0;
    answers[count++] = static_cast<std::uint8_t>(m.current);
    if (m.switches < m.setup->max_switches)
      for (int t = 0; t < m.setup->threads; ++t)
        if (t != m.current && enabled(t)) answers[count++] = static_cast<std::uint8_t>(t);
    const unsigned switches = count;
    if (m.kills < m.setup->kills)
      for (int t = 0; t < m.setup->threads; ++t) {
        const Thread& thread = m.threads[static_cast<unsigned>(t)];
        if ((m.setup->killable >> t & 1U) != 0 && !thread.finished && !thread.killed) answers[count++] = static_cast<std::uint8_t>(t + 100);
      }
    const unsigned taken = ask(Ask::kSwitch, answers, count);
    if (taken == 0) return;
    if (taken < switches) {
      const int t = answers[taken];
      Thread& chosen = m.threads[static_cast<unsigned>(t)];
      chosen.waits_for = nullptr;  // it is enabled: what it waits for is there
      chosen.timed_out = false;
      ++m.switches;
      switch_to(t);
      return;
    }
    const int t = answers[taken] - 100;
    kill(t);
    if (t == m.current) go_on_elsewhere();  // for good
  }
}

void main_of_thread(unsigned t) {
  (*m.body)(static_cast<int>(t));
  m.threads[t].finished = true;
  ThreadView& v = m.memory.of(static_cast<int>(t));
  v.past = mix(v.past, 0xe0d);
  go_on_elsewhere();
  std::abort();
}

std::string order_name(Order o) {
  switch (o) {
    case Order::relaxed:
      return "relaxed";
    case Order::consume:
    case Order::acquire:
      return "acquire";
    case Order::release:
      return "release";
    case Order::acq_rel:
      return "acq_rel";
    case Order::seq_cst:
      return "seq_cst";
  }
  return "?";
}

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%#" PRIx64, value);
  return text;
}

void describe(const void* at, const std::string& what, Order order, bool stale) {
  if (!m.setup->trace) return;
  ArenaMode off(false);
  std::string name = m.namer != nullptr ? m.namer(at) : std::string();
  if (name.empty()) name = hex(reinterpret_cast<std::uintptr_t>(at));
  name.resize(std::max<std::size_t>(name.size(), 30), ' ');
  add_line(name + " " + what + "  " + order_name(order) + (stale ? "  (not the latest)" : ""));
}

/// The location of a step of the current thread, after the switches that may come before it.
unsigned begin_step(const void* at, std::uint64_t initial, bool writes) {
  ArenaMode off(false);
  const unsigned location = m.memory.locate(at, initial);
  if (m.memory.touch(location, m.current, writes)) m.newly_shared = true;
  point(m.memory.shared(location));
  return location;
}

std::uint64_t latest(unsigned location) { return m.memory.location(location).order.back().value; }

}  // namespace

bool running() noexcept { return m.phase != Phase::kOutside; }
int this_thread() noexcept { return m.phase == Phase::kThreads ? m.current : kNobody; }
bool was_killed(int thread) noexcept { return m.threads[static_cast<unsigned>(thread)].killed; }
unsigned kills_so_far() noexcept { return m.kills; }
void on_kill(void (*handler)(int)) { m.on_kill = handler; }
void name_locations(std::string (*namer)(const void*)) { m.namer = namer; }
const std::vector<std::string>& trace_lines() noexcept { return m.lines; }
void forget_sharing() noexcept { m.memory.forget_sharing(); }

// Verification runs alone, after everything: it acts as thread 0 with the latest values.
std::uint64_t load(const void* at, std::uint64_t initial, Order order) noexcept {
  if (m.phase == Phase::kOutside) return initial;
  if (m.phase == Phase::kVerify) {
    ArenaMode off(false);
    return latest(m.memory.locate(at, initial));
  }
  const unsigned location = begin_step(at, initial, false);
  ArenaMode off(false);
  const std::uint64_t value = m.memory.load(location, m.current, order, ask_value);
  describe(at, "load -> " + hex(value), order, m.memory.stale(location));
  return value;
}

void store(void* at, std::uint64_t initial, std::uint64_t value, Order order) noexcept {
  ArenaMode off(false);
  if (m.phase == Phase::kVerify) {
    const unsigned location = m.memory.locate(at, initial);
    m.memory.of(0).current.at[location] = m.memory.location(location).order.back().time;
    m.memory.store(location, 0, value, order, ask_value);
    return;
  }
  const unsigned location = begin_step(at, initial, true);
  m.memory.store(location, m.current, value, order, ask_value);
  describe(at, "store " + hex(value), order, latest(location) != value);
}

std::uint64_t modify(void* at, std::uint64_t initial, Rmw how, std::uint64_t operand, std::uint64_t mask, Order order) noexcept {
  ArenaMode off(false);
  const bool alone = m.phase == Phase::kVerify;
  const unsigned location = alone ? m.memory.locate(at, initial) : begin_step(at, initial, true);
  if (alone) m.memory.of(0).current.at[location] = m.memory.location(location).order.back().time;
  const std::uint64_t before = m.memory.modify(location, alone ? 0 : m.current, how, operand, mask, order, ask_value);
  describe(at, (how == Rmw::kExchange ? "exchange " : "modify by ") + hex(operand) + " at " + hex(before), order, m.memory.stale(location));
  return before;
}

bool exchange_if(void* at, std::uint64_t initial, std::uint64_t& expected, std::uint64_t desired, Order success, Order failure, bool weak) noexcept {
  ArenaMode off(false);
  const bool alone = m.phase == Phase::kVerify;
  const unsigned location = alone ? m.memory.locate(at, initial) : begin_step(at, initial, true);
  if (alone) {
    m.memory.of(0).current.at[location] = m.memory.location(location).order.back().time;
    weak = false;
  }
  const std::uint64_t wanted = expected;
  const bool done = m.memory.exchange_if(location, alone ? 0 : m.current, expected, desired, success, failure, weak, ask_value);
  if (m.setup->trace)
    describe(at, "swap " + hex(wanted) + " for " + hex(desired) + (done ? "" : expected == wanted ? ": fails without reason" : ": fails, there is " + hex(expected)),
             done ? success : failure, m.memory.stale(location));
  return done;
}

void fence(Order order) noexcept {
  if (m.phase != Phase::kThreads) return;
  ArenaMode off(false);
  if (order == Order::seq_cst) point(true);
  m.memory.fence(m.current, order);
  if (m.setup->trace) add_line("fence  " + order_name(order));
}

void violated(const std::string& what) {
  set_arena_mode(false);
  m.violation = what;
  if (m.phase == Phase::kThreads) leave_run(End::kViolated);
  throw what;  // from verify
}

void check(bool fine, const char* what) {
  if (!fine) violated(what);
}

unsigned pick(unsigned count) {
  const unsigned taken = ask(Ask::kOther, kNumbers.data(), count);
  ThreadView& v = m.memory.of(m.current);
  v.past = mix(v.past, taken + 0x40000);
  return taken;
}

void note(const std::string& text) { add_line("-- " + text); }

std::vector<Stored> history(const void* location) {
  ArenaMode off(false);
  const Location& l = m.memory.location(m.memory.locate(location, 0));
  std::vector<Stored> all;
  for (const Message& s : l.order) all.push_back({s.value, s.thread});
  return all;
}

void observe(std::uint64_t value) {
  if (m.phase != Phase::kThreads) return;
  ThreadView& t = m.memory.of(m.current);
  t.past = mix(t.past, value + 0x80000);
}

std::uint64_t latest_value(const void* location) {
  ArenaMode off(false);
  return latest(m.memory.locate(location, 0));
}

void kernel_look(const char* what) {
  if (m.phase != Phase::kThreads) return;
  ArenaMode off(false);
  point(true);
  if (m.setup->trace) add_line(std::string("kernel: ") + what);
}

void kernel_join(Object object) {
  if (m.phase != Phase::kThreads) return;
  KernelObject& o = m.objects[object];
  ThreadView& t = m.memory.of(m.current);
  m.memory.join(t.current, o.view);
  m.memory.join(t.acquirable, o.view);
  t.past = mix(mix(t.past, o.chain), object + 0x50000);
}

void kernel_step(Object object, const char* what) {
  if (m.phase != Phase::kThreads) return;
  ArenaMode off(false);
  point(true);
  KernelObject& o = m.objects[object];
  ThreadView& t = m.memory.of(m.current);
  m.memory.join(t.current, o.view);
  m.memory.join(t.acquirable, o.view);
  t.past = mix(mix(t.past, o.chain), object + 0x50000);
  o.chain = mix(o.chain + 1, t.past);
  o.used = true;
  if (m.setup->trace) add_line(std::string("kernel: ") + what);
}

void kernel_publish(Object object) {
  if (m.phase != Phase::kThreads) return;
  m.memory.join(m.objects[object].view, m.memory.of(m.current).current);
  m.objects[object].used = true;
}

void learn_death(int thread) {
  if (m.phase != Phase::kThreads) return;
  ThreadView& t = m.memory.of(m.current);
  const View& dead = m.memory.of(thread).current;
  m.memory.join(t.current, dead);
  m.memory.join(t.acquirable, dead);
  t.past = mix(mix(t.past, m.memory.of(thread).past), 0x60000);
}

bool wait_until(const std::function<bool()>& ready, const char* what) {
  if (m.phase != Phase::kThreads) return ready();
  ArenaMode off(false);
  Thread& self = m.threads[static_cast<unsigned>(m.current)];
  self.timed_out = false;
  if (!ready()) {
    if (m.setup->trace) add_line(std::string("waits: ") + what);
    self.waits_for = &ready;
    go_on_elsewhere();
  }
  ThreadView& t = m.memory.of(m.current);
  t.past = mix(t.past, self.timed_out ? 0x70001U : 0x70000U);
  if (m.setup->trace && self.timed_out) add_line("the wait ends by time-out");
  return !self.timed_out;
}

End run(const Setup& setup, Chooser& chooser, const std::function<void(int)>& body, const std::function<void()>& verify, std::string& violation) {
  m.setup = &setup;
  m.chooser = &chooser;
  m.body = &body;
  m.tick = m.switches = m.oddities = m.kills = 0;
  m.end = End::kComplete;
  m.violation.clear();
  m.newly_shared = false;
  m.lines.clear();
  m.memory.begin_run(setup.spurious);
  for (KernelObject& o : m.objects) {
    if (!o.used) continue;
    o.view.at.fill(0);
    o.chain = 0;
    o.used = false;
  }
  for (int t = 0; t < setup.threads; ++t) {
    Thread& thread = m.threads[static_cast<unsigned>(t)];
    thread.finished = thread.killed = thread.timed_out = false;
    thread.waits_for = nullptr;
    thread.arena = true;
    ::getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = stacks[t];
    thread.context.uc_stack.ss_size = kStack;
    thread.context.uc_link = nullptr;
    ::makecontext(&thread.context, reinterpret_cast<void (*)()>(main_of_thread), 1, static_cast<unsigned>(t));
  }
  m.phase = Phase::kThreads;
  m.current = kNobody;
  volatile bool started = false;
  ::getcontext(&m.main);
  if (!started) {
    started = true;
    go_on_elsewhere();
  }
  m.phase = Phase::kVerify;
  m.current = kNobody;
  set_arena_mode(true);
  if (m.end == End::kComplete) {
    try {
      verify();
    } catch (const std::string&) {
      m.end = End::kViolated;
    }
  }
  set_arena_mode(false);
  m.phase = Phase::kOutside;
  violation = m.violation;
  if (m.newly_shared && m.end != End::kViolated && !setup.all_points) return End::kNewlyShared;
  return m.end;
}

}  // namespace e6::model
