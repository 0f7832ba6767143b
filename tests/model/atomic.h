// What std::atomic becomes where the sources of libshared are compiled for the checker (shim/prelude.h): the same interface, size and bytes, but each
// operation is a step of the model (machine.h), which decides what a load may return.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace e6::model {

using Order = std::memory_order;

std::uint64_t load(const void* at, std::uint64_t initial, Order order) noexcept;
void store(void* at, std::uint64_t initial, std::uint64_t value, Order order) noexcept;
enum class Rmw : std::uint8_t { kExchange, kAdd, kSub, kOr, kAnd };
std::uint64_t modify(void* at, std::uint64_t initial, Rmw how, std::uint64_t operand, std::uint64_t mask, Order order) noexcept;
bool exchange_if(void* at, std::uint64_t initial, std::uint64_t& expected, std::uint64_t desired, Order success, Order failure, bool weak) noexcept;
void fence(Order order) noexcept;
/// Outside a run the bytes themselves are the value.
bool running() noexcept;

/// The failure order that a compare-and-swap with one order has.
constexpr Order without_release(Order order) noexcept {
  return order == Order::acq_rel ? Order::acquire : order == Order::release ? Order::relaxed : order;
}

template <typename T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr Atomic() noexcept : value_{} {}
  constexpr Atomic(T value) noexcept : value_(value) {}  // NOLINT: implicit as in std::atomic
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;
  T operator=(T value) noexcept {
    store(value);
    return value;
  }
  operator T() const noexcept { return load(); }  // NOLINT: implicit as in std::atomic

  [[nodiscard]] bool is_lock_free() const noexcept { return true; }
  T load(Order order = Order::seq_cst) const noexcept { return from(model::load(this, to(value_), order)); }
  void store(T value, Order order = Order::seq_cst) noexcept {
    if (!running())
      value_ = value;
    else
      model::store(this, to(value_), to(value), order);
  }
  T exchange(T value, Order order = Order::seq_cst) noexcept { return change(Rmw::kExchange, value, order); }
  T fetch_add(T value, Order order = Order::seq_cst) noexcept { return change(Rmw::kAdd, value, order); }
  T fetch_sub(T value, Order order = Order::seq_cst) noexcept { return change(Rmw::kSub, value, order); }
  T fetch_or(T value, Order order = Order::seq_cst) noexcept { return change(Rmw::kOr, value, order); }
  T fetch_and(T value, Order order = Order::seq_cst) noexcept { return change(Rmw::kAnd, value, order); }
  bool compare_exchange_strong(T& expected, T desired, Order success, Order failure) noexcept {
    return swap(expected, desired, success, failure, false);
  }
  bool compare_exchange_strong(T& expected, T desired, Order order = Order::seq_cst) noexcept {
    return swap(expected, desired, order, without_release(order), false);
  }
  bool compare_exchange_weak(T& expected, T desired, Order success, Order failure) noexcept {
    return swap(expected, desired, success, failure, true);
  }
  bool compare_exchange_weak(T& expected, T desired, Order order = Order::seq_cst) noexcept {
    return swap(expected, desired, order, without_release(order), true);
  }

 private:
  static std::uint64_t to(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  static T from(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  static constexpr std::uint64_t kMask = sizeof(T) == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (sizeof(T) * 8 % 64)) - 1;

  T change(Rmw how, T operand, Order order) noexcept {
    if (running()) return from(modify(this, to(value_), how, to(operand), kMask, order));
    const std::uint64_t before = to(value_);
    const std::uint64_t by = to(operand);
    const std::uint64_t after = how == Rmw::kExchange ? by : how == Rmw::kAdd ? before + by : how == Rmw::kSub ? before - by : how == Rmw::kOr ? before | by : before & by;
    value_ = from(after & kMask);
    return from(before);
  }
  bool swap(T& expected, T desired, Order success, Order failure, bool weak) noexcept {
    if (running()) {
      std::uint64_t seen = to(expected);
      const bool done = exchange_if(this, to(value_), seen, to(desired), success, failure, weak);
      if (!done) expected = from(seen);
      return done;
    }
    if (to(value_) != to(expected)) {
      expected = value_;
      return false;
    }
    value_ = desired;
    return true;
  }

  alignas(sizeof(T)) T value_;
};

}  // namespace e6::model
