// Tickets and leases as plain bytes: what the caller holds, and the objects it stands for, which never leave
// this process.
//
//   word  0        1        2      3      4           5       6      7
//         +--------+--------+------+------+-----------+-------+------+------+
//         | kind   | process| nonce| slot | generation| colour| epoch| seal |
//         +--------+--------+------+------+-----------+-------+------+------+
//
//   kind        tells a ticket from a lease
//   process     generation of the process that it was given out in (os/process_mark.h)
//   nonce       of that process's tables: tells apart two children that count the same generation
//   seal        hash of the others: bytes that were made up or mixed are no grant
//
// The seal keeps mistakes out, not enemies: who can call this library can do what it can do. What guards
// memory is that slot and generation are checked against the table.
#pragma once

#include <cstdint>

#include "call.h"
#include "e6/shared/coordinator.h"
#include "e6shm.h"
#include "handle.h"
#include "slot_table.h"

namespace e6::c {

inline constexpr e6shm_epoch_t pack(Epoch epoch) noexcept {
  return std::uint64_t{epoch.active} << 32 | epoch.pending;
}
inline constexpr Epoch unpack(e6shm_epoch_t epoch) noexcept {
  return {static_cast<std::uint32_t>(epoch >> 32), static_cast<std::uint32_t>(epoch)};
}

template <class T>
struct GrantKind;  // Public: its bytes; kKind: word 0; kWord and kFrom: for sentences
template <>
struct GrantKind<QueryTicket> {
  using Public = e6shm_ticket_t;
  static constexpr std::uint64_t kKind = 0x74656b6369743665;  // "e6ticket"
  static constexpr const char* kWord = "ticket";
  static constexpr const char* kFrom = "e6shm_begin_query";
};
template <>
struct GrantKind<DetectionLease> {
  using Public = e6shm_lease_t;
  static constexpr std::uint64_t kKind = 0x657361656c643665;  // "e6dlease"
  static constexpr const char* kWord = "lease";
  static constexpr const char* kFrom = "e6shm_detect_begin";
};
template <>
struct GrantKind<ResumeLease> {
  using Public = e6shm_lease_t;
  static constexpr std::uint64_t kKind = 0x656d757365723665;  // "e6resume"
  static constexpr const char* kWord = "lease";
  static constexpr const char* kFrom = "e6shm_resume_begin";
};

/// A place for a grant, had before the thing itself, so that nothing is got that then finds no place. Given
/// up unless handed out.
template <class T>
class Place {
 public:
  Place() = default;
  ~Place();
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::int32_t reserve(const Call& call, const Attached& owner) noexcept;
  /// Puts `object` into the place and its name into `out`. After reserve().
  void hand_out(T object, Strategy strategy, Epoch epoch, typename GrantKind<T>::Public& out) noexcept;

 private:
  SlotTable<T>* table_ = nullptr;
  SlotName name_;
  T* object_ = nullptr;
};

/// Exclusive use of what a grant stands for.
template <class T>
class Use {
 public:
  Use() = default;
  ~Use();
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  std::int32_t begin(const Call& call, const Attached& owner,
                     const typename GrantKind<T>::Public& grant) noexcept;
  [[nodiscard]] T& object() noexcept { return *object_; }
  /// Takes the object out: the grant has ended.
  T end() noexcept;

 private:
  SlotTable<T>* table_ = nullptr;
  SlotName name_;
  T* object_ = nullptr;
};

extern template class Place<QueryTicket>;
extern template class Place<DetectionLease>;
extern template class Place<ResumeLease>;
extern template class Use<QueryTicket>;
extern template class Use<DetectionLease>;
extern template class Use<ResumeLease>;

/// All zero: no query, no lease.
template <class Public>
bool nothing(const Public& grant) noexcept {
  std::uint64_t any = 0;
  for (const std::uint64_t word : grant.opaque) any |= word;
  return any == 0;
}

/// What a ticket says by itself; false if it is none.
bool read_ticket(const e6shm_ticket_t& ticket, Strategy& strategy, Epoch& epoch) noexcept;

/// Ends the queries and gives back the leases that this process got through the attachment `serial`.
void end_all(Coordinator& coordinator, std::uint64_t serial) noexcept;

}  // namespace e6::c
