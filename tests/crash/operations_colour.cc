// Changes of the hot word.
#include "layout/hot_word.h"
#include "layout/lease_word.h"
#include "operation.h"

namespace e6::crash {
namespace {

void knows_blue_idle(Actor& a) { a.coordinator->set(Strategy::kBlue); }
/// 250 s less to live, so that a renewal is due.
void age(layout::Segment& s) {
  layout::HotWord w = layout::unpack(s.hot.word.load());
  w.expiry -= 1000;
  s.hot.word.store(layout::pack(w));
}

void announce(Actor& a) { (void)a.coordinator->announce(Strategy::kGreen, a.coordinator->snapshot().epoch); }
void roll_back(Actor& a) { (void)a.coordinator->announce(Strategy::kBlue, a.coordinator->snapshot().epoch); }
void apply(Actor& a) { (void)a.coordinator->apply(); }
void confirm(Actor& a) { a.coordinator->confirm(Strategy::kBlue, a.coordinator->snapshot().epoch); }
void mismatch(Actor& a) { (void)a.coordinator->mismatch(Strategy::kBlue, a.coordinator->snapshot().epoch); }
void set(Actor& a) { (void)a.coordinator->set(Strategy::kGreen); }
void clear(Actor& a) { (void)a.coordinator->clear(); }
void expire(Actor& a) { (void)a.coordinator->expire(); }

constexpr Operation kOperations[] = {
    {.name = "announce", .special = kRepresentative, .neighbour = knows_blue, .run = announce},
    {.name = "announce-idle", .neighbour = knows_blue_idle, .run = announce},
    {.name = "roll-back", .neighbour = knows_blue_then_green, .run = roll_back},
    {.name = "apply", .neighbour = knows_blue_then_green, .run = apply},
    {.name = "confirm", .neighbour = knows_blue, .arrange = age, .run = confirm},
    {.name = "mismatch", .special = kRepresentative, .neighbour = knows_blue, .run = mismatch},
    {.name = "set", .neighbour = knows_blue_then_green, .run = set},
    {.name = "guest-set", .special = kGuest, .neighbour = knows_blue_then_green, .prepare = become_guest, .run = set},
    {.name = "clear", .neighbour = knows_blue_then_green, .run = clear},
    {.name = "expire", .neighbour = knows_blue, .run = expire},
};

}  // namespace

std::span<const Operation> colour_operations() { return kOperations; }

}  // namespace e6::crash
