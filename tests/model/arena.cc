#include "arena.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace e6::model {
namespace {
constexpr std::size_t kSize = std::size_t{8} << 20;
alignas(16) char block[kSize];
std::size_t used = 0;
bool on = false;
}  // namespace

void take_back_arena() noexcept { used = 0; }
bool arena_mode() noexcept { return on; }
void set_arena_mode(bool mode) noexcept { on = mode; }
ArenaMode::ArenaMode(bool mode) noexcept : before_(on) { on = mode; }
ArenaMode::~ArenaMode() { on = before_; }

namespace {
void* take(std::size_t size) {
  if (!on) {
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  size = (size + 15) & ~std::size_t{15};
  if (used + size > kSize) {
    std::fputs("a run of the model takes too much memory\n", stderr);
    std::abort();
  }
  used += size;
  return block + used - size;
}
void give(void* memory) noexcept {
  const char* at = static_cast<char*>(memory);
  if (at < block || at >= block + kSize) std::free(memory);
}
}  // namespace
}  // namespace e6::model

void* operator new(std::size_t size) { return e6::model::take(size); }
void* operator new[](std::size_t size) { return e6::model::take(size); }
void operator delete(void* memory) noexcept { e6::model::give(memory); }
void operator delete[](void* memory) noexcept { e6::model::give(memory); }
void operator delete(void* memory, std::size_t) noexcept { e6::model::give(memory); }
void operator delete[](void* memory, std::size_t) noexcept { e6::model::give(memory); }
