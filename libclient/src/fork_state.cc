#include "fork_state.h"

#include <grpc/grpc.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "environment.h"

namespace e6::client::fork_state {
namespace {

std::atomic<std::uint64_t> g_generation{1};
std::atomic<bool> g_grpc_lost{false};
std::atomic<pid_t> g_pid{0};
bool g_alive_at_fork = false;  // written in prepare, read in the child by the same thread

std::array<std::atomic<void (*)()>, 8> g_hooks{};

// grpc_is_initialized takes gRPC's own start-up lock for some nanoseconds, and never calls back.
void prepare() {
  g_alive_at_fork = grpc_is_initialized() != 0;
}

void enter_child(bool grpc_alive) {
  g_pid.store(::getpid(), std::memory_order_relaxed);
  if (grpc_alive) g_grpc_lost.store(true, std::memory_order_relaxed);
  g_generation.fetch_add(1, std::memory_order_relaxed);
  for (auto& hook : g_hooks) {
    if (auto* run = hook.load(std::memory_order_relaxed)) run();
  }
}

void child() {
  enter_child(g_alive_at_fork);
}

}  // namespace

void watch() noexcept {
  static const bool watching = [] {
    g_pid.store(::getpid(), std::memory_order_relaxed);
    return ::pthread_atfork(&prepare, nullptr, &child) == 0;
  }();
  (void)watching;
}

[[gnu::hot]] std::uint64_t generation() noexcept {
  return g_generation.load(std::memory_order_relaxed);
}

[[gnu::hot]] bool grpc_lost() noexcept {
  return g_grpc_lost.load(std::memory_order_relaxed);
}

void before_first_channel() noexcept {
  const pid_t known = g_pid.load(std::memory_order_relaxed);
  if (known != 0 && known != ::getpid()) enter_child(grpc_is_initialized() != 0);
  static const bool chosen = [] {
    constexpr const char* kPoller = "GRPC_POLL_STRATEGY";
    if (!variable(kPoller)) ::setenv(kPoller, "poll", 1);
    return true;
  }();
  (void)chosen;
}

void run_in_child(void (*hook)()) noexcept {
  for (auto& place : g_hooks) {
    void (*expected)() = nullptr;
    if (place.compare_exchange_strong(expected, hook, std::memory_order_relaxed) || expected == hook) return;
  }
}

}  // namespace e6::client::fork_state
