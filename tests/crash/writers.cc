#include "writers.h"

#include <unordered_set>

#include "core/commit.h"
#include "core/event_ring.h"
#include "core/lease.h"
#include "core/participants.h"
#include "core/pins.h"
#include "core/repair.h"
#include "core/totals.h"
#include "os/robust_mutex.h"

namespace e6::crash {
namespace {

struct Function {
  const char* name;
  std::uint64_t address;
};

template <typename Pointer>
std::uint64_t address_of(Pointer function) noexcept {
  return reinterpret_cast<std::uint64_t>(function);
}

// Everything that core and os declare for writing; what their files keep to themselves is reached through these. The coordinator's own writes
// (counters, since when a colour is pending, when the dead were looked for) stand between them.
const std::vector<Function>& functions() {
  static const std::vector<Function> all{
      {"arm_fold", address_of(&core::arm_fold)},
      {"begin_pin", address_of(&core::begin_pin)},
      {"bind_pin", address_of(&core::bind_pin)},
      {"claim_lease", address_of(&core::claim_lease)},
      {"commit", address_of(&core::commit)},
      {"commit_first", address_of(&core::commit_first)},
      {"count", address_of(&core::count)},
      {"end_pin", address_of(&core::end_pin)},
      {"end_pin_by_id", address_of(&core::end_pin_by_id)},
      {"extend_lease", address_of(&core::extend_lease)},
      {"finish_fold", address_of(&core::finish_fold)},
      {"free_events_of", address_of(&core::free_events_of)},
      {"free_leases_of", address_of(&core::free_leases_of)},
      {"free_pins_of", address_of(&core::free_pins_of)},
      {"join", address_of(&core::join)},
      {"leave", address_of(&core::leave)},
      {"mutex_consistent", address_of(&os::mutex_consistent)},
      {"mutex_init", address_of(&os::mutex_init)},
      {"mutex_lock", address_of(&os::mutex_lock)},
      {"mutex_unlock", address_of(&os::mutex_unlock)},
      {"push_event", address_of(&core::push_event)},
      {"reap_dead", address_of(&core::reap_dead)},
      {"record", address_of(&core::record)},
      {"record_created", address_of(&core::record_created)},
      {"record_recovered", address_of(&core::record_recovered)},
      {"recover_intents", address_of(&core::recover_intents)},
      {"redo_fold", address_of(&core::redo_fold)},
      {"release_lease", address_of(&core::release_lease)},
      {"repair", address_of(&core::repair)},
      {"swap_in", address_of(&core::swap_in)},
  };
  return all;
}

}  // namespace

std::vector<std::string> all_writers() {
  std::vector<std::string> names;
  for (const Function& f : functions()) names.emplace_back(f.name);
  return names;
}

std::vector<std::string> writers_in(const Recording& recording) {
  std::unordered_set<std::uint64_t> addresses;
  for (const Point& p : recording.instructions)
    if (p.hit == 1) addresses.insert(p.address);
  std::vector<std::string> names;
  for (const Function& f : functions())
    if (addresses.contains(f.address)) names.emplace_back(f.name);
  return names;
}

}  // namespace e6::crash
