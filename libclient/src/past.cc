// What happened lately, by this connection's own memory and by the host's events: it decides how patient recovery is. Read on slow paths only.
#include <algorithm>
#include <initializer_list>

#include "link.h"

namespace e6::client {
namespace {

constexpr std::size_t kEvents = 256;

bool since(const std::atomic<std::int64_t>& when, std::chrono::nanoseconds age) noexcept {
  const std::int64_t at = when.load(std::memory_order_relaxed);
  return at != 0 && Budget::Clock::now().time_since_epoch() - std::chrono::nanoseconds(at) < age;
}

bool any_of(const Coordinator& host, std::initializer_list<EventKind> kinds, std::chrono::milliseconds age) {
  const auto since = Budget::Clock::now().time_since_epoch() - age;
  const std::vector<Event> events = host.recent_events(kEvents);
  return std::any_of(events.begin(), events.end(), [&](const Event& event) {
    return std::chrono::milliseconds(event.monotonic_ms) > since && std::find(kinds.begin(), kinds.end(), event.kind) != kinds.end();
  });
}

}  // namespace

// Did the engine accept a statement, an authentication or a probe, from this connection or from the host?
bool Link::served_lately() {
  constexpr std::chrono::seconds kLately{60};
  return since(here().served_ns, kLately) || any_of(host(), {EventKind::kDetected}, kLately);
}

// Did this connection meet a 456, or the host leave a colour?
bool Link::switched_lately() {
  constexpr std::chrono::seconds kLately{10};
  return since(here().refused_ns, kLately) ||
         any_of(host(), {EventKind::kMismatch, EventKind::kApplied, EventKind::kOperatorSet, EventKind::kOperatorApplied}, kLately);
}

}  // namespace e6::client
