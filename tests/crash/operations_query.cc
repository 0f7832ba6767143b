// A query's life: what happens on every query and takes no lock.
#include "layout/hot_word.h"
#include "layout/lease_word.h"
#include "operation.h"

namespace e6::crash {
namespace {

void begin(Actor& a) {
  if (auto t = a.coordinator->begin_query()) a.ticket = std::move(*t);
}
void begin_two(Actor& a) {
  begin(a);
  a.other_ticket = *a.coordinator->begin_query();
}
void begin_and_bind(Actor& a) {
  begin(a);
  (void)a.coordinator->bind(a.ticket, "query-of-the-victim", "engine-1:443");
}
// All groups but one are the neighbour's; the one is full.
void take_all_pins(Actor& a) {
  knows_blue(a);
  static QueryTicket tickets[layout::kPins];
  for (std::uint32_t i = 1; i < layout::kPins; ++i) tickets[i] = *a.coordinator->begin_query();
}

void begin_then_announce(Actor& a) {
  begin(a);
  (void)a.coordinator->announce(Strategy::kGreen, a.coordinator->snapshot().epoch);
}
void begin_and_end_elsewhere(Actor& a) {
  begin_and_bind(a);
  (void)a.coordinator->end_query(std::string_view("query-of-the-victim"));
}
void knows_blue_idle(Actor& a) { a.coordinator->set(Strategy::kBlue); }
void make_look_due(Actor& a) { a.make_check_due(); }
void guest_makes_look_due(Actor& a) {
  become_guest(a);
  a.make_check_due();
}
void reaping_is_due(layout::Segment& s) { s.lock.reaped_ms.store(0); }

void bind(Actor& a) { (void)a.coordinator->bind(a.ticket, "query-of-the-victim", "engine-1:443"); }
void end(Actor& a) { a.coordinator->end_query(std::move(a.ticket)); }
void end_elsewhere(Actor& a) { (void)a.coordinator->end_query(std::string_view(kNeighbourQuery)); }

constexpr Operation kOperations[] = {
    {.name = "begin-first", .special = kRepresentative, .neighbour = knows_blue, .run = begin},
    {.name = "begin-next", .neighbour = knows_blue, .prepare = begin_two, .run = begin},
    {.name = "begin-unpinned", .special = kAllPinsTaken, .neighbour = take_all_pins, .run = begin},
    {.name = "begin-applies", .neighbour = knows_blue_then_green, .run = begin, .policy = TransitionPolicy::kNextQuery},
    {.name = "bind", .special = kRepresentative, .neighbour = knows_blue, .prepare = begin, .run = bind},
    {.name = "end", .special = kRepresentative, .neighbour = knows_blue, .prepare = begin_and_bind, .run = end},
    {.name = "end-unpinned", .special = kAllPinsTaken, .neighbour = take_all_pins, .prepare = begin, .run = end},
    {.name = "end-applies", .special = kRepresentative, .neighbour = knows_blue_then_green, .prepare = begin_and_bind, .run = end},
    {.name = "end-when-idle", .neighbour = knows_blue_idle, .prepare = begin_then_announce, .run = end, .policy = TransitionPolicy::kWhenIdle},
    {.name = "end-ended-elsewhere", .neighbour = knows_blue, .prepare = begin_and_end_elsewhere, .run = end},
    {.name = "begin-reaps", .neighbour = knows_blue_then_green, .dead = begin_and_bind, .prepare = make_look_due, .arrange = reaping_is_due,
     .run = begin},
    {.name = "guest-begin", .special = kGuest, .neighbour = knows_blue, .prepare = become_guest, .run = begin},
    {.name = "guest-joins", .special = kRepresentative, .neighbour = knows_blue, .prepare = guest_makes_look_due, .run = begin},
    {.name = "end-elsewhere", .special = kTouchesNeighbour, .neighbour = knows_blue, .run = end_elsewhere},
};

}  // namespace

std::span<const Operation> query_operations() { return kOperations; }

}  // namespace e6::crash
