#include "core/fallback.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <utility>

#include "os/process_mark.h"

namespace e6::core {

std::uint64_t ThreadState::begin(Strategy colour, Epoch epoch) noexcept {
  static std::atomic<std::uint64_t> last_claim{0};
  const std::uint64_t claim = last_claim.fetch_add(1, std::memory_order_relaxed) + 1;
  try {
    queries_.push_back({claim, Pin{colour, epoch, {}}, {}});
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return claim;
}

bool ThreadState::bind(std::uint64_t claim, std::string_view query_id, std::string_view engine) {
  for (Query& q : queries_) {
    if (q.claim != claim) continue;
    std::string id(query_id);
    q.pin.engine_address = engine;
    q.id = std::move(id);
    return true;
  }
  return false;
}

std::optional<Pin> ThreadState::find(std::string_view query_id) const {
  for (const Query& q : queries_)
    if (q.id == query_id) return q.pin;
  return std::nullopt;
}

bool ThreadState::end(std::uint64_t claim) noexcept {
  return std::erase_if(queries_, [&](const Query& q) { return q.claim == claim; }) != 0;
}

bool ThreadState::end(std::string_view query_id) noexcept {
  return std::erase_if(queries_, [&](const Query& q) { return q.id == query_id; }) != 0;
}

namespace {

ThreadState& kept_state(const Host& host) {
  struct Entry {
    const Host* host;
    std::uint64_t process;
    std::unique_ptr<ThreadState> state;
  };
  thread_local std::vector<Entry> entries;
  const std::uint64_t process = os::process_generation();
  for (Entry& e : entries) {
    if (e.host != &host) continue;
    if (e.process != process) {
      auto fresh = std::make_unique<ThreadState>();
      fresh->word.store(e.state->word.load(std::memory_order_relaxed), std::memory_order_relaxed);
      fresh->pending_since_ms = e.state->pending_since_ms;
      e.state = std::move(fresh);
      e.process = process;
    }
    return *e.state;
  }
  entries.push_back({&host, process, std::make_unique<ThreadState>()});
  return *entries.back().state;
}

}  // namespace

ThreadState& thread_state(const Host& host) noexcept {
  try {
    return kept_state(host);
  } catch (const std::bad_alloc&) {
    thread_local ThreadState nothing;
    nothing.word.store(0, std::memory_order_relaxed);
    return nothing;
  }
}

}  // namespace e6::core
