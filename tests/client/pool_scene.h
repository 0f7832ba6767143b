// A scene for pools.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "e6/client/pool.h"
#include "scene.h"

namespace e6::client::test {

inline constexpr std::chrono::milliseconds kLong{20'000};  // ends a test that hangs; never reached otherwise

/// Looks until something is so.
inline bool becomes(const std::function<bool()>& so) {
  const auto end = std::chrono::steady_clock::now() + kLong;
  while (!so()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class PoolScene : public Scene {
 protected:
  using Scene::run;
  /// On a connection that is given back afterwards.
  static int run(const PooledConnection& lent) { return run(*lent); }
  /// Fixed size, nothing by time, unless a test says otherwise.
  static PoolOptions fixed(int size) {
    return {.min_size = 0, .max_size = size, .max_overflow = 0, .checkout_timeout = kLong, .pre_ping = false};
  }
  ConnectionPool pool(const PoolOptions& limits) { return ConnectionPool(options(), limits); }
};

}  // namespace e6::client::test
