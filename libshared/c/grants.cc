#include "grants.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "os/backoff.h"
#include "os/process_mark.h"

namespace e6::c {
namespace {

constexpr std::chrono::milliseconds kLongestTurn{
    100};  // that a thread waits while another one uses the same grant

std::uint64_t mix(std::uint64_t h, std::uint64_t value) noexcept {
  h = (h ^ value) * 0x9e3779b97f4a7c15U;
  return h ^ h >> 29;
}

std::uint64_t seal(const std::uint64_t (&words)[8]) noexcept {
  std::uint64_t h = 0x6536736d;
  for (int i = 0; i < 7; ++i) h = mix(h, words[i]);
  return h | 1U;  // never zero: zero means nothing
}

std::uint64_t make_nonce() noexcept {
  std::uint64_t n = 0;
  if (::getrandom(&n, sizeof n, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof n)) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    n = mix(mix(static_cast<std::uint64_t>(::getpid()), static_cast<std::uint64_t>(now.tv_nsec)),
            static_cast<std::uint64_t>(now.tv_sec));
  }
  return n;
}

// What this process gave out. A child makes its own and leaves its parent's as it was: objects in it belong
// to the parent.
struct Tables {
  explicit Tables(std::uint64_t generation, Tables* before) noexcept
      : process(generation), nonce(make_nonce()), previous(before) {}
  const std::uint64_t process;
  const std::uint64_t nonce;
  Tables* const previous;  // an ancestor's; kept reachable, never used
  SlotTable<QueryTicket> tickets;
  SlotTable<DetectionLease> detections;
  SlotTable<ResumeLease> resumes;

  template <class T>
  SlotTable<T>& of() noexcept;
};
template <>
SlotTable<QueryTicket>& Tables::of() noexcept {
  return tickets;
}
template <>
SlotTable<DetectionLease>& Tables::of() noexcept {
  return detections;
}
template <>
SlotTable<ResumeLease>& Tables::of() noexcept {
  return resumes;
}

constinit std::atomic<Tables*> current{nullptr};

/// This process's tables; null while it has given nothing out.
Tables* own() noexcept {
  Tables* t = current.load(std::memory_order_acquire);  // pairs with the release in own_or_new
  return t != nullptr && t->process == os::process_generation() ? t : nullptr;
}

Tables* own_or_new() noexcept {
  const std::uint64_t generation = os::process_generation();
  Tables* t = current.load(std::memory_order_acquire);
  while (t == nullptr || t->process != generation) {
    auto* made = new (std::nothrow) Tables(generation, t);
    if (made == nullptr) return nullptr;
    if (current.compare_exchange_strong(t, made, std::memory_order_acq_rel)) return made;
    delete made;
  }
  return t;
}

void drop(QueryTicket& ticket, Coordinator& coordinator) noexcept {
  coordinator.end_query(std::move(ticket));
}
void drop(DetectionLease& lease, Coordinator& coordinator) noexcept {
  coordinator.detect_abandon(lease);
}
void drop(ResumeLease& lease, Coordinator& coordinator) noexcept {
  coordinator.resume_abandon(lease);
}

template <class T>
Taken take_in_turn(SlotTable<T>& table, SlotName name, std::uint64_t& owner, T*& object) noexcept {
  Taken taken = table.take(name, owner, object);
  if (taken != Taken::kBusy) return taken;
  os::Backoff backoff(os::steady_now() + kLongestTurn);
  while (taken == Taken::kBusy && backoff.wait()) taken = table.take(name, owner, object);
  return taken;
}

template <class T>
void end_all_of(SlotTable<T>& table, Coordinator& coordinator, std::uint64_t serial) noexcept {
  SlotName name;
  for (std::uint32_t from = 0; table.next_owned(serial, from, name);) {
    std::uint64_t owner = 0;
    T* object = nullptr;
    if (take_in_turn(table, name, owner, object) != Taken::kYes) continue;
    if (owner != serial) {  // ended meanwhile
      table.put_back(name);
      continue;
    }
    drop(*object, coordinator);
    *object = T{};
    table.give_up(name);
  }
}

}  // namespace

template <class T>
std::int32_t Place<T>::reserve(const Call& call, const Attached& owner) noexcept {
  using Table = SlotTable<T>;
  auto claimed = Table::Claimed::kNoMemory;
  if (Tables* const tables = own_or_new(); tables != nullptr) {
    table_ = &tables->of<T>();
    claimed = table_->claim(owner.serial, name_, object_);
  }
  if (claimed == Table::Claimed::kNoMemory)
    return call.fail(E6SHM_ERR_NO_MEMORY, "out of memory for a %s", GrantKind<T>::kWord);
  if (claimed == Table::Claimed::kFull)
    return call.fail(E6SHM_ERR_FULL, "%u %ss of this process are in use; give some back", Table::kCapacity,
                     GrantKind<T>::kWord);
  return E6SHM_OK;
}

template <class T>
Place<T>::~Place() {
  if (object_ != nullptr) table_->give_up(name_);
}

template <class T>
void Place<T>::hand_out(T object, Strategy strategy, Epoch epoch,
                        typename GrantKind<T>::Public& out) noexcept {
  const Tables* const tables = own();
  *object_ = std::move(object);
  object_ = nullptr;
  out.opaque[0] = GrantKind<T>::kKind;
  out.opaque[1] = tables->process;
  out.opaque[2] = tables->nonce;
  out.opaque[3] = name_.index;
  out.opaque[4] = name_.generation;
  out.opaque[5] = static_cast<std::uint64_t>(strategy);
  out.opaque[6] = pack(epoch);
  out.opaque[7] = seal(out.opaque);
  table_->put_back(name_);
}

template <class T>
std::int32_t Use<T>::begin(const Call& call, const Attached& owner,
                           const typename GrantKind<T>::Public& grant) noexcept {
  using Kind = GrantKind<T>;
  const auto& words = grant.opaque;
  if (nothing(grant))
    return call.fail(E6SHM_ERR_BAD_TICKET, "the %s is empty; get one from %s", Kind::kWord, Kind::kFrom);
  if (words[0] != Kind::kKind || words[7] != seal(words) || words[3] > UINT32_MAX)
    return call.fail(E6SHM_ERR_BAD_TICKET, "this is no %s from %s", Kind::kWord, Kind::kFrom);
  Tables* const tables = own();
  if (tables == nullptr || words[1] != tables->process || words[2] != tables->nonce)
    return call.fail(E6SHM_ERR_FORKED,
                     "the %s belongs to another process, as after a fork; get one of your own from %s",
                     Kind::kWord, Kind::kFrom);
  table_ = &tables->of<T>();
  name_ = {static_cast<std::uint32_t>(words[3]), words[4]};
  std::uint64_t serial = 0;
  T* object = nullptr;
  switch (take_in_turn(*table_, name_, serial, object)) {
    case Taken::kYes:
      break;
    case Taken::kNever:
      return call.fail(E6SHM_ERR_BAD_TICKET, "this %s was never given out", Kind::kWord);
    case Taken::kEnded:
      return call.fail(E6SHM_ERR_ENDED, "the %s has been given back already", Kind::kWord);
    case Taken::kBusy:
      return call.fail(E6SHM_ERR_BUSY, "another thread has been using the same %s for %d ms", Kind::kWord,
                       static_cast<int>(kLongestTurn.count()));
  }
  if (serial != owner.serial) {
    table_->put_back(name_);
    return call.fail(E6SHM_ERR_BAD_TICKET, "the %s was got through another handle; use that one",
                     Kind::kWord);
  }
  object_ = object;
  return E6SHM_OK;
}

template <class T>
Use<T>::~Use() {
  if (object_ != nullptr) table_->put_back(name_);
}

template <class T>
T Use<T>::end() noexcept {
  T taken = std::move(*object_);
  *object_ = T{};
  object_ = nullptr;
  table_->give_up(name_);
  return taken;
}

template class Place<QueryTicket>;
template class Place<DetectionLease>;
template class Place<ResumeLease>;
template class Use<QueryTicket>;
template class Use<DetectionLease>;
template class Use<ResumeLease>;

bool read_ticket(const e6shm_ticket_t& ticket, Strategy& strategy, Epoch& epoch) noexcept {
  const auto& words = ticket.opaque;
  if (words[0] != GrantKind<QueryTicket>::kKind || words[7] != seal(words)) return false;
  if (words[5] != E6SHM_BLUE && words[5] != E6SHM_GREEN) return false;
  strategy = static_cast<Strategy>(words[5]);
  epoch = unpack(words[6]);
  return true;
}

void end_all(Coordinator& coordinator, std::uint64_t serial) noexcept {
  Tables* const tables = own();
  if (tables == nullptr) return;
  end_all_of(tables->tickets, coordinator, serial);
  end_all_of(tables->detections, coordinator, serial);
  end_all_of(tables->resumes, coordinator, serial);
}

}  // namespace e6::c
