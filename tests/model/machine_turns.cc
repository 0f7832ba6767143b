// Whose turn it is: threads, switches, kills, and a run from its begin to its end.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "arena.h"
#include "machine_state.h"

namespace e6::model {

Machine m;

constinit const std::array<std::uint8_t, 256> kNumbers = [] {
  std::array<std::uint8_t, 256> all{};
  for (unsigned i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  return all;
}();

namespace {

constexpr std::size_t kStack = std::size_t{256} << 10;
constexpr std::uint32_t kMaxTicks = 20'000;  // far beyond what any run takes: nothing here waits without a bound

alignas(64) char stacks[kMaxThreads][kStack];

bool enabled(int t) {
  const Thread& thread = m.threads[static_cast<unsigned>(t)];
  return !thread.finished && !thread.killed && (thread.waits_for == nullptr || (*thread.waits_for)());
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

}  // namespace

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

void leave_run(End how) {
  m.end = how;
  set_arena_mode(false);
  ::setcontext(&m.main);
  std::abort();
}

unsigned ask(Ask what, const std::uint8_t* answers, unsigned count) {
  ++m.tick;
  if (count < 2) return 0;
  ArenaMode off(false);
  return m.chooser->choose(m.tick, what, answers, count);
}

unsigned ask_value(unsigned count) {
  const unsigned taken = ask(Ask::kValue, kNumbers.data(), m.oddities < m.setup->max_oddities ? count : 1);
  if (taken != 0) ++m.oddities;
  return taken;
}

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

namespace {

void main_of_thread(unsigned t) {
  (*m.body)(static_cast<int>(t));
  m.threads[t].finished = true;
  ThreadView& v = m.memory.of(static_cast<int>(t));
  v.past = mix(v.past, 0xe0d);
  go_on_elsewhere();
  std::abort();
}

}  // namespace

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
