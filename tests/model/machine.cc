// The steps of a thread on the memory, and what a scenario asks of the machine.
#include "machine.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "arena.h"
#include "atomic.h"
#include "machine_state.h"

namespace e6::model {
namespace {

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

}  // namespace e6::model
