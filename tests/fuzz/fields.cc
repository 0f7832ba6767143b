#include "fields.h"

#include <iterator>

#include "layout/segment_layout.h"

namespace e6::fuzz {
namespace {

using namespace layout;

#define E6_AT(member) offsetof(Segment, member)

template <typename T>
constexpr Field each(std::string_view name, std::size_t array, std::size_t member, std::size_t width, std::size_t count) {
  return {name, array + member, width, count, sizeof(T)};
}
constexpr Field participant(std::string_view name, std::size_t member, std::size_t width = 8, std::size_t inner = 1, std::size_t inner_stride = 8) {
  return {name, E6_AT(participants) + member, width, kParticipants, sizeof(Participant), inner, inner_stride};
}
constexpr Field intent(std::string_view name, std::size_t member) {
  return participant(name, offsetof(Participant, intents) + member, 8, kIntents, sizeof(Intent));
}
constexpr Field body(std::string_view name, std::size_t member, std::size_t inner = 1) {
  return {name, E6_AT(pin_bodies) + member, 8, kPins, sizeof(PinBody), inner, 8};
}

// The mutex by the words of glibc's pthread_mutex_t: what its code branches on.
constexpr Field kFields[] = {
    {"header.magic", E6_AT(header.magic), 1, 8, 1},
    {"header.layout_version", E6_AT(header.layout_version), 4},
    {"header.header_size", E6_AT(header.header_size), 4},
    {"header.segment_size", E6_AT(header.segment_size), 8},
    {"header.byte_order", E6_AT(header.byte_order), 4},
    {"header.libc", E6_AT(header.libc), 4},
    {"header.mutex_size", E6_AT(header.mutex_size), 4},
    {"header.uid", E6_AT(header.uid), 4},
    {"header.gid", E6_AT(header.gid), 4},
    {"header.mode", E6_AT(header.mode), 4},
    {"header.creator_pid", E6_AT(header.creator_pid), 4},
    {"header.participants", E6_AT(header.participants), 4},
    {"header.pin_groups", E6_AT(header.pin_groups), 4},
    {"header.event_slots", E6_AT(header.event_slots), 4},
    {"header.created_realtime_ns", E6_AT(header.created_realtime_ns), 8},
    {"header.created_monotonic_ms", E6_AT(header.created_monotonic_ms), 8},
    {"header.time_namespace", E6_AT(header.time_namespace), 8},
    {"header.instance", E6_AT(header.instance), 8},
    {"header.boot_id", E6_AT(header.boot_id), 1, sizeof(Header::boot_id), 1},
    {"header.cluster_length", E6_AT(header.cluster_length), 4},
    {"header.cluster", E6_AT(header.cluster), 1, kMaxCluster, 1},
    {"header.reserved", E6_AT(header.reserved), 4},
    {"header.checksum", E6_AT(header.checksum), 8},
    {"hot.word", E6_AT(hot.word), 8},
    {"pending.since_ms", E6_AT(pending.since_ms), 8},
    each<Lease>("lease.word", E6_AT(leases), offsetof(Lease, word), 8, 2),
    each<Lease>("lease.failure", E6_AT(leases), offsetof(Lease, failure), 8, 2),
    each<Lease>("lease.news", E6_AT(leases), offsetof(Lease, news), 4, 2),
    {"mutex.lock", E6_AT(lock.mutex) + 0, 4},
    {"mutex.count", E6_AT(lock.mutex) + 4, 4},
    {"mutex.owner", E6_AT(lock.mutex) + 8, 4},
    {"mutex.users", E6_AT(lock.mutex) + 12, 4},
    {"mutex.kind", E6_AT(lock.mutex) + 16, 4},
    {"mutex.spins", E6_AT(lock.mutex) + 20, 4},
    {"mutex.previous", E6_AT(lock.mutex) + 24, 8},
    {"mutex.next", E6_AT(lock.mutex) + 32, 8},
    {"lock.next_incarnation", E6_AT(lock.next_incarnation), 8},
    {"lock.acquisitions", E6_AT(lock.acquisitions), 8},
    {"lock.reaped_ms", E6_AT(lock.reaped_ms), 8},
    {"journal.armed", E6_AT(journal.armed), 8},
    {"journal.version", E6_AT(journal.version), 8},
    {"journal.cause", E6_AT(journal.cause), 8},
    {"journal.incarnation", E6_AT(journal.incarnation), 8},
    {"journal.totals", E6_AT(journal.totals), 8, kCounters, 8},
    {"totals.counters", E6_AT(totals.counters), 8, kCounters, 8},
    {"guests.counters", E6_AT(guests.counters), 8, kCounters, 8},
    {"event_head.written", E6_AT(event_head.written), 8},
    {"event_head.dropped", E6_AT(event_head.dropped), 8},
    participant("participant.tag", offsetof(Participant, tag)),
    participant("participant.joined", offsetof(Participant, joined_realtime_ns)),
    participant("participant.pid", offsetof(Participant, pid), 4),
    participant("participant.program", offsetof(Participant, program), 8, 2),
    intent("intent.meta", offsetof(Intent, meta)),
    intent("intent.before", offsetof(Intent, before)),
    intent("intent.after", offsetof(Intent, after)),
    intent("intent.realtime_ns", offsetof(Intent, realtime_ns)),
    participant("participant.unpinned", offsetof(Participant, unpinned), 4),
    participant("participant.counters", offsetof(Participant, counters), 8, kCounters),
    each<PinGroup>("pin_group.owner", E6_AT(pin_groups), offsetof(PinGroup, owner), 8, kPinGroups),
    {"pin_group.states", E6_AT(pin_groups) + offsetof(PinGroup, states), 8, kPinGroups, sizeof(PinGroup), kPinsPerGroup, 8},
    body("pin.key", offsetof(PinBody, key)),
    body("pin.began_ms", offsetof(PinBody, began_ms)),
    body("pin.epochs", offsetof(PinBody, epochs)),
    body("pin.lengths", offsetof(PinBody, lengths)),
    body("pin.query_id", offsetof(PinBody, query_id), kMaxQueryId / 8),
    body("pin.engine", offsetof(PinBody, engine), kMaxEngine / 8),
    each<EventSlot>("event.claim", E6_AT(events), offsetof(EventSlot, claim), 8, kEventSlots),
    each<EventSlot>("event.realtime_ns", E6_AT(events), offsetof(EventSlot, realtime_ns), 8, kEventSlots),
    each<EventSlot>("event.monotonic_ms", E6_AT(events), offsetof(EventSlot, monotonic_ms), 8, kEventSlots),
    each<EventSlot>("event.what", E6_AT(events), offsetof(EventSlot, what), 8, kEventSlots),
    each<EventSlot>("event.epochs", E6_AT(events), offsetof(EventSlot, epochs), 8, kEventSlots),
    each<EventSlot>("event.pids", E6_AT(events), offsetof(EventSlot, pids), 8, kEventSlots),
    each<EventSlot>("event.hot_word", E6_AT(events), offsetof(EventSlot, hot_word), 8, kEventSlots),
    each<EventSlot>("event.writer", E6_AT(events), offsetof(EventSlot, writer), 8, kEventSlots),
    {"lock.turn", E6_AT(lock.turn), 8},
};

constexpr bool all_inside() {
  for (const Field& f : kFields)
    if (f.at(f.count * f.inner_count - 1) + f.width > sizeof(Segment)) return false;
  return true;
}
static_assert(all_inside());

}  // namespace

std::size_t field_count() noexcept { return std::size(kFields); }
const Field& field(std::size_t index) noexcept { return kFields[index % std::size(kFields)]; }

}  // namespace e6::fuzz
