// Objects that outsiders name by numbers: a stale or invented name is an error, never somebody else's object.
//
// A slot's word says who may touch the object in it:
//
//   63                         2 1   0
//   +---------------------------+-----+
//   | generation             62 | use |   0 free, 1 busy (one thread works on it), 2 held
//   +---------------------------+-----+
//
// The generation goes up when the slot becomes free, so a name is good for one life of the slot. Nothing here
// is ever freed: a name of any age may be looked up. No lock: a fork at any instant leaves a table that could
// go on, less the slots that were busy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace e6::c {

struct SlotName {
  std::uint32_t index = 0;
  std::uint64_t generation = 0;
};

enum class Taken { kYes, kNever, kEnded, kBusy };

template <class T>
class SlotTable {
 public:
  static constexpr std::uint32_t kPerChunk = 256;
  static constexpr std::uint32_t kChunks = 1024;
  static constexpr std::uint32_t kCapacity = kPerChunk * kChunks;

  enum class Claimed { kYes, kFull, kNoMemory };

  /// A free slot, busy: fill `*object`, then put_back. `owner` is what take and take_owned ask for.
  Claimed claim(std::uint64_t owner, SlotName& name, T*& object) noexcept {
    if (!pop(name.index)) {
      std::uint32_t used = used_.load(std::memory_order_relaxed);
      do {
        if (used == kCapacity) return Claimed::kFull;
        if (!make_chunk(used / kPerChunk)) return Claimed::kNoMemory;
      } while (
          !used_.compare_exchange_weak(used, used + 1, std::memory_order_release, std::memory_order_relaxed));
      name.index = used;
    }
    Slot& slot = *at(name.index);
    name.generation = slot.word.load(std::memory_order_relaxed) >> 2;
    slot.owner.store(owner, std::memory_order_relaxed);
    slot.word.store(name.generation << 2 | kBusy, std::memory_order_relaxed);
    object = &slot.object;
    return Claimed::kYes;
  }

  /// The object of that name, busy until put_back or give_up.
  Taken take(SlotName name, std::uint64_t& owner, T*& object) noexcept {
    // acquire: pairs with the release in claim, so that the chunk of a used index is seen
    if (name.index >= used_.load(std::memory_order_acquire)) return Taken::kNever;
    Slot& slot = *at(name.index);
    std::uint64_t expected = name.generation << 2 | kHeld;
    // acquire: pairs with the release in put_back, so that the object is seen whole
    if (!slot.word.compare_exchange_strong(expected, name.generation << 2 | kBusy,
                                           std::memory_order_acquire)) {
      if (expected >> 2 == name.generation) return (expected & 3U) == kBusy ? Taken::kBusy : Taken::kNever;
      return expected >> 2 > name.generation ? Taken::kEnded : Taken::kNever;
    }
    owner = slot.owner.load(std::memory_order_relaxed);
    object = &slot.object;
    return Taken::kYes;
  }

  void put_back(SlotName name) noexcept {
    at(name.index)->word.store(name.generation << 2 | kHeld, std::memory_order_release);
  }

  /// The name's life is over. The object must stand for nothing by now.
  void give_up(SlotName name) noexcept {
    at(name.index)->word.store((name.generation + 1) << 2 | kFree, std::memory_order_release);
    push(name.index);
  }

  /// A name of any object that `owner` has from `from` on; `from` moves behind it. For walking over all of
  /// them.
  bool next_owned(std::uint64_t owner, std::uint32_t& from, SlotName& name) noexcept {
    for (const std::uint32_t used = used_.load(std::memory_order_acquire); from < used;) {
      Slot& slot = *at(from++);
      const std::uint64_t word = slot.word.load(std::memory_order_acquire);
      if ((word & 3U) == kFree || slot.owner.load(std::memory_order_relaxed) != owner) continue;
      name = {from - 1, word >> 2};
      return true;
    }
    return false;
  }

 private:
  static constexpr std::uint64_t kFree = 0;
  static constexpr std::uint64_t kBusy = 1;
  static constexpr std::uint64_t kHeld = 2;

  struct alignas(64) Slot {
    std::atomic<std::uint64_t> word{0};
    std::atomic<std::uint64_t> owner{0};
    std::atomic<std::uint32_t> next{0};  // in the free stack: index + 1, 0 ends it
    T object{};
  };

  Slot* at(std::uint32_t index) noexcept {
    // acquire: pairs with make_chunk; the caller's own index may have come through other code
    return chunks_[index / kPerChunk].load(std::memory_order_acquire) + index % kPerChunk;
  }

  bool make_chunk(std::uint32_t which) noexcept {
    if (chunks_[which].load(std::memory_order_acquire) != nullptr) return true;
    Slot* made = new (std::nothrow) Slot[kPerChunk];
    if (made == nullptr) return false;
    Slot* none = nullptr;
    // release: pairs with the acquire in at()
    if (!chunks_[which].compare_exchange_strong(none, made, std::memory_order_acq_rel)) delete[] made;
    return true;
  }

  // The head carries a count of changes, so that a slot which left and came back in between is noticed.
  bool pop(std::uint32_t& index) noexcept {
    std::uint64_t head = free_.load(std::memory_order_acquire);
    for (;;) {
      const auto top = static_cast<std::uint32_t>(head);
      if (top == 0) return false;
      const std::uint32_t next = at(top - 1)->next.load(std::memory_order_relaxed);
      const std::uint64_t without = ((head >> 32) + 1) << 32 | next;
      // acquire: pairs with the release in push, so that the slot's word is the one its last user left
      if (free_.compare_exchange_weak(head, without, std::memory_order_acquire, std::memory_order_acquire)) {
        index = top - 1;
        return true;
      }
    }
  }

  void push(std::uint32_t index) noexcept {
    std::uint64_t head = free_.load(std::memory_order_relaxed);
    std::uint64_t with = 0;
    do {
      at(index)->next.store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);
      with = ((head >> 32) + 1) << 32 | (index + 1);
    } while (!free_.compare_exchange_weak(head, with, std::memory_order_release, std::memory_order_relaxed));
  }

  std::atomic<std::uint64_t> free_{0};  // changes << 32 | index + 1
  std::atomic<std::uint32_t> used_{0};  // slots that were ever claimed
  std::atomic<Slot*> chunks_[kChunks] = {};
};

}  // namespace e6::c
