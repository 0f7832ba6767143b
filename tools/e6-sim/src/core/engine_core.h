// The simulated engine without its network: decides every call under one mutex, at one instant of one clock.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/cluster_power.h"
#include "core/faults.h"
#include "core/ledger.h"
#include "core/methods.h"
#include "core/refusal.h"
#include "core/registry.h"
#include "core/strategy_machine.h"
#include "text/plan.h"

namespace e6::sim {

struct CoreOptions {
  Colour active = Colour::kBlue;
  std::string user;
  std::string password;
  RefusalStyle refusal_style = RefusalStyle::kHttp2;
  std::array<Nanos, kSteps> takes{};
  Nanos resume_takes = 2 * kSecond;
  unsigned engines_per_colour = 3;
  std::uint64_t salt = 0;
  Plan plan;
};

// What a call says about itself. The texts must live until its commit.
struct Call {
  Method method = Method::kHealthCheck;
  std::optional<Colour> colour;  // none: the header is missing or names no colour
  std::string_view planner_ip;   // empty: the header is missing
  std::string_view session_id;
  std::string_view query_id;
  std::string_view engine_ip;
  std::string_view user;
  std::string_view password;
  std::string_view sql;                     // prepare
  std::shared_ptr<const QueryHints> hints;  // prepare
  std::string unreadable;                   // prepare: what is wrong with the hints
  int pid = 0;
};

// The right to be served, given on arrival: what happens between arrival and commit no longer refuses the
// call, but for one thing: the end of everything that its colour knew.
struct Ticket {
  Colour colour = Colour::kBlue;
  std::uint64_t generation = 0;
  Nanos latency = 0;
};

// What a committed call answers; which fields have a meaning depends on the method.
struct Reply {
  std::optional<Refusal> refusal;
  std::optional<std::string> new_strategy;
  Colour colour = Colour::kBlue;
  std::string session_id;
  std::string engine_ip;
  std::shared_ptr<const Query> query;
  bool executed = false;       // status: whether the query has been executed
  std::int64_t first_row = 0;  // fetch
  std::int64_t rows = 0;       // fetch: 0 is the end
  std::string cluster_state;
};

struct CommandResult {
  bool ok = true;
  std::string text;
  std::string json;
};

class EngineCore {
 public:
  using Clock = std::function<Nanos()>;
  struct Observer {
    std::function<void(Nanos since_start, std::string text)> changed;
    std::function<void()> stop;
  };

  // The observer is called with the mutex held: it must not call back and must not block.
  EngineCore(CoreOptions options, Clock clock, Observer observer);

  // On arrival: refuses the call (and counts it), or lets it in.
  std::variant<Ticket, Refusal> admit(const Call& call);
  // When its latency is over: does what the call is for, and counts it. A refusal means that nothing was
  // done, unless it is an injected error that comes after the work.
  Reply commit(const Call& call, const Ticket& ticket);

  CommandResult run(const Command& command);

  // Applies what is due; returns when the next change is, in the clock's time.
  std::optional<Nanos> advance();

 private:
  std::optional<Nanos> next_due() const;
  void advance_to(Nanos now);
  void sweep();
  void note(Nanos at);
  std::string describe() const;

  std::optional<Refusal> check_colour(const Call& call, const Query* query);
  std::optional<Refusal> check_engine() const;
  std::optional<Refusal> check_session(const Call& call, Query* query);
  std::optional<Refusal> check_query(const Call& call, const Query* query);
  std::optional<Refusal> check_hints(const Call& call, const Query* query) const;
  Refusal refuse_colour();

  std::optional<Refusal> perform(const Call& call, const Ticket& ticket, Reply& reply);
  std::optional<Refusal> authenticate(const Call& call, const Ticket& ticket, Reply& reply);
  std::optional<Refusal> call_query(const Call& call, Reply& reply);
  std::optional<Refusal> call_cluster(const Call& call, Reply& reply);
  std::optional<Refusal> fetch(Query& query, Reply& reply);

  CommandResult apply(const Command& command, Nanos now);
  StrategyMachine::Failure apply_to_colours(const Command& command, Nanos now);
  CommandResult stats(Nanos now) const;

  const CoreOptions options_;
  const Clock clock_;
  const Observer observer_;
  const Nanos started_;

  std::mutex mutex_;  // everything below
  StrategyMachine machine_;
  ClusterPower power_;
  Faults faults_;
  Registry registry_;
  Ledger ledger_;
  std::size_t plan_next_ = 0;
  std::array<std::uint64_t, kColours> swept_{1, 1};
  std::uint64_t refusal_turn_ = 0;
  Nanos counting_since_;
  std::string described_;
};

}  // namespace e6::sim
