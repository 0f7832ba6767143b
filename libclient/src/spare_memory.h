// Memory that a thread keeps from one use to the next.
#pragma once

#include <new>
#include <utility>

namespace e6::client {

/// One block per `Tag` and thread, of one size. It is freed when the thread ends. Objects that a
/// thread ends with may still come here afterwards, a connection in a thread_local or a static
/// object, say: nothing is kept for them. What they look at therefore has no destructor of its own.
template <class Tag>
class SpareMemory {
 public:
  /// Null if there is none.
  [[nodiscard]] static void* take() noexcept { return std::exchange(t_block, nullptr); }
  /// Keeps or frees the memory, which operator new gave.
  static void put(void* memory) noexcept {
    if (memory == nullptr) return;
    if (t_over || t_block != nullptr) return ::operator delete(memory);
    static thread_local const Keeper keeper;
    t_block = memory;
  }

 private:
  struct Keeper {
    Keeper() noexcept {}
    ~Keeper() {
      t_over = true;
      ::operator delete(std::exchange(t_block, nullptr));
    }
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;
  };
  inline static thread_local void* t_block = nullptr;
  inline static thread_local bool t_over = false;
};

}  // namespace e6::client
