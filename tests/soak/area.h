// The memory that the conductor and everybody whom it kills share, beside the segment: what each process has done for certain, and what it is in the
// middle of. It belongs to the conductor and is looked at when a process is dead, so that the segment's own books can be held against it.
//
//   AreaHeader, then `lives` x Life, then `incarnations` x Incarnation
//
// A life is one program in one process: from its start, fork or exec to its death or exec.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "e6/shared/coordinator.h"

namespace e6::soak {

/// What a process is in the middle of. Each names what it may add to the segment's counters before its ledger says so; see allowance() in ledger.h.
enum class Doing : std::uint32_t {
  kNothing, kAttach, kLeave, kBegin, kBind, kFind, kEnd, kEndById, kConfirm, kAnnounce, kMismatch, kDetect, kRefused, kSucceed, kFail, kAbandon,
  kResume, kResumeEnd, kOperate, kRead, kCount
};
[[nodiscard]] std::string_view to_string(Doing doing) noexcept;

/// How a life ends. Decided once, by compare-and-swap: nobody is killed who has already gone, so that no process id is used after it was given back.
enum class Fate : std::uint32_t {
  kLiving,
  kKilled,    ///< by the conductor, wherever it is
  kTimed,     ///< by a timer that it has set upon itself, in the midst of work
  kExecs,     ///< becomes another program: dead as a participant
  kVanishes,  ///< ends without leaving: dead as a participant
  kFinished,  ///< leaves in order
};

constexpr bool killed(Fate fate) noexcept { return fate == Fate::kKilled || fate == Fate::kTimed; }

enum class Command : std::uint32_t { kNone, kFork, kForkTwice, kExec, kVanish, kReturn, kTime, kCount };

inline constexpr std::uint32_t kSharedQueries = 256;
inline constexpr std::uint8_t kEndedByOwner = 1;
inline constexpr std::uint8_t kEndedByAnother = 2;

struct Life {
  std::atomic<std::uint32_t> pid;      ///< 0 until the process has taken it
  std::atomic<std::uint32_t> fate;     ///< Fate
  std::atomic<std::uint32_t> doing;    ///< Doing
  std::atomic<std::uint32_t> command;  ///< Command; the conductor asks, the process takes
  std::atomic<std::uint32_t> stops;    ///< moves on with every stop by the conductor
  std::atomic<std::uint32_t> reader;   ///< 1: it verifies, and is neither killed nor stopped
  std::atomic<std::uint64_t> since_ms; ///< when it began what it does; monotonic
  std::atomic<std::uint64_t> operations;
  std::atomic<std::uint64_t> position; ///< of the ring, when it began its latest operation
  std::atomic<std::uint32_t> guest;    ///< 1: it had no slot when it last looked
  /// By e6::Counter: what it has certainly added. Only the counters in kReconciled are kept.
  std::atomic<std::uint64_t> done[static_cast<std::size_t>(Counter::kCount)];
  /// Queries that others may end, by number. Their ends are marked here, and counted when everybody is dead: two may try to end one.
  std::atomic<std::uint32_t> shared_queries;
  std::atomic<std::uint8_t> marks[kSharedQueries];
};

/// What became of an incarnation, as far as its process could say.
enum class Stay : std::uint32_t {
  kUnsaid,       ///< its process died, or has not come to it
  kJoined,
  kLeaving,
  kLeft,
  kLeftSlowly,   ///< leaving took as long as the lock's bound: without the lock it is found dead instead
};
struct Incarnation {
  std::atomic<std::uint32_t> life_plus_one;
  std::atomic<std::uint32_t> stay;  ///< Stay
};

inline constexpr std::uint32_t kComplaints = 32;
inline constexpr std::uint32_t kComplaintLength = 240;

struct ReaderFigures {
  std::atomic<std::uint64_t> snapshots;
  std::atomic<std::uint64_t> longest_ns;
  std::atomic<std::uint64_t> slept;      ///< voluntary context switches during snapshots
  std::atomic<std::uint64_t> audits;
  std::atomic<std::uint64_t> pins_seen;
  std::atomic<std::uint64_t> events_seen;
};

struct AreaHeader {
  // immutable once the first process has started
  std::uint64_t size;
  std::uint64_t seed;
  std::uint32_t lives;
  std::uint32_t incarnations;
  char directory[256];

  std::atomic<std::uint32_t> next_life;
  std::atomic<std::uint32_t> stop;           ///< everybody leaves in order
  std::atomic<std::uint64_t> conductor_ms;   ///< moves on as long as the conductor lives; monotonic
  std::atomic<std::uint64_t> read_position;  ///< up to where the ring has been read: nobody runs far ahead of it, so that none is overwritten unread
  std::atomic<std::uint64_t> longest_us[static_cast<std::size_t>(Doing::kCount)];  ///< of processes that were not stopped meanwhile
  std::atomic<std::uint64_t> late_us;        ///< the longest that a wait went past its deadline, likewise
  std::atomic<std::uint64_t> guests;         ///< times that a process found itself without a slot
  ReaderFigures readers;
  std::atomic<std::uint32_t> complaints;
  char complaint[kComplaints][kComplaintLength];
};

class Area {
 public:
  /// A new one, inherited by children as descriptor `fd()` (through exec, too). Ends the program if there is no memory.
  Area(std::uint32_t lives, std::uint64_t seed, const std::string& directory);
  /// The one that was inherited.
  explicit Area(int fd);
  Area(const Area&) = delete;
  Area& operator=(const Area&) = delete;

  AreaHeader* operator->() const noexcept { return header_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] std::uint32_t used_lives() const noexcept;
  [[nodiscard]] Life& life(std::uint32_t number) const noexcept { return lives_[number % header_->lives]; }
  [[nodiscard]] Incarnation& incarnation(std::uint64_t number) const noexcept { return incarnations_[number % header_->incarnations]; }

  /// Takes a life for the calling process. Ends the process when none is left.
  std::uint32_t begin_life(bool reader = false) const noexcept;
  /// Something is wrong. The first few are kept and printed.
  [[gnu::format(printf, 2, 3)]] void complain(const char* format, ...) const noexcept;

 private:
  void place() noexcept;
  int fd_ = -1;
  AreaHeader* header_ = nullptr;
  Life* lives_ = nullptr;
  Incarnation* incarnations_ = nullptr;
};

/// Raises `value` to `seen`.
void raise_to(std::atomic<std::uint64_t>& value, std::uint64_t seen) noexcept;

}  // namespace e6::soak
