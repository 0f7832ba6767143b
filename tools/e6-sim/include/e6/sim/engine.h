// A simulated query engine with two colours on one port, for tests and demonstrations.
//
//   std::string error;
//   auto engine = e6::sim::Engine::start({}, error);       // an ephemeral port of the loopback device
//   auto channel = grpc::CreateChannel(engine->target(), grpc::InsecureChannelCredentials());
//   engine->run("switch green graceful --announce 2s --drain 5s");
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "e6/sim/colour.h"

namespace e6::sim {

struct EngineOptions {
  std::string listen = "127.0.0.1:0";  // IPv4 address and port; port 0 takes a free one
  Colour active = Colour::kBlue;
  std::string user = "demo@e6data.com";
  std::string password = "demo";
  std::string refusal_style = "http2";  // http2, text, upper, bare, mixed or empty
  std::string plan;                     // lines such as `at 3s switch green abrupt`
  unsigned engines_per_colour = 3;      // addresses that engineIP is taken from

  // What each call takes; hints in a query's text win.
  std::chrono::nanoseconds authenticate_takes{0};
  std::chrono::nanoseconds prepare_takes{0};
  std::chrono::nanoseconds execute_takes{0};
  std::chrono::nanoseconds metadata_takes{0};
  std::chrono::nanoseconds fetch_takes{0};
  std::chrono::nanoseconds clear_takes{0};
  std::chrono::nanoseconds other_takes{0};
  std::chrono::nanoseconds resume_takes{std::chrono::seconds(2)};

  // How often clients may send HTTP/2 pings: the policy of a gRPC server with default settings.
  // Pings that follow each other sooner, with nothing sent to the client between them, are strikes.
  // One strike too many ends the connection with ENHANCE_YOUR_CALM, "too_many_pings", and its
  // calls.
  std::chrono::nanoseconds min_ping_interval{std::chrono::minutes(5)};
  unsigned max_ping_strikes = 2;  // 0: pings are never too many
  bool allow_idle_pings = false;  // false: without a call, a ping every two hours

  // Monotonic nanoseconds; a test may hold the time of switches in its own hands with it. Called from any
  // thread, and must never go back. Latencies of calls always pass in real time.
  std::function<std::int64_t()> clock;
};

// Thread-safe. Not for use across a fork: gRPC is inside.
class Engine {
 public:
  // Starts serving. On failure: no engine, and `error` names what is wrong and what to do.
  static std::unique_ptr<Engine> start(const EngineOptions& options, std::string& error);

  // Stops within a second: calls whose latency is not over are answered with UNAVAILABLE.
  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  virtual int port() const = 0;
  // `127.0.0.1:PORT`
  virtual std::string target() const = 0;

  struct Answer {
    bool ok = false;
    std::string text;  // for people; on failure what is wrong and what to do
    std::string json;
  };
  // Runs one command of `e6-sim ctl`, e.g. "switch green abrupt". It has taken effect when this returns.
  virtual Answer run(std::string_view command) = 0;
  virtual Answer run(const std::vector<std::string>& words) = 0;

  // What `e6-sim ctl stats --json` prints.
  virtual std::string stats_json() = 0;

  struct Event {
    std::chrono::nanoseconds since_start{0};
    std::string text;
  };
  struct Waited {
    bool stop = false;  // somebody asked for the end
    std::vector<Event> events;
  };
  // Waits until something has changed, somebody asks for the end, or `at_most` is over; applies timed changes
  // when they are due, so that their events come in time. Serving does not depend on it.
  virtual Waited wait(std::chrono::nanoseconds at_most) = 0;
  // Makes wait return with `stop`; what the command `stop` does.
  virtual void request_stop() = 0;

 protected:
  Engine() = default;
};

}  // namespace e6::sim
