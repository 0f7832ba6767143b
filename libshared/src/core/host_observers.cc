// Those who are told what happens. In this process alone; nothing here touches a segment.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "core/host.h"
#include "core/second_segment.h"
#include "os/clock.h"
#include "os/fork_safe_guard.h"
#include "os/standard_error.h"

namespace e6::core {
namespace {

constexpr std::chrono::milliseconds kObserversBound{100};  // what a call waits to learn whom to tell
constexpr std::size_t kLongestWarning = 2'000;             // a pipe takes it in one piece

/// One line, whatever stands in names and paths.
std::string warning_of(const std::string& cluster, const Error& error) {
  std::string line = "e6shm[" + std::to_string(::getpid()) + "]: warning: " + cluster +
                     ": this process works without the host's segment and shares nothing: " +
                     error.sentence();
  line.resize(std::min(line.size(), kLongestWarning));
  line += ". It is tried again by itself; E6_SHM_REQUIRED=1 makes it an error, "
          "E6_SHM_FALLBACK_WARNING=0 silences this line";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::replace_if(line.begin(), line.end(), is_control, '?');
  return line + "\n";
}

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
  change_observers([&](Observers& all) { all.push_back(observer); });
  const Attachment* a = attachment_.load(std::memory_order_acquire);
  if (!options_.share || a == nullptr || a->process != os::process_generation()) return;
  if (a->shared()) {
    if (!a->has_slot()) observer->on_degraded(a->degraded);
    notify_second_segment(*a);
  } else if (observer->on_fallback(a->degraded)) {
    (void)alone_.claim_warning();
  } else if (in_use()) {
    warn(a->degraded);
  }
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

void Host::notify_fallback(const Error& error, FallbackWarning warning) noexcept {
  bool told = false;
  tell_observers([&](Observer& o) { told |= o.on_fallback(error); });
  if (told)
    (void)alone_.claim_warning();
  else if (warning == FallbackWarning::kAtOnce)
    warn(error);
}

void Host::notify_second_segment(const Attachment& a) noexcept {
  if (second_told_.load(std::memory_order_relaxed) || !observers()) return;
  try {
    const std::string other = second_segment(place_);
    if (other.empty() || second_told_.exchange(true, std::memory_order_relaxed)) return;
    tell_observers([&](Observer& o) { o.on_second_segment(a.path, other); });
  } catch (const std::bad_alloc&) {  // told at the next attach
  }
}

void Host::warn(const Error& error) noexcept {
  if (!options_.fallback_warning || !alone_.claim_warning()) return;
  try {
    os::write_to_standard_error(warning_of(options_.cluster, error));
  } catch (const std::bad_alloc&) {
    os::write_to_standard_error("e6shm: warning: works without the host's segment: no memory\n");
  }
}

// `news`: the reason is another one than before. Called for every attempt to get a segment back.
void Host::work_alone(const Error& why, bool news, FallbackWarning warning) noexcept {
  if (!in_use()) return;  // a child's copy of a coordinator that is gone
  const std::uint64_t process = os::process_generation();
  if (alone_in_.exchange(process, std::memory_order_acq_rel) != process) {
    alone_.enter();
    news = true;
    // pairs with the fence in end_alone(): another thread that found a segment meanwhile has seen
    // that this one entered, or its attachment is seen here
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const Attachment* now = attachment_.load(std::memory_order_acquire);
    if (now != nullptr && now->process == process && now->shared()) return end_alone();
  } else {
    alone_.stay();
  }
  if (news)
    notify_fallback(why, warning);
  else if (warning == FallbackWarning::kAtOnce)
    warn(why);
}

void Host::work_with_others(const Attachment& a) noexcept {
  end_alone();
  notify_second_segment(a);
}

void Host::end_alone() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with the one in work_alone()
  if (alone_in_.exchange(0, std::memory_order_acq_rel) == os::process_generation()) alone_.leave();
}

}  // namespace e6::core
