#include <cstdio>
#include <cstdlib>

#include "../access/coordinator_access.h"
#include "core/participants.h"
#include "operation.h"

namespace e6::crash {

void Actor::attach() {
  coordinator = Coordinator::attach(options).coordinator;
  if (coordinator == nullptr || (coordinator->mode() != Mode::kShared)) {
    std::fprintf(stderr, "crash_harness: an actor could not attach: %s\n",
                 coordinator == nullptr ? "no coordinator" : coordinator->degraded_by().sentence().c_str());
    std::abort();
  }
}

core::Attachment& Actor::attachment() const { return access::attachment_of(*coordinator); }
void Actor::make_check_due() const { attachment().next_check_ms.store(0, std::memory_order_relaxed); }
void Actor::put_check_off() const { attachment().next_check_ms.store(~std::uint64_t{0}, std::memory_order_relaxed); }

void knows_blue(Actor& a) {
  a.coordinator->set(Strategy::kBlue);
  a.ticket = *a.coordinator->begin_query();
  (void)a.coordinator->bind(a.ticket, kNeighbourQuery, "engine-0");
}

void knows_blue_then_green(Actor& a) {
  knows_blue(a);
  a.coordinator->announce(Strategy::kGreen, a.coordinator->snapshot().epoch);
}

void become_guest(Actor& a) { core::leave(a.attachment()); }

const Operation* find_operation(const std::string& name) {
  for (const auto& group : {file_operations(), table_operations(), query_operations(), colour_operations(), lease_operations()})
    for (const Operation& operation : group)
      if (name == operation.name) return &operation;
  return nullptr;
}

}  // namespace e6::crash
