// The host-wide lock (core/host_lock.cc) when owners are killed that keep their bytes for a while: never two processes in the mutex, the next owner sees what
// the last one did, and nobody waits for the files of an owner who died inside.
#include "core/host_lock.h"
#include "kernel.h"
#include "scenario.h"
#include "world.h"

namespace e6::model {
namespace {

struct Owners : Scenario {
  void prepare() override {
    new_world(0);
    for (int t = 0; t < 3; ++t) add_stranger(t);  // whose repair has less to write down
    close_files_late();
    written_ = 0;
    inside_ = kNobody;
    for (bool& held : held_) held = false;
  }

  /// Takes the lock, changes what it guards, and gives it back.
  void own(int which) {
    const core::HostLock lock(model::process(which));
    if (!(held_[which] = lock.held())) return;
    check(inside_ == kNobody || was_killed(inside_), "two processes own the lock");
    inside_ = which;
    layout::Word& guarded = segment().lock.reaped_ms;
    const std::uint64_t seen = guarded.load(std::memory_order_relaxed);
    check(seen == written_, "an owner does not see what the last one did");
    guarded.store(seen + 1, std::memory_order_relaxed);
    written_ = seen + 1;  // no kill comes between the two
    inside_ = kNobody;  // no kill comes between this and the destructor's first step
  }

 protected:
  std::uint64_t written_ = 0;
  int inside_ = kNobody;
  bool held_[kMaxThreads] = {};
};

/// One is killed anywhere; its files are closed at any time after.
struct Killed : Owners {
  Killed() {
    setup.threads = 4;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override { which == 3 ? close_files_of_the_dead() : own(which); }
  void verify() override {
    for (int t = 0; t < 3; ++t) check(was_killed(t) || held_[t], "a process could not have the lock");
  }
};
const Register<Killed> killed("Lock", "owners_never_meet_wherever_one_is_killed_and_however_late_its_files_are_closed", 2, 0);

/// And the one who repairs after it.
struct HeirKilled : Killed {
  HeirKilled() {
    setup.killable = 3;
    setup.kills = 2;
  }
};
const Register<HeirKilled> heir_killed("Lock", "owners_never_meet_when_the_one_who_repairs_is_killed_as_well", 1, 0);

/// One is killed anywhere, and its files are never closed.
struct Late : Owners {
  Late() {
    setup.threads = 3;
    setup.killable = 1;
    setup.kills = 1;
  }
  void process(int which) override { own(which); }
  void verify() override {
    if (was_killed(0) && inside_ != 0) return;  // not inside, so nothing says that it died
    for (int t = 1; t < 3; ++t) check(held_[t], "a process waited for the files of an owner who died inside");
  }
};
const Register<Late> late("Lock", "nobody_waits_for_the_files_of_an_owner_who_died_inside", 4, 0);

}  // namespace
}  // namespace e6::model
