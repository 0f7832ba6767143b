// What has been counted since the start or the last reset.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/methods.h"
#include "core/refusal.h"
#include "e6/sim/colour.h"

namespace e6::sim {

struct Totals {
  std::uint64_t queries_prepared = 0;
  std::uint64_t queries_executed = 0;
  std::uint64_t queries_finished = 0;
  std::uint64_t queries_lost = 0;  // open when their colour was closed
  std::uint64_t queries_finished_on_other_colour =
      0;  // a living query's clear or cancel came with the other colour
  std::uint64_t query_calls_on_other_colour = 0;  // any call about a living query with the other colour
  std::uint64_t statements_executed_again = 0;    // execute of a query that had been executed
  std::uint64_t engine_mismatches = 0;            // plannerip or engineIP is not the query's
  std::uint64_t batches_sent = 0;
  std::uint64_t rows_sent = 0;
};

// Not thread-safe: EngineCore calls it under its mutex.
class Ledger {
 public:
  // No colour: the header was missing or named none.
  void count_call(Method method, std::optional<Colour> colour, Result result, int pid);
  // Counts an executed statement that changes data. Beyond a few thousand texts the rest is counted as one.
  void count_execution(const std::string& sql);
  void reset();

  Totals totals;

  // Calls `visit` for every combination that occurred; colour is blue, green or none.
  using Visit = std::function<void(Method, std::string_view colour, Result, int pid, std::uint64_t count)>;
  void for_each_call(const Visit& visit) const;
  const std::map<std::string, std::uint64_t>& executions() const { return executions_; }

 private:
  using Counters = std::array<std::array<std::array<std::uint64_t, kResults>, kColours + 1>, kMethods>;

  std::map<int, Counters> by_pid_;
  std::map<std::string, std::uint64_t> executions_;
};

}  // namespace e6::sim
