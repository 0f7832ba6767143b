// What a client of libshared does, at random: queries, news of the colour, detections, resumes, an operator's actions. Each act is entered in the life's
// ledger before and after it, so that the books can be balanced whenever the process is killed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "area.h"
#include "e6/shared/coordinator.h"
#include "os/clock.h"
#include "random.h"

namespace e6::soak {

class Step;

/// The process's place in the area, and its coordinator. A child of a fork begins a life of its own.
struct Self {
  Self(Area& where, std::shared_ptr<Coordinator> inherited);
  void begin_life();

  Area& area;
  std::uint32_t number = 0;
  Life* life = nullptr;
  Random random;
  std::shared_ptr<Coordinator> coordinator;
};

class Client {
 public:
  explicit Client(Self& self) : self_(self) {}

  /// One act of any kind.
  void something();
  /// One act that commits to the hot word or records events, and waits for nobody.
  void change();
  /// Ends the open queries.
  void end_all();
  /// Ends the open tickets without entering it: they are a parent's, and this is to have no effect.
  void hand_back();
  /// Forgets the open tickets.
  void drop() { open_.clear(); }

 private:
  struct Open {
    QueryTicket ticket;
    int shared = -1;  // its number among the queries that others may end
  };

  void begin();
  void end(std::size_t which);
  void look_for_another(bool end_it);
  void confirm();
  void announce();
  void mismatch(bool late);
  void detect();
  void probe(const DetectionLease& lease);
  void resume();
  void operate();
  void read();
  void note_lateness(const Step& step, os::SteadyTime deadline);

  Self& self_;
  std::vector<Open> open_;
  Epoch epoch_;  // of an earlier query: what comes late
  Strategy colour_ = Strategy::kBlue;
};

}  // namespace e6::soak
