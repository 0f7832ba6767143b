// Counters of those who leave (core/totals.cc): a reader neither loses nor doubles them, whenever whoever folds them is killed.
#include "core/liveness.h"
#include "core/totals.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

constexpr std::uint64_t kInTotals = 7;
constexpr std::uint64_t kInSlot = 100;

void read() {
  const auto sums = core::sum_counters(segment());
  check(sums[0] >= kInTotals + kInSlot, "a reader lost what a leaver had counted");
  check(sums[0] <= kInTotals + kInSlot, "a reader counted a leaver twice");
}

struct Fold : Scenario {
  void prepare() override {
    new_world(3);
    segment().totals.counters[0].store(kInTotals);
    segment().participants[0].counters[0].store(kInSlot);
  }
  void verify() override {
    core::redo_fold(segment());
    read();
  }
};

/// A reader while somebody folds.
struct WhileFolding : Fold {
  WhileFolding() { setup.threads = 2; }
  void process(int which) override {
    if (which == 1) return read();
    core::arm_fold(segment(), 0, static_cast<std::uint64_t>(EventKind::kLeft));
    core::redo_fold(segment());
  }
};
const Register<WhileFolding> while_folding("Totals", "a_reader_counts_a_leaver_once", 2, 5);

/// The one who folds is killed anywhere, the next one finishes what is armed, and somebody reads.
struct Finished : Fold {
  Finished() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override {
    if (which == 1) return read();
    if (which == 0) {
      core::arm_fold(segment(), 0, static_cast<std::uint64_t>(EventKind::kLeft));
      core::redo_fold(segment());
      return;
    }
    if (core::certainly_dead(model::process(2), 0)) core::redo_fold(segment());
  }
};
const Register<Finished> finished("Totals", "a_reader_counts_a_leaver_once_when_the_fold_is_finished_by_another", 2, 3);

}  // namespace
}  // namespace e6::model
