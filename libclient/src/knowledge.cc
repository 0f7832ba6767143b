#include "knowledge.h"

#include <map>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <utility>

#include "e6/client/error.h"
#include "fork_state.h"
#include "journal.h"
#include "text/one_line.h"

namespace e6::client {
namespace {

// What the process knows; never destroyed, because connections may be closed by other destructors at exit.
struct Registry {
  std::mutex lock;
  std::map<Coordinator*, std::weak_ptr<Knowledge>> known;
  std::set<std::string, std::less<>> strange_values;
};

Registry& registry() {
  static auto* made = new Registry;
  return *made;
}

// Another thread of the parent may have held the lock at the fork.
void renew_lock_in_child() {
  new (&registry().lock) std::mutex;
}

}  // namespace

std::shared_ptr<Knowledge> Knowledge::of(const e6::Options& options) {
  Registry& all = registry();
  fork_state::watch();
  fork_state::run_in_child(&renew_lock_in_child);

  Coordinator::AttachResult attached = Coordinator::attach(options, FallbackWarning::kWhenObserved);
  if (attached.coordinator == nullptr) {
    const std::string sentence = attached.error.sentence();
    if (attached.error.cause == Cause::kBadOption) throw OptionError(sentence);
    throw SharedStateError(sentence);
  }
  std::shared_ptr<Knowledge> made;
  {
    const std::lock_guard guard(all.lock);
    std::weak_ptr<Knowledge>& place = all.known[attached.coordinator.get()];
    if (auto existing = place.lock()) return existing;
    made.reset(new Knowledge(std::move(attached.coordinator)));
    place = made;
  }
  // Without the lock: it is told what holds already, and a log's sinks are the application's.
  made->coordinator_->add_observer(made->observer_);
  return made;
}

Knowledge::Knowledge(std::shared_ptr<Coordinator> coordinator)
    : coordinator_(std::move(coordinator)),
      observer_(make_observer(coordinator_->options().cluster)) {}

Knowledge::~Knowledge() {
  coordinator_->remove_observer(observer_.get());
  Registry& all = registry();
  const std::lock_guard guard(all.lock);
  const auto place = all.known.find(coordinator_.get());
  if (place != all.known.end() && place->second.expired()) all.known.erase(place);
}

void Knowledge::warn_of(std::string_view new_strategy) {
  const std::string shown = one_line(cut(new_strategy, 40, "..."));
  {
    Registry& all = registry();
    const std::lock_guard guard(all.lock);
    if (all.strange_values.size() >= 16 || !all.strange_values.insert(shown).second) return;
  }
  journal().warn("the engine announced the strategy '{}', which is neither blue nor green; ignored", shown);
}

}  // namespace e6::client
