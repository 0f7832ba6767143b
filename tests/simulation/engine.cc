#include "engine.h"

#include <algorithm>

namespace e6::simulation {

Answer Engine::take_new(Strategy colour, Random& random) const {
  if (unreachable_) return {Answer::Kind::kUnreachable, Strategy::kNone};
  if (refuses_all_ || nodes_[random.below(nodes_.size())] != colour) return {Answer::Kind::kRefused, Strategy::kNone};
  return {Answer::Kind::kOk, announced_};
}

Answer Engine::take_running(Strategy colour, Random& random) const {
  if (unreachable_) return {Answer::Kind::kUnreachable, Strategy::kNone};
  const bool served = colour == draining_ || nodes_[random.below(nodes_.size())] == colour;
  if (refuses_all_ || !served) return {Answer::Kind::kRefused, Strategy::kNone};
  return {Answer::Kind::kOk, announced_};
}

void Engine::serve(Strategy colour) { std::fill(nodes_.begin(), nodes_.end(), colour); }

const char* Engine::change(Random& random) {
  const Strategy served = nodes_.front();
  const bool troubled = refuses_all_ || unreachable_;
  if (troubled && random.chance(900)) {
    refuses_all_ = unreachable_ = false;
    return "the engine is well again";
  }
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      announced_ = other(served);
      return "the engine announces the other colour";
    case 3:
      announced_ = served;
      return "the engine takes its announcement back";
    case 4:
    case 5:
      draining_ = served;
      serve(other(served));
      announced_ = Strategy::kNone;
      return "the engine has switched; the old colour drains";
    case 6:
      draining_ = announced_ = Strategy::kNone;
      serve(other(served));
      return "the engine has switched without a word";
    case 7:
      nodes_[random.below(nodes_.size())] = random.chance(500) ? Strategy::kBlue : Strategy::kGreen;
      return "one node of the engine takes another colour";
    case 8:
      refuses_all_ = true;
      return "the engine refuses both colours";
    default:
      unreachable_ = true;
      return "the engine is out of reach";
  }
}

}  // namespace e6::simulation
