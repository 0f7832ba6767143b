// A process that starts anew: what libshared does once per process can only be refused from its beginning (peer.h).
#include <cerrno>

#include <string>

#include "fixture.h"
#include "peer.h"
#include "refusal.h"

namespace e6::shared_test {
namespace {

/// A child must notice by itself that it is one, and be a participant of its own.
int fork_and_look(const Options& o) {
  auto parent = Coordinator::attach(o).coordinator;
  if (!parent || parent->mode() != Mode::kShared) return 1;
  if (!parent->set(Strategy::kGreen)) return 2;
  const int child = in_child([&] {
    if (parent->mode() != Mode::kShared) return 10;
    if (parent->counter(Counter::kQueriesBegun) != 0) return 11;
    if (!parent->begin_query()) return 12;
    return inspect::look(parent->path()).participants.size() == 2 ? 0 : 13;
  });
  return child != 0 ? child : static_cast<int>(parent->in_flight());
}

}  // namespace

int run_peer(int count, char** arguments) {
  if (count != 3) return 100;
  const std::string lacking = arguments[0];
  Options o;
  o.directory = arguments[1];
  o.cluster = arguments[2];
  if (lacking == "wipe-on-fork") {
    const kernel_test::Refusal none(kernel_test::Call::kWipeOnFork, EINVAL);
    return fork_and_look(o);
  }
  if (lacking == "page") {
    const kernel_test::Refusal none(kernel_test::Call::kPage, ENOMEM);
    return fork_and_look(o);
  }
  return 101;
}

}  // namespace e6::shared_test
