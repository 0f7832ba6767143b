// The kernel's part: operations on kernel objects, and waits.
#include "arena.h"
#include "machine_state.h"

namespace e6::model {

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

}  // namespace e6::model
