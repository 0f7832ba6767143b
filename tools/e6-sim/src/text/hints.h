// What a query's text asks of the simulator, in an SQL comment: SELECT 1 /* rows=1000 cols=3 execute_ms=5 */.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/methods.h"
#include "text/duration.h"

namespace e6::sim {

// The shape of a query's result, how long its calls take and whether one of them fails.
struct QueryHints {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int64_t batches = 1;   // at most one per row; 0 when there are no rows
  bool end_as_chunk = false;  // the end is a chunk of size 0 and not an empty string
  std::array<std::optional<Nanos>, kSteps> latency{};
  std::optional<Step> fail_step;
  int fail_code = 13;           // gRPC's INTERNAL
  std::int64_t fail_batch = 1;  // for a failing fetch: which one, counted from 1
};

// Reads the hints of a statement. A comment counts when its first word is `hint=...` with a known hint; then
// every word of it has to be one. Other comments are left alone. On failure: a sentence naming the word and
// the remedy.
std::variant<QueryHints, std::string> parse_hints(std::string_view sql);

// Whether the statement changes data: its first word is INSERT, UPDATE, DELETE or MERGE.
bool changes_data(std::string_view sql);

// The number of a gRPC status code such as UNAVAILABLE.
std::optional<int> parse_status_code(std::string_view name);

}  // namespace e6::sim
