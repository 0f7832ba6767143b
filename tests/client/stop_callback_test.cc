// A call takes back what it hangs on a stop token. A callback left behind would be called with the
// memory of a call that has ended, whenever the application requests a stop.
//
// Callbacks cannot be counted, but each of them keeps the token's shared state alive: a state that
// is not freed with its last source and token is held by one. A program of its own, because it
// watches the allocator.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "scene.h"

namespace {

thread_local bool t_recording = false;
thread_local void* t_last = nullptr;
std::atomic<void*> g_watched{nullptr};
std::atomic<bool> g_freed{false};

void give_back(void* memory) noexcept {
  if (memory != nullptr && memory == g_watched.load(std::memory_order_acquire)) {
    g_watched.store(nullptr, std::memory_order_relaxed);
    g_freed.store(true,
                  std::memory_order_release);  // pairs with the load in StopCallbackTest::freed
  }
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  void* made = std::malloc(size == 0 ? 1 : size);
  if (made == nullptr) throw std::bad_alloc();
  if (t_recording) t_last = made;
  return made;
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  give_back(memory);
}

namespace e6::client::test {
namespace {

using std::chrono::milliseconds;

class StopCallbackTest : public Scene {
 protected:
  /// A source whose shared state is watched from here on; one at a time.
  static std::stop_source watched_source() {
    t_recording = true;
    std::stop_source source;
    t_recording = false;
    g_freed.store(false, std::memory_order_relaxed);
    g_watched.store(t_last, std::memory_order_release);
    return source;
  }
  static bool freed() { return g_freed.load(std::memory_order_acquire); }

  using Call =
      std::pair<const char*, std::function<void(Connection&, Cursor&, const CallOptions&)>>;
  static std::vector<Call> calls_of_each_kind() {
    return {
        {"connect", [](Connection& c, Cursor&, const CallOptions& o) { c.connect(o); }},
        {"catalogs", [](Connection& c, Cursor&, const CallOptions& o) { (void)c.catalogs(o); }},
        {"schemas", [](Connection& c, Cursor&, const CallOptions& o) { (void)c.schemas({}, o); }},
        {"dry_run",
         [](Connection& c, Cursor&, const CallOptions& o) { (void)c.dry_run("select 1", o); }},
        {"set_properties",
         [](Connection& c, Cursor&, const CallOptions& o) { c.set_properties("a=1", o); }},
        {"health_check", [](Connection& c, Cursor&, const CallOptions& o) { c.health_check(o); }},
        {"data_frame", [](Connection& c, Cursor&,
                          const CallOptions& o) { (void)c.data_frame({.table = "t"}, o); }},
        {"fetch", [](Connection&, Cursor& q, const CallOptions& o) { (void)q.fetch(o); }},
        {"status", [](Connection&, Cursor& q, const CallOptions& o) { (void)q.status(o); }},
        {"execute", [](Connection&, Cursor& q, const CallOptions& o) { q.execute("select 1", o); }},
        {"prepare", [](Connection&, Cursor& q, const CallOptions& o) { q.prepare("select 1", o); }},
        {"execute_prepared",
         [](Connection&, Cursor& q, const CallOptions& o) { q.execute_prepared({}, o); }},
        {"clear", [](Connection&, Cursor& q, const CallOptions& o) { q.clear(o); }},
    };
  }

  /// Makes each call with a token of its own, under `fault`; its state is gone when nobody but the
  /// client could have it.
  void expect_nothing_left_behind(const std::string& fault = {},
                                  std::optional<milliseconds> timeout = {}, bool stopped = false) {
    Connection connection = connect();
    Cursor cursor = connection.cursor();
    cursor.execute("select 1");
    if (!fault.empty()) command(fault);
    for (const auto& [name, call] : calls_of_each_kind()) {
      {
        std::stop_source source = watched_source();
        std::jthread stopper;  // ends before its source does
        if (stopped) {
          stopper = std::jthread([&source] {
            std::this_thread::sleep_for(milliseconds(20));
            source.request_stop();
          });
        }
        try {
          call(connection, cursor, {.timeout = timeout, .stop = source.get_token()});
        } catch (const Error&) {
        }
      }
      EXPECT_TRUE(freed()) << name << " left a callback behind";
    }
  }
};

TEST_F(StopCallbackTest, the_watch_sees_a_callback_that_is_left_behind) {
  auto left = [] {
    std::stop_source source = watched_source();
    return std::make_unique<std::stop_callback<void (*)()>>(
        source.get_token(), +[] {});
  }();
  EXPECT_FALSE(freed());
  left = nullptr;
  EXPECT_TRUE(freed());
}

TEST_F(StopCallbackTest, a_call_that_succeeds_leaves_none) {
  expect_nothing_left_behind();
}

TEST_F(StopCallbackTest, a_call_that_fails_leaves_none) {
  expect_nothing_left_behind("error --code INTERNAL --details broken --rate 1");
}

TEST_F(StopCallbackTest, a_call_that_times_out_leaves_none) {
  expect_nothing_left_behind("latency --ms 300", milliseconds(20));
}

TEST_F(StopCallbackTest, a_call_that_is_stopped_leaves_none) {
  expect_nothing_left_behind("latency --ms 300", std::nullopt, true);
}

// A wait for another thread's authentication, and for another connection's probe.
TEST_F(StopCallbackTest, a_wait_for_somebody_else_leaves_none) {
  command("latency --method authenticate --ms 300");
  Connection prober = connect();
  Connection waiter = connect();
  const std::jthread probing([&] { EXPECT_NO_THROW(prober.connect()); });
  while (prober.statistics().detections == 0) std::this_thread::yield();
  {
    std::stop_source source = watched_source();
    EXPECT_NO_THROW(waiter.connect({.stop = source.get_token()}));
  }
  EXPECT_TRUE(freed());
}

TEST_F(StopCallbackTest, a_cursors_own_token_is_let_go_with_the_next_one) {
  Connection connection = connect();
  Cursor cursor = connection.cursor();
  {
    std::stop_source source = watched_source();
    cursor.set_stop_token(source.get_token());
    cursor.execute("select 1 /* rows=4 batches=4 */");
    while (cursor.fetch_batch()) {
    }
    cursor.set_stop_token({});
  }
  EXPECT_TRUE(freed());
}

}  // namespace
}  // namespace e6::client::test
