#include "core/own_mappings.h"

#include <atomic>
#include <new>

namespace e6::core {
namespace {

// Pushed, never removed: a child forked in the middle of a push has the list from before or after.
struct Noted {
  void* begin;
  dev_t device;
  ino_t inode;
  Noted* next;
};
std::atomic<Noted*> all{nullptr};

}  // namespace

void note_own_mapping(void* begin, dev_t device, ino_t inode) noexcept {
  auto* n = new (std::nothrow) Noted{begin, device, inode, all.load(std::memory_order_relaxed)};
  if (n == nullptr) return;
  // release: pairs with the acquire in release_own_mappings
  while (!all.compare_exchange_weak(n->next, n, std::memory_order_release,
                                    std::memory_order_relaxed)) {
  }
}

void release_own_mappings(dev_t device, ino_t inode) noexcept {
  // One that was released before is no other file's by now, whose inode may have got its number.
  for (const Noted* n = all.load(std::memory_order_acquire); n != nullptr; n = n->next)
    if (n->device == device && n->inode == inode && !os::mapping_replaced(n->begin))
      (void)os::replace_mapping(n->begin, kRetiredStandIn);
}

}  // namespace e6::core
