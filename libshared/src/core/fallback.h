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

  /// Claims differ between threads: a ticket may be ended on another one. 0: no memory; the query goes on and is not counted.
  std::uint64_t begin(Strategy colour, Epoch epoch) noexcept;
  bool bind(std::uint64_t claim, std::string_view query_id, std::string_view engine);
  [[nodiscard]] std::optional<Pin> find(std::string_view query_id) const;
  bool end(std::uint64_t claim) noexcept;
  bool end(std::string_view query_id) noexcept;
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
/// Without memory for one it is a state that knows nothing.
ThreadState& thread_state(const Host& host) noexcept;

}  // namespace e6::core
