#include "e6/sim/engine.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <random>

#include "rpc/cluster_service.h"
#include "rpc/control_service.h"
#include "rpc/delayed.h"
#include "rpc/engine_service.h"
#include "rpc/peer_pid.h"
#include "rpc/serve.h"

namespace e6::sim {
namespace {

constexpr std::size_t kMostEvents = 10'000;

Nanos steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What is wrong with an address to listen on; empty when it is fine.
std::string check_listen(const std::string& listen, std::string& host) {
  const std::string remedy = "; use ADDRESS:PORT such as 127.0.0.1:0, with a port from 0 to 65535";
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return "listen address '" + listen + "' has no port" + remedy;
  host = listen.substr(0, colon);
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) != 1) {
    return "listen address '" + listen + "': '" + host + "' is not an IPv4 address" + remedy;
  }
  const std::string port = listen.substr(colon + 1);
  unsigned value = 0;
  const auto [rest, failure] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (failure != std::errc() || rest != port.data() + port.size() || value > 65535) {
    return "listen address '" + listen + "': '" + port + "' is not a port" + remedy;
  }
  return {};
}

// Fills in the core's options; returns what is wrong with the engine's.
std::string translate(const EngineOptions& options, CoreOptions& core) {
  core.active = options.active;
  core.user = options.user;
  core.password = options.password;
  const std::optional<RefusalStyle> style = parse_refusal_style(options.refusal_style);
  if (!style) {
    return "refusal style '" + options.refusal_style +
           "' is unknown; use http2, text, upper, bare, mixed or empty";
  }
  core.refusal_style = *style;
  core.takes = {options.authenticate_takes.count(), options.prepare_takes.count(),
                options.execute_takes.count(),      options.metadata_takes.count(),
                options.fetch_takes.count(),        options.clear_takes.count(),
                options.other_takes.count()};
  core.resume_takes = options.resume_takes.count();
  core.engines_per_colour = std::clamp(options.engines_per_colour, 1U, 250U);
  core.salt = std::random_device{}();
  auto plan = parse_plan(options.plan);
  if (auto* wrong = std::get_if<std::string>(&plan)) return *wrong;
  core.plan = std::get<Plan>(std::move(plan));
  return {};
}

class RunningEngine final : public Engine {
 public:
  RunningEngine(CoreOptions options, std::function<Nanos()> clock)
      : own_clock_(clock != nullptr),
        clock_(own_clock_ ? std::move(clock) : steady_now),
        core_(std::move(options), clock_,
              {[this](Nanos at, std::string text) { add_event(at, std::move(text)); },
               [this] { request_stop(); }}),
        pids_(0),
        serving_(core_, delayed_, pids_),
        engine_service_(serving_),
        cluster_service_(serving_),
        control_service_(core_) {}

  ~RunningEngine() override {
    if (!server_) return;
    // Whoever waits is told that the simulator stops; only what is not over by then is cut off.
    delayed_.cancel_all();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
    server_->Wait();
  }

  bool listen(const EngineOptions& options, const std::string& host) {
    host_ = host;
    const auto as_int = [](std::int64_t value) {
      return static_cast<int>(std::min<std::int64_t>(value, std::numeric_limits<int>::max()));
    };
    const auto interval = std::chrono::ceil<std::chrono::milliseconds>(options.min_ping_interval);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&engine_service_);
    builder.RegisterService(&cluster_service_);
    builder.RegisterService(&control_service_);
    builder.SetMaxReceiveMessageSize(-1);
    builder.SetMaxSendMessageSize(-1);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a port in use is an error
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS,
                               options.allow_idle_pings ? 1 : 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                               as_int(interval.count()));
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, as_int(options.max_ping_strikes));
    server_ = builder.BuildAndStart();
    pids_.set_own_port(port_);
    return server_ != nullptr && port_ != 0;
  }

  int port() const override { return port_; }
  std::string target() const override {
    return (host_ == "0.0.0.0" ? "127.0.0.1" : host_) + ":" + std::to_string(port_);
  }

  Answer run(const std::vector<std::string>& words) override {
    CommandResult result = run_words(core_, words);
    return {result.ok, std::move(result.text), std::move(result.json)};
  }

  Answer run(std::string_view command) override {
    const auto words = split_words(command);
    if (const auto* problem = std::get_if<CommandProblem>(&words)) return {false, problem->text, "{}"};
    return run(std::get<std::vector<std::string>>(words));
  }

  std::string stats_json() override { return run(std::vector<std::string>{"stats"}).json; }

  Waited wait(std::chrono::nanoseconds at_most) override {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (;;) {
      const std::optional<Nanos> due = core_.advance();
      auto until = deadline;
      if (due && !own_clock_) {
        until = std::min(until, std::chrono::steady_clock::now() + std::chrono::nanoseconds(*due - clock_()));
      }
      std::unique_lock lock(mutex_);
      if (!stop_ && events_.empty())
        changed_.wait_until(lock, until, [this] { return stop_ || !events_.empty(); });
      if (!stop_ && events_.empty() && std::chrono::steady_clock::now() < deadline) continue;
      Waited waited;
      waited.stop = stop_;
      waited.events = std::exchange(events_, {});
      return waited;
    }
  }

  void request_stop() override {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }

 private:
  // Called with the core's mutex held; takes only its own.
  void add_event(Nanos at, std::string text) {
    const std::lock_guard lock(mutex_);
    if (events_.size() >= kMostEvents) events_.erase(events_.begin());
    events_.push_back({std::chrono::nanoseconds(at), std::move(text)});
    changed_.notify_all();
  }

  std::mutex mutex_;  // stop_ and events_
  std::condition_variable changed_;
  bool stop_ = false;
  std::vector<Event> events_;

  const bool own_clock_;
  const std::function<Nanos()> clock_;
  EngineCore core_;
  Delayed delayed_;
  PeerPids pids_;
  Serving serving_;
  EngineService engine_service_;
  ClusterCalls cluster_service_;
  ControlService control_service_;
  std::string host_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

std::unique_ptr<Engine> Engine::start(const EngineOptions& options, std::string& error) {
  std::string host;
  error = check_listen(options.listen, host);
  if (!error.empty()) return nullptr;
  CoreOptions core;
  error = translate(options, core);
  if (!error.empty()) return nullptr;
  auto engine = std::make_unique<RunningEngine>(std::move(core), options.clock);
  if (!engine->listen(options, host)) {
    error = "cannot listen on " + options.listen +
            ": the port is in use, needs more rights, or the address is not this host's; choose another, or "
            "port 0 "
            "for a free one";
    return nullptr;
  }
  return engine;
}

}  // namespace e6::sim
