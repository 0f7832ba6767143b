// The bytes of a segment, layout version 2. The one file that owns the shared layout.
//
//   offset    size  what                    written by                         read
//   0         4096  Header                  the creator, before publication    by everyone, checked on attach
//   4096        64  HotLine                 strategy changes (CAS)             by every request
//   4160        64  PendingLine             who announces                      on begin, end
//   4224       128  Lease x 2               who claims (CAS)                   by those without a usable colour
//   4352       128  LockBlock               lock owners; who waits (CAS)
//   4480       ...  Journal, Totals, Guests lock owners; guests (fetch_add)    by tools
//   8192     360448 Participant x 512       each by its owner                  by reapers, tools
//   368640    32768 PinGroup x 512          each by its owner                  by scans
//   401408   917504 PinBody x 3584          each by its owner                  by find
//   1318912   65536 EventSlot x 1024        who claims the slot                by tools
//   1384448         end
//
// Zero means "nothing" everywhere: a fresh segment is zero but for Header, mutex and the event that it was created.
// Everything that more than one process touches is a lock-free atomic or guarded by LockBlock::mutex.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace e6::layout {

inline constexpr std::uint32_t kLayoutVersion = 2;  // 1 had one byte around the lock
inline constexpr char kMagic[8] = {'e', '6', 's', 'h', 'm', '\r', '\n', '\x1a'};
inline constexpr std::uint32_t kByteOrder = 0x01020304;
inline constexpr std::uint32_t kLibcGlibc = 1;
inline constexpr std::uint32_t kLibcOther = 2;
#if defined(__GLIBC__)
inline constexpr std::uint32_t kLibc = kLibcGlibc;
#else
inline constexpr std::uint32_t kLibc = kLibcOther;
#endif

inline constexpr std::uint32_t kParticipants = 512;
inline constexpr std::uint32_t kPinGroups = 512;
inline constexpr std::uint32_t kPinsPerGroup = 7;
inline constexpr std::uint32_t kPins = kPinGroups * kPinsPerGroup;
inline constexpr std::uint32_t kEventSlots = 1024;
inline constexpr std::uint32_t kCounters = 32;  // room for e6::Counter
inline constexpr std::uint32_t kIntents = 4;
inline constexpr std::uint32_t kMaxCluster = 200;
inline constexpr std::uint32_t kMaxQueryId = 96;
inline constexpr std::uint32_t kMaxEngine = 120;

using Word = std::atomic<std::uint64_t>;
using Futex = std::atomic<std::uint32_t>;
static_assert(Word::is_always_lock_free && Futex::is_always_lock_free);
static_assert(sizeof(Word) == 8 && sizeof(Futex) == 4);

// Immutable after publication.
struct Header {
  char magic[8];
  std::uint32_t layout_version;
  std::uint32_t header_size;
  std::uint64_t segment_size;
  std::uint32_t byte_order;
  std::uint32_t libc;        // kLibc* of the creator: decides the shape of the mutex
  std::uint32_t mutex_size;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint32_t mode;        // permission bits it was made with
  std::uint32_t creator_pid; // in its own PID namespace; for display
  std::uint32_t participants;
  std::uint32_t pin_groups;
  std::uint32_t event_slots;
  std::uint64_t created_realtime_ns;
  std::uint64_t created_monotonic_ms;
  std::uint64_t time_namespace;  // inode of /proc/self/ns/time; 0 unknown
  std::uint64_t instance;        // random; tells segments of one name apart
  char boot_id[40];              // text of the kernel's boot id, zero-terminated
  std::uint32_t cluster_length;
  char cluster[kMaxCluster];
  std::uint32_t reserved;
  std::uint64_t checksum;        // of all bytes above
};
static_assert(offsetof(Header, checksum) % 8 == 0);

// One cache line that only strategy changes write.
struct alignas(64) HotLine {
  Word word;  // layout/hot_word.h
  std::uint64_t reserved[7];
};
static_assert(sizeof(HotLine) == 64);

struct alignas(64) PendingLine {
  Word since_ms;  // monotonic ms of the latest announcement that took effect; advisory: written before the announcement is, so that one lost with its writer only delays the drain time-out
  std::uint64_t reserved[7];
};

// The right to do something once per host. Claimed, released and taken over by CAS on `word`.
struct alignas(64) Lease {
  Word word;     // layout/lease_word.h
  Word failure;  // how the grant with this fence failed; written by its holder before it releases
  Futex news;    // moves on with every release; waiters sleep on it
  std::uint32_t reserved0;
  std::uint64_t reserved[5];
};
static_assert(sizeof(Lease) == 64);
inline constexpr std::uint32_t kDetectionLease = 0;
inline constexpr std::uint32_t kResumeLease = 1;

// The host-wide lock: taken inside an OFD lock on the byte that `turn` names (os/ofd_lock.h) and never without it.
struct alignas(64) LockBlock {
  pthread_mutex_t mutex;       // process-shared, robust, NORMAL
  std::uint32_t mutex_padding[(64 - sizeof(pthread_mutex_t)) / 4];
  Word next_incarnation;       // guarded by mutex
  Word acquisitions;           // guarded by mutex; statistics
  Word reaped_ms;              // monotonic ms of the latest look for the dead; whoever swaps it in looks
  Word turn;                   // layout/turn_word.h; counted on (CAS) by who enters first under a byte, and by whoever finds that an owner died under it
  std::uint64_t reserved[4];
};
static_assert(sizeof(LockBlock) == 128);

// Redo record of folding a leaving participant's counters into Totals. Guarded by LockBlock::mutex.
// Readers use it racily to never count a participant twice (core/totals.h).
struct alignas(64) Journal {
  Word armed;    // 0 nothing; else slot + 1: the fold is decided and must be finished
  Word version;  // moves on with every step of a fold; for readers' bounded re-check only
  Word cause;    // EventKind that the fold ends with (kLeft or kDied)
  Word incarnation;
  std::uint64_t reserved[4];
  Word totals[kCounters];  // the values of Totals after the fold
};

struct alignas(64) Totals {
  Word counters[kCounters];  // of participants that are gone
};

// Processes without a slot count here. fetch_add.
struct alignas(64) Guests {
  Word counters[kCounters];
};

// What a writer is about to commit to the hot word, so that its event is not lost with it.
struct Intent {
  Word meta;      // 0 free; 1 being written; else 1 << 63 | EventKind << 8 | EventCause << 16; stored last, cleared last
  Word before;    // hot word
  Word after;     // hot word
  Word realtime_ns;
};
static_assert(sizeof(Intent) == 32);

enum class Phase : std::uint8_t { kFree = 0, kJoining = 1, kReady = 2, kReaping = 3 };
constexpr std::uint64_t pack_tag(std::uint64_t incarnation, Phase phase) noexcept {
  return incarnation << 8 | static_cast<std::uint64_t>(phase);
}
constexpr std::uint64_t incarnation_of(std::uint64_t tag) noexcept { return tag >> 8; }
constexpr std::uint64_t phase_of(std::uint64_t tag) noexcept { return tag & 0xffU; }

// A process attached to the segment. Alive as long as its OFD lock on byte kFirstSlotByte + index is held.
struct alignas(64) Participant {
  // written under the lock when joining and reaping
  Word tag;                   // incarnation << 8 | Phase
  Word joined_realtime_ns;
  std::atomic<std::uint32_t> pid;
  std::atomic<std::uint32_t> reserved0;
  Word program[2];            // up to 15 bytes and a zero
  std::uint64_t reserved1[3];
  // written by the owner only, read racily
  Intent intents[kIntents];
  std::atomic<std::uint32_t> unpinned;  // queries in flight that found no pin
  std::uint32_t reserved2;
  std::uint64_t reserved3[7];
  Word counters[kCounters];
  std::uint64_t reserved4[24];
};
static_assert(sizeof(Participant) == 704);

enum class PinPhase : std::uint8_t { kIdle = 0, kInFlight = 1, kBound = 2, kEndedElsewhere = 3 };
// generation << 16 | colour << 8 | PinPhase
constexpr std::uint64_t pack_pin(std::uint64_t generation, std::uint64_t colour, PinPhase phase) noexcept {
  return (generation & 0xffffffffU) << 16 | (colour & 3U) << 8 | static_cast<std::uint64_t>(phase);
}
constexpr std::uint64_t pin_phase(std::uint64_t state) noexcept { return state & 0xffU; }
constexpr std::uint64_t pin_colour(std::uint64_t state) noexcept { return state >> 8 & 3U; }
constexpr std::uint64_t pin_generation(std::uint64_t state) noexcept { return state >> 16 & 0xffffffffU; }
constexpr bool pin_in_flight(std::uint64_t state) noexcept {
  return pin_phase(state) == static_cast<std::uint64_t>(PinPhase::kInFlight) ||
         pin_phase(state) == static_cast<std::uint64_t>(PinPhase::kBound);
}

// Seven pins of one owner, dense enough for "is anything in flight" to be a scan.
struct alignas(64) PinGroup {
  Word owner;                  // 0 free; else incarnation << 16 | slot + 1; claimed by CAS, freed by the owner or a reaper
  Word states[kPinsPerGroup];
};
static_assert(sizeof(PinGroup) == 64);
constexpr std::uint64_t pack_owner(std::uint32_t slot, std::uint64_t incarnation) noexcept {
  return incarnation << 16 | (slot + 1U);
}
constexpr std::uint32_t owner_slot(std::uint64_t owner) noexcept { return static_cast<std::uint32_t>(owner & 0xffffU) - 1U; }

// Written by the group's owner while the state says kInFlight, immutable while it says kBound.
struct alignas(64) PinBody {
  Word key;          // hash of the query id; 0 while unbound
  Word began_ms;     // monotonic
  Word epochs;       // epoch << 32 | pending epoch
  Word lengths;      // query id | engine address << 8
  Word query_id[kMaxQueryId / 8];
  Word engine[kMaxEngine / 8];
  std::uint64_t reserved;
};
static_assert(sizeof(PinBody) == 256);

// One event. `claim`: (position + 1) << 16 | (slot + 1) << 1 | writing. A reader takes it only if claim says
// written, for the position it looks for, before and after the copy.
struct alignas(64) EventSlot {
  Word claim;
  Word realtime_ns;
  Word monotonic_ms;
  Word what;      // kind | cause << 8 | from << 16 | to << 24
  Word epochs;    // after it: epoch 20 | pending epoch 12; before it: epoch 20 | pending epoch 12; the same when it changed neither
  Word pids;      // actor << 32 | about
  Word hot_word;  // after the event
  Word writer;    // pack_owner of the actor
};
static_assert(sizeof(EventSlot) == 64);

struct alignas(64) EventHead {
  Word written;  // positions given out
  Word dropped;  // events that found their slot in use by a slow writer
  std::uint64_t reserved[6];
};

struct Segment {
  alignas(4096) Header header;
  alignas(4096) HotLine hot;
  PendingLine pending;
  Lease leases[2];
  LockBlock lock;
  Journal journal;
  Totals totals;
  Guests guests;
  EventHead event_head;
  alignas(4096) Participant participants[kParticipants];
  alignas(4096) PinGroup pin_groups[kPinGroups];
  alignas(4096) PinBody pin_bodies[kPins];
  alignas(4096) EventSlot events[kEventSlots];
};
static_assert(offsetof(Segment, hot) == 4096);
static_assert(offsetof(Segment, participants) == 8192);
static_assert(offsetof(Segment, pin_groups) == 368640);
static_assert(offsetof(Segment, pin_bodies) == 401408);
static_assert(offsetof(Segment, events) == 1318912);
static_assert(sizeof(Segment) == 1384448);

}  // namespace e6::layout
