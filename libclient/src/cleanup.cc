#include "cleanup.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <new>
#include <stop_token>
#include <thread>
#include <utility>

#include "fork_state.h"
#include "journal.h"
#include "link.h"

namespace e6::client {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMost = 1000;
constexpr milliseconds kAttempt{1'000};
constexpr milliseconds kFirstPause{50};
constexpr milliseconds kLongestPause{1'000};
constexpr milliseconds kFirstLatePause{10};  // between looks for an answer, each of which is cheap
constexpr milliseconds kLongestLatePause{250};
constexpr std::chrono::minutes kGiveUpAfter{10};

struct Item {
  Link* link;
  const Coordinator* cluster;
  Leftover left;
  Clock::time_point give_up;
  Clock::time_point next;
  milliseconds pause = left.late != nullptr ? kFirstLatePause : kFirstPause;
  bool silent = false;  // the last attempt at its engine got no answer

  [[nodiscard]] bool at_same_engine(const Item& other) const noexcept {
    return cluster == other.cluster && left.query.strategy == other.left.query.strategy;
  }
};

/// Never destroyed: the thread may be running when the process ends.
class Worker {
 public:
  void add(Link& link, Leftover left) {
    const auto now = Clock::now();
    std::list<Item> one;  // made before the lock is taken
    one.push_back(Item{&link, &link.host(), std::move(left), now + kGiveUpAfter, now});
    if (put(one)) return;
    journal().warn("{} queries wait to be cleared already; one more is left to the engine", kMost);
  }

  void finish(Link& link, milliseconds patience) {
    std::list<Item> dropped;  // destroyed without the lock
    std::unique_lock guard(lock_);
    changed_.wait_for(guard, patience, [&] { return !has(link); });
    for (auto at = items_.begin(); at != items_.end();) {
      const auto next = std::next(at);
      if (at->link == &link) dropped.splice(dropped.end(), items_, at);
      at = next;
    }
    if (working_for_ == &link) attempt_.request_stop();
    changed_.wait(guard, [&] { return working_for_ != &link; });  // a stopped call ends at once
  }

 private:
  /// False if there are too many already.
  [[nodiscard]] bool put(std::list<Item>& one) {
    const std::lock_guard guard(lock_);
    if (items_.size() >= kMost) return false;
    if (!running_) {
      std::thread([this] { run(); }).detach();
      running_ = true;
    }
    Item& item = one.front();
    item.silent = std::any_of(items_.begin(), items_.end(), [&](const Item& each) {
      return each.silent && each.at_same_engine(item);
    });
    items_.splice(items_.end(), one);
    changed_.notify_all();
    return true;
  }

  [[nodiscard]] bool has(const Link& link) const {
    return working_for_ == &link ||
           std::any_of(items_.begin(), items_.end(),
                       [&](const Item& each) { return each.link == &link; });
  }

  /// What is due comes first, and of that what is at engines that answer: an attempt at one that
  /// does not takes a second, and the others must not wait for it.
  [[nodiscard]] std::list<Item>::iterator next_item(Clock::time_point now) {
    return std::min_element(items_.begin(), items_.end(), [now](const Item& a, const Item& b) {
      const bool a_is_due = a.next <= now;
      const bool b_is_due = b.next <= now;
      if (a_is_due != b_is_due) return a_is_due;
      if (a_is_due && a.silent != b.silent) return b.silent;
      return a.next < b.next;
    });
  }

  void run() {
    std::unique_lock guard(lock_);
    for (;;) {
      if (items_.empty()) {
        // A thread that has nothing to do goes: it must not keep a process that forks from being
        // plain.
        running_ = false;
        return;
      }
      const auto now = Clock::now();
      const auto due = next_item(now);
      const auto at = due->next;  // a copy: the item may be dropped during the wait
      if (at > now) {
        changed_.wait_until(guard, at);
        continue;
      }
      std::list<Item> taken;
      taken.splice(taken.end(), items_, due);
      work_on(taken, guard);
    }
  }

  /// Takes the item in `taken` on, without the lock, and puts it back if it is to be tried again.
  void work_on(std::list<Item>& taken, std::unique_lock<std::mutex>& guard) {
    Item& item = taken.front();
    working_for_ = item.link;
    attempt_ = std::stop_source();
    const std::stop_token stop = attempt_.get_token();
    guard.unlock();
    const bool late = item.left.late != nullptr;
    const bool done = item.link->end_leftover(item.left, kAttempt, stop);
    guard.lock();
    if (!late && !stop.stop_requested()) {
      for (Item& each : items_)
        if (each.at_same_engine(item)) each.silent = !done;
      item.silent = !done;
    }
    if (done) {
      guard.unlock();
      item.left = Leftover{};  // lets go of the channel
      item.link->close_left_lanes();
      guard.lock();
    }
    const bool again = !done && !stop.stop_requested() && Clock::now() < item.give_up;
    if (again) {
      item.next = Clock::now() + item.pause;
      item.pause = std::min(item.pause * 2, late ? kLongestLatePause : kLongestPause);
      items_.splice(items_.end(), taken);
      working_for_ = nullptr;
    } else {
      // The rest of the item goes before its connection may.
      guard.unlock();
      taken.clear();
      guard.lock();
      working_for_ = nullptr;
    }
    changed_.notify_all();
  }

  std::mutex lock_;  // guards everything below
  std::condition_variable changed_;
  std::list<Item> items_;
  Link* working_for_ = nullptr;
  std::stop_source attempt_;
  bool running_ = false;
};

Worker* g_worker = nullptr;
std::mutex g_lock;

// The child has no thread, and what its parent left open is the parent's: it begins with a worker
// of its own and leaves the parent's memory alone.
void forget_in_child() {
  new (&g_lock) std::mutex;
  g_worker = nullptr;
}

Worker& worker() {
  const std::lock_guard guard(g_lock);
  if (g_worker == nullptr) {
    fork_state::run_in_child(&forget_in_child);
    g_worker = new Worker;
  }
  return *g_worker;
}

}  // namespace

void add_cleanup(Link& link, Leftover left) noexcept {
  try {
    worker().add(link, std::move(left));
  } catch (const std::exception& error) {  // no memory, or no thread
    journal().debug("a query is left to the engine: {}", error.what());
  }
}

void finish_cleanup(Link& link, std::chrono::milliseconds patience) noexcept {
  {
    const std::lock_guard guard(g_lock);
    if (g_worker == nullptr) return;
  }
  worker().finish(link, patience);
}

}  // namespace e6::client
