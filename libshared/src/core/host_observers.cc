// Those who are told what happens. In this process alone; nothing here touches a segment.
#include <chrono>
#include <memory>
#include <utility>

#include "core/host.h"
#include "os/clock.h"
#include "os/fork_safe_guard.h"

namespace e6::core {
namespace {

constexpr std::chrono::milliseconds kObserversBound{100};  // what a call waits to learn whom to tell

}  // namespace

// The list is never changed in place: a child forked in the middle of a change finds the list from before or after it.
template <typename Edit>
void Host::change_observers(const Edit& edit) {
  std::unique_ptr<const ObserverList> before;  // goes after the lock: whoever reads it holds the lock, and an observer's end may come back here
  const os::ForkSafeGuard guard(observers_lock_);
  const ObserverList* now = observers_.load(std::memory_order_relaxed);
  auto all = now != nullptr ? std::make_shared<Observers>(**now) : std::make_shared<Observers>();
  edit(*all);
  auto after = all->empty() ? nullptr : std::make_unique<const ObserverList>(std::move(all));
  before.reset(now);
  // release: pairs with the acquire in observers()
  observers_.store(after.release(), std::memory_order_release);
}

void Host::add_observer(std::shared_ptr<Observer> observer) {
  change_observers([&](Observers& all) { all.push_back(std::move(observer)); });
}

void Host::remove_observer(const Observer* observer) {
  change_observers([&](Observers& all) { std::erase_if(all, [&](const auto& o) { return o.get() == observer; }); });
}

// A hold on the list as it is: takes no memory.
Host::ObserverList Host::observers() noexcept {
  if (observers_.load(std::memory_order_acquire) == nullptr) return {};
  const os::ForkSafeGuard guard(observers_lock_, os::steady_now() + kObserversBound);
  if (!guard.held()) return {};  // the thread that has it is being held up: the event stands in the ring
  const ObserverList* now = observers_.load(std::memory_order_acquire);
  return now != nullptr ? *now : ObserverList{};
}

template <typename Tell>
void Host::tell_observers(const Tell& tell) noexcept {
  if (const ObserverList all = observers())
    for (const auto& o : *all) tell(*o);
}

void Host::notify(const Event& event) noexcept {
  tell_observers([&](Observer& o) { o.on_event(event); });
}
void Host::notify_degraded(const Error& error) noexcept {
  tell_observers([&](Observer& o) { o.on_degraded(error); });
}
void Host::notify_restored() noexcept {
  tell_observers([](Observer& o) { o.on_restored(); });
}

}  // namespace e6::core
