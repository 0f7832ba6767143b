// The simulated cluster: which colours it takes, on which of its nodes, and what it announces.
#pragma once

#include <cstdint>
#include <vector>

#include "e6/shared/strategy.h"
#include "random.h"

namespace e6::simulation {

struct Answer {
  enum class Kind : std::uint8_t { kOk, kRefused, kUnreachable };
  Kind kind = Kind::kOk;
  Strategy announced = Strategy::kNone;  ///< `new_strategy` of the response
};

class Engine {
 public:
  explicit Engine(std::size_t nodes) : nodes_(nodes, Strategy::kBlue) {}

  /// New work (authenticate, prepare) of `colour`, on whichever node the address leads to.
  [[nodiscard]] Answer take_new(Strategy colour, Random& random) const;
  /// A call about a query that runs on `colour`.
  [[nodiscard]] Answer take_running(Strategy colour, Random& random) const;

  /// One random thing that operators of a cluster do: announce, withdraw, complete a switch, switch without a word, roll node by node, refuse everybody, be
  /// out of reach, be well again. The name of what was done.
  const char* change(Random& random);

 private:
  void serve(Strategy colour);

  std::vector<Strategy> nodes_;                ///< the colour that each node takes for new work
  Strategy draining_ = Strategy::kNone;        ///< the old colour whose queries may still end
  Strategy announced_ = Strategy::kNone;
  bool refuses_all_ = false;
  bool unreachable_ = false;
};

}  // namespace e6::simulation
