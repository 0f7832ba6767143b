// What a thread knows when there is no segment: a word of its own under the same rules, and the queries it began.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "e6/shared/coordinator.h"
#include "layout/segment_layout.h"

namespace e6::core {

class Host;

class ThreadState {
 public:
  layout::Word word{0};  ///< layout/hot_word.h; atomic only to share the code that changes it
  std::uint64_t pending_since_ms = 0;

  /// Claims are never 0 and differ between threads: a ticket may be ended on another one.
  std::uint64_t begin(Strategy colour, Epoch epoch);
  bool bind(std::uint64_t claim, std::string_view query_id, std::string_view engine);
  [[nodiscard]] std::optional<Pin> find(std::string_view query_id) const;
  bool end(std::uint64_t claim);
  bool end(std::string_view query_id);
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return static_cast<std::uint32_t>(queries_.size()); }

 private:
  struct Query {
    std::uint64_t claim;
    Pin pin;
    std::string id;
  };
  std::vector<Query> queries_;
};

/// The calling thread's state for `host`. In a forked child the thread starts anew with what it knew, and without its parent's queries.
ThreadState& thread_state(const Host& host);

}  // namespace e6::core
