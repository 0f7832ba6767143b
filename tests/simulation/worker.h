// One simulated process of the host: the real core::Host on a descriptor, mapping and slot of its own, and where it is in its work.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/host.h"
#include "engine.h"
#include "expectation.h"

namespace e6::simulation {

/// A request that was sent. Its answer may be long in coming, and may come after its sender gave up.
struct Request {
  enum class Call : std::uint8_t { kAuthenticate, kPrepare, kFetch, kClear };
  Call call = Call::kPrepare;
  Strategy colour = Strategy::kNone;
  Epoch epoch;     ///< the host's when it was sent
  Tick sent = 0;   ///< likewise
  std::optional<Answer> answer;  ///< once the engine has dealt with it
};

struct Worker {
  enum class Stage : std::uint8_t { kIdle, kWaiting, kProbing, kRunning };

  Worker(std::uint32_t id, const Options& options, const core::Place& place);

  std::uint32_t number;
  std::unique_ptr<core::Host> host;
  Stage stage = Stage::kIdle;
  bool stopped = false;
  std::optional<Request> request;
  std::optional<Request> late;  ///< given up; its answer still comes

  // kWaiting
  std::uint64_t gives_up_ms = 0;
  // kProbing
  DetectionLease lease;
  std::uint64_t serial = 0;  ///< of the grant, as the expectation counts
  Tick granted = 0;
  std::size_t tried = 0;
  // kRunning
  QueryTicket ticket;
  Strategy colour = Strategy::kNone;  ///< what the query began with
  std::string query;                  ///< its id once prepared
  bool ended_elsewhere = false;
  std::uint32_t fetches = 0;

  /// Has it a query that counts as in flight?
  [[nodiscard]] bool running() const noexcept { return stage == Stage::kRunning && !ended_elsewhere; }
  [[nodiscard]] std::uint32_t slot() const noexcept;
  [[nodiscard]] std::uint64_t incarnation() const noexcept;
};

/// SIGKILL: what the kernel takes back is taken back, nothing else is done.
void kill(std::unique_ptr<Worker> worker) noexcept;

}  // namespace e6::simulation
