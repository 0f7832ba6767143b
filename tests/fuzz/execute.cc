#include "execute.h"

#include "operations.h"
#include "plan.h"
#include "stage.h"
#include "tool_verbs.h"
#include "virtual_time.h"

namespace e6::fuzz {
namespace {

// Looking costs as much as all operations together, and a verb as much as twenty looks: of the inputs by a hash of theirs one in so many is looked at,
// so that an input does the same whenever it is run.
constexpr std::uint64_t kLookOneIn = 8;
constexpr std::uint64_t kVerbOneIn = 64;

std::uint64_t hash_of(const std::uint8_t* data, std::size_t size) noexcept {
  std::uint64_t hash = 14695981039346656037U;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ data[i]) * 1099511628211U;
  return hash ^ hash >> 32;
}

}  // namespace

void execute(Stage& stage, const std::uint8_t* data, std::size_t size, bool thorough) {
  const Plan plan = read_plan(data, size);
  const std::uint64_t hash = hash_of(data, size);
  const auto with_stage = [&](const auto& act) {
    stage.set(plan);
    const VirtualTime time;
    act();
  };
  if (thorough) {
    for (std::size_t i = 0; i < verb_count(); ++i) with_stage([&] { run_verb(stage, i); });
  } else if (hash % kVerbOneIn == 0) {
    with_stage([&] { run_verb(stage, hash / kVerbOneIn % verb_count()); });
  }
  with_stage([&] {
    if (thorough || hash % kLookOneIn == 1) look(stage);
    operate(stage, plan);
    if (thorough || hash % kLookOneIn == 1) look(stage);
  });
}

}  // namespace e6::fuzz
