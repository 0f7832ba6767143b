#include "world.h"

#include "kernel.h"
#include "machine.h"

namespace e6::model {
namespace {

using layout::Segment;

alignas(4096) unsigned char bytes[sizeof(Segment)];
constexpr int kProcesses = kMaxThreads + 1;  // one more for whoever verifies
alignas(core::Attachment) unsigned char attachments[kProcesses][sizeof(core::Attachment)];
bool made[kProcesses];

template <typename... Part>
std::string name(const char* format, Part... part) {
  char text[64];
  std::snprintf(text, sizeof text, format, part...);
  return text;
}

template <typename T>
bool within(const void* at, const T& part, std::size_t& offset) {
  const auto* a = static_cast<const unsigned char*>(at);
  const auto* begin = reinterpret_cast<const unsigned char*>(&part);
  if (a < begin || a >= begin + sizeof part) return false;
  offset = static_cast<std::size_t>(a - begin);
  return true;
}

std::string name_of(const void* at) {
  const Segment& s = segment();
  std::size_t o = 0;
  if (within(at, s.hot, o)) return "hot word";
  if (within(at, s.pending, o)) return "pending since";
  for (unsigned i = 0; i < 2; ++i)
    if (within(at, s.leases[i], o)) return name("lease[%u].%s", i, o == 0 ? "word" : o == 8 ? "failure" : "news");
  if (within(at, s.lock, o)) return name("lock+%zu", o);
  if (within(at, s.journal, o)) {
    static constexpr const char* kFields[] = {"armed", "version", "cause", "incarnation"};
    return o < 32 ? name("journal.%s", kFields[o / 8]) : name("journal.totals[%zu]", (o - offsetof(layout::Journal, totals)) / 8);
  }
  if (within(at, s.totals, o)) return name("totals[%zu]", o / 8);
  if (within(at, s.guests, o)) return name("guests[%zu]", o / 8);
  if (within(at, s.event_head, o)) return o == 0 ? "ring.written" : "ring.dropped";
  for (unsigned i = 0; i < layout::kParticipants; ++i) {
    const layout::Participant& p = s.participants[i];
    if (!within(at, p, o)) continue;
    if (o == 0) return name("slot[%u].tag", i);
    if (within(at, p.unpinned, o)) return name("slot[%u].unpinned", i);
    if (within(at, p.counters, o)) return name("slot[%u].counters[%zu]", i, o / 8);
    if (within(at, p.intents, o)) {
      static constexpr const char* kFields[] = {"meta", "before", "after", "time"};
      return name("slot[%u].intents[%zu].%s", i, o / sizeof(layout::Intent), kFields[o % sizeof(layout::Intent) / 8]);
    }
    return name("slot[%u]+%zu", i, o);
  }
  for (unsigned i = 0; i < layout::kPinGroups; ++i)
    if (within(at, s.pin_groups[i], o)) return o == 0 ? name("pins[%u].owner", i) : name("pins[%u].state[%zu]", i, o / 8 - 1);
  for (unsigned i = 0; i < layout::kPins; ++i)
    if (within(at, s.pin_bodies[i], o)) {
      static constexpr const char* kFields[] = {"key", "began", "epochs", "lengths"};
      return o < 32 ? name("pin[%u].%s", i, kFields[o / 8])
             : o < offsetof(layout::PinBody, engine) ? name("pin[%u].query[%zu]", i, o / 8 - 4)
                                                      : name("pin[%u].engine[%zu]", i, (o - offsetof(layout::PinBody, engine)) / 8);
    }
  for (unsigned i = 0; i < layout::kEventSlots; ++i)
    if (within(at, s.events[i], o)) {
      static constexpr const char* kFields[] = {"claim", "realtime", "monotonic", "what", "epochs", "pids", "word", "writer"};
      return name("event[%u].%s", i, kFields[o / 8]);
    }
  for (int i = 0; i < kProcesses; ++i)
    if (within(at, attachments[i], o)) return name("own memory of P%d", i);
  return {};
}

void attach(int which) {
  void* at = attachments[which];
  if (made[which]) process(which).~Attachment();
  auto* a = new (at) core::Attachment;
  made[which] = true;
  a->segment = &segment();
  a->fd = os::Fd(descriptor_of(which));
  a->device = 1;
  a->inode = 1;
  a->process.store(static_cast<std::uint64_t>(which) + 1);
  a->pid = static_cast<std::uint32_t>(100 + which);
}

}  // namespace

layout::Segment& segment() noexcept { return *reinterpret_cast<Segment*>(bytes); }
core::Attachment& process(int which) noexcept { return *reinterpret_cast<core::Attachment*>(attachments[which]); }

void new_world(int joined) {
  std::memset(bytes, 0, sizeof bytes);  // as in a new file: every atomic in it holds 0
  new_kernel();
  name_locations(name_of);
  for (int i = 0; i < joined; ++i) {
    attach(i);
    const auto slot = static_cast<std::uint32_t>(i);
    layout::Participant& p = segment().participants[slot];
    p.tag.store(layout::pack_tag(incarnation_at_start(i), layout::Phase::kReady));
    p.pid.store(process(i).pid);
    process(i).slot.store(slot);
    process(i).incarnation.store(incarnation_at_start(i));
    segment().lock.next_incarnation.store(incarnation_at_start(i));
    bear(slot, i);
  }
}

void add_stranger(int which) { attach(which); }

}  // namespace e6::model
