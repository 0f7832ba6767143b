// What the storm measured: the board, the crew and the host put together.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "appointments.h"
#include "board.h"
#include "crew.h"
#include "host_view.h"

namespace e6::storm {

struct WorkerFigures {
  pid_t pid = 0;
  std::uint64_t queries = 0;
  std::uint64_t failed = 0;
  std::uint64_t lost = 0;
  std::array<std::optional<double>, 3> first_query_ms;  // by colour, since the start
  Strategy strategy = Strategy::kNone;                  // of its latest query
  double longest_gap_ms = 0;
  bool left_behind = false;
  bool shared = false;
  std::string crash;
};

struct Figures {
  double seconds = 0;
  std::uint64_t queries = 0;
  std::uint64_t failed = 0;
  std::uint64_t lost = 0;
  std::uint64_t wrong_colour = 0;
  std::uint64_t checked_rows = 0;
  std::uint64_t batches = 0;
  std::map<std::string, std::uint64_t> errors;
  std::map<std::string, std::uint64_t> losses;
  client::Statistics calls;  // of all workers
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
  double longest_gap_ms = 0;
  std::uint64_t left_behind = 0;
  std::uint64_t long_queries = 0;  // of --long-query: completed
  std::uint64_t long_batches = 0;
  bool long_running = false;       // one was still running when the storm ended
  bool unreachable = false;        // no query succeeded, and every worker gave up because nobody answered
  Strategy final_strategy = Strategy::kNone;
  HostFigures host;
  std::vector<WorkerFigures> workers;
};

/// At any moment; gaps that have not ended count once `final` is set.
[[nodiscard]] Figures gather(const Board& board, const Crew& crew, const HostView& host,
                             bool final);

}  // namespace e6::storm
