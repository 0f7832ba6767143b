// An operation to enumerate: the stage it needs, the one call that is stepped through, and what is special about its outcome.
//
// The stage: a neighbour (slot 0) that lives all the time, where the operation needs it a second participant that dies before the operation begins, and the
// victim, which attaches after them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/attachment.h"
#include "e6/shared/coordinator.h"
#include "layout/segment_layout.h"

namespace e6::crash {

/// One process of the stage.
struct Actor {
  Options options;
  std::shared_ptr<Coordinator> coordinator;
  QueryTicket ticket;
  QueryTicket other_ticket;
  DetectionLease detection;
  ResumeLease resume;

  void attach();
  [[nodiscard]] core::Attachment& attachment() const;
  /// Sees to it that the next begin_query checks the name and looks for the dead.
  void make_check_due() const;
  /// ... or that it does not, however long it takes until then.
  void put_check_off() const;
};

enum Special : unsigned {
  kOrdinary = 0,
  kFromNothing = 1U << 0,       ///< there is no segment at the start
  kUnattached = 1U << 1,        ///< the operation itself attaches
  kMoves = 1U << 2,             ///< the segment is retired; another one takes its name
  kOwnerDied = 1U << 3,         ///< the lock's last owner died inside, before the operation
  kTouchesNeighbour = 1U << 5,  ///< ends the neighbour's query or takes its lease
  kBrokenLock = 1U << 6,        ///< the lock cannot be repaired, or the segment is not to be used
  kAllPinsTaken = 1U << 7,
  kRepresentative = 1U << 8,  ///< enumerated in every run of the test suite
  kGuest = 1U << 9,           ///< the victim has no slot: nobody keeps its events
  kMakesRoom = 1U << 10,      ///< the segment of kUnusedCluster may be there, whole, or not
};

struct Operation {
  const char* name;
  unsigned special = kOrdinary;
  void (*neighbour)(Actor&) = nullptr;          ///< after it attached
  void (*dead)(Actor&) = nullptr;               ///< there is a second participant, and it does this before it dies
  void (*prepare)(Actor&) = nullptr;            ///< the victim, before the operation
  void (*arrange)(layout::Segment&) = nullptr;  ///< edits what processes cannot bring about quickly, when everybody is in place
  void (*run)(Actor&) = nullptr;                ///< the operation
  TransitionPolicy policy = TransitionPolicy::kOnCompletion;
};

inline constexpr std::uint32_t kNeighbourSlot = 0;
inline constexpr std::uint32_t kDeadSlot = 1;
inline constexpr const char* kNeighbourQuery = "neighbour-query";
inline constexpr const char* kUnusedCluster = "unused.example:443";

// What most neighbours do: blue is active and one query is bound; then green is announced.
void knows_blue(Actor& a);
void knows_blue_then_green(Actor& a);
// Has no slot any more, as when the lock was not to be had or the table was full.
void become_guest(Actor& a);

std::span<const Operation> file_operations();
std::span<const Operation> table_operations();
std::span<const Operation> query_operations();
std::span<const Operation> colour_operations();
std::span<const Operation> lease_operations();
const Operation* find_operation(const std::string& name);

}  // namespace e6::crash
