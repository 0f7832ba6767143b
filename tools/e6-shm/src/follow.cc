#include "follow.h"

#include <poll.h>

#include <atomic>
#include <csignal>

namespace e6::tool {
namespace {

std::atomic<bool> stopped{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler may touch nothing else

extern "C" void stop(int) {
  stopped.store(true, std::memory_order_relaxed);
}

}  // namespace

Follower::News Follower::take(const inspect::Report& report) {
  News news;
  if (!report.readable) return news;
  if (started_ && (created_ != report.created_realtime_ns || creator_ != report.creator_pid)) {
    news.other_segment = true;
    next_ = 0;
  }
  const bool first = !started_ || news.other_segment;
  started_ = true;
  created_ = report.created_realtime_ns;
  creator_ = report.creator_pid;
  for (const Event& event : report.events) {
    if (event.sequence < next_ && !first) continue;
    // A gap is an overwritten event only once something newer is there: a slow writer's event is not lost, it
    // comes late or never.
    if (!first && event.sequence > next_) news.missed += event.sequence - next_;
    next_ = event.sequence + 1;
    news.events.push_back(event);
  }
  return news;
}

bool wait_unless_stopped(int milliseconds) {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_handler = stop;  // without SA_RESTART: poll below returns at once
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  static_cast<void>(installed);
  if (!stopped.load(std::memory_order_relaxed)) ::poll(nullptr, 0, milliseconds);
  return !stopped.load(std::memory_order_relaxed);
}

}  // namespace e6::tool
