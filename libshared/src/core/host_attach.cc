// Which segment this process is on: attaching, joining anew in a forked child, moving to another one, falling back.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <utility>

#include "core/commit.h"
#include "core/host.h"
#include "core/in_words.h"
#include "core/participants.h"
#include "os/backoff.h"
#include "os/clock.h"
#include "os/locked_memory.h"
#include "os/ofd_lock.h"
#include "os/sigbus_guard.h"

namespace e6::core {
namespace {

using layout::Change;
using layout::HotWord;
using layout::StrategyEvent;
using layout::unpack;

constexpr std::uint64_t kFirstRetryMs = 5'000;    // from fallback back to a segment
constexpr std::uint64_t kLastRetryMs = 60'000;
constexpr std::chrono::milliseconds kSettleBound{2'000};
constexpr std::chrono::milliseconds kImpatience{1'000};
constexpr std::chrono::milliseconds kRuinBound{50};
constexpr int kRounds = 3;
constexpr int kForksMet = 20;

/// What a thread works with when it cannot wait for, or make, an attachment: nothing shared, tried again soon. It takes no memory and is never destroyed.
Attachment& emergency(Cause cause, int sys_errno, const char* detail) noexcept {
  alignas(Attachment) static std::byte place[2][sizeof(Attachment)];
  const auto make = [&](std::byte* at) {
    auto* a = ::new (at) Attachment;
    a->degraded = in_words(cause, sys_errno, "attach", detail);
    return a;
  };
  if (cause == Cause::kBusy) {
    static Attachment* const busy = make(place[0]);
    return *busy;
  }
  static Attachment* const no_memory = make(place[1]);
  return *no_memory;
}

/// How long a thread waits for another one that attaches: once, then not again for a while, so that no call adds up several such waits.
class Patience {
 public:
  [[nodiscard]] static os::SteadyTime deadline() noexcept {
    const os::SteadyTime now = os::steady_now();
    return now < none_until_ ? now : now + kSettleBound;
  }
  static void lost() noexcept { none_until_ = os::steady_now() + kImpatience; }

 private:
  static thread_local os::SteadyTime none_until_;
};
thread_local os::SteadyTime Patience::none_until_{};

/// Brings a colour that is still believed into a segment that knows nothing yet.
/// Crash: before the swap nothing happened but an advisory time; after it the colour is there, at worst without its event.
void carry_over(Attachment& a, std::uint64_t known) noexcept {
  const HotWord w = unpack(known);
  if (layout::retired(known) || !layout::is_colour(w.active) || layout::units_left(w.expiry, layout::expiry_unit(os::monotonic_ms())) == 0)
    return;
  StrategyEvent set;
  set.change = Change::kSet;
  set.colour = w.active;
  set.expiry = w.expiry;
  std::uint64_t carried = layout::next(0, set);
  if (layout::is_colour(w.pending)) {
    StrategyEvent announce;
    announce.change = Change::kAnnounce;
    announce.colour = w.pending;
    announce.epoch = unpack(carried).epoch;
    carried = layout::next(carried, announce);
    a.segment->pending.since_ms.store(os::monotonic_ms(), std::memory_order_relaxed);  // before the change, as in announce
  }
  (void)commit_first(a, carried, EventKind::kDetected, EventCause::kUnlinked);
}

/// The mapping that this process already has of the same file, if any; not one that lost its file's bytes.
layout::Segment* known_mapping(const Attachment* previous, const SegmentRef& ref) noexcept {
  for (const Attachment* a = previous; a != nullptr; a = a->previous)
    if (a->shared() && a->device == ref.device && a->inode == ref.inode &&
        !layout::retired(a->segment->hot.word.load(std::memory_order_acquire)))
      return a->segment;
  return nullptr;
}

/// Has this process, or an ancestor, had a segment under the name?
bool had_segment(const Attachment* previous) noexcept {
  while (previous != nullptr && !previous->shared()) previous = previous->previous;
  return previous != nullptr;
}

/// Puts `older` behind `a`: as another place to look for queries, or, on the same segment, only to be kept.
void chain(Attachment& a, const Attachment* older) noexcept {
  if (older != nullptr && older->segment == a.segment) {
    a.buried = older;
    a.previous = older->previous;
  } else {
    a.previous = older;
  }
}

/// Why the mapping could not be guarded.
Error no_guard(int sys_errno, const std::string& path) noexcept {
  return in_words(Cause::kNoSpace, ENOMEM, [&] {
    constexpr const char* kWithout = " (E6_SHM_SIGBUS_GUARD=0 does without)";
    const std::string limit = os::locked_memory_limit(sys_errno, sizeof(layout::Segment));
    if (limit.empty())
      return Error{Cause::kNoSpace, ENOMEM, path,
                   std::string("no address space for the guard of the mapping") + kWithout};
    return Error{Cause::kSystem, sys_errno, path, "guard the mapping: " + limit + kWithout};
  });
}

/// Crash: the byte is free, and the slot behind it is reaped by the next one.
void give_up_slot(const Attachment& a) noexcept {
  if (a.has_slot() && a.descriptor_intact()) os::unlock_byte(a.fd.get(), os::kFirstSlotByte + a.slot.load(std::memory_order_relaxed));
}

bool outdated(const Attachment* a) noexcept {
  if (a == nullptr || a->process != os::process_generation()) return true;
  return a->shared() && layout::retired(a->segment->hot.word.load(std::memory_order_acquire));
}

}  // namespace

// Coming and going are kept apart by `moving_`: whoever comes while the last one leaves finds the attachment whole, or gone.
Error Host::acquire(bool required, FallbackWarning warning) {
  const bool apart = lock_moving();
  users_.fetch_add(1, std::memory_order_acq_rel);
  if (apart) moving_.unlock();
  Attachment* const before = attachment_.load(std::memory_order_acquire);
  Attachment* a = before;
  // whoever attaches wants to know how it is now
  if (a == nullptr || a->process != os::process_generation() || (!a->shared() && options_.share))
    a = settle(a, 0, Fallback::kUndecided);
  if (!options_.share || a->shared()) return {};
  if (!required) {
    // not for a moment in which another thread is still attaching, or there is no memory
    if (a->process == os::process_generation()) work_alone(a->degraded, a != before, warning);
    return {};
  }
  const Error& why = a->degraded;
  Error e = in_words(why.cause, why.sys_errno, [&] { return why; });
  release();
  return e;
}

void Host::release() noexcept {
  const bool apart = lock_moving();
  const bool last = users_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  Attachment* a = attachment_.load(std::memory_order_acquire);
  if (last && apart && a != nullptr && a->process == os::process_generation() && a->shared() && a->fd.valid()) {
    // whoever attaches next takes a slot anew; the mapping stays
    a->process.store(0, std::memory_order_release);
    leave(*a);
    a->give_back_descriptor();
  }
  if (last) end_alone();
  if (apart) moving_.unlock();
}

// False when another thread takes too long: then one who comes relies on the next look, and one who goes leaves its slot to the reapers.
bool Host::lock_moving() noexcept {
  os::Backoff pause(Patience::deadline());
  while (!moving_.try_lock()) {
    if (pause.wait()) continue;
    Patience::lost();
    return false;
  }
  return true;
}

[[gnu::hot]] Attachment* Host::here() noexcept {
  // acquire: pairs with the release in settle()
  Attachment* a = attachment_.load(std::memory_order_acquire);
  if (a != nullptr && a->process == os::process_generation()) [[likely]]
    return a;
  return settle(a, 0);
}

[[gnu::hot]] Host::Ground Host::ground() noexcept {
  Attachment* a = here();
  if (a->shared() && layout::retired(a->segment->hot.word.load(std::memory_order_acquire))) [[unlikely]]
    a = settle(a, 0);
  if (a->shared() && !layout::retired(a->segment->hot.word.load(std::memory_order_acquire))) [[likely]]
    return {a, nullptr};
  return {a, &thread_state(*this)};
}

std::unique_ptr<Attachment> Host::make_attachment(const Attachment* previous, Succession& along) {
  int forks_met = 0;
  os::Backoff pause(os::steady_now() + kRuinBound);
  for (int round = 0;;) {
    auto a = std::make_unique<Attachment>();
    a->process.store(os::process_generation(), std::memory_order_relaxed);
    a->pid = static_cast<std::uint32_t>(::getpid());
    a->next_check_ms.store(os::monotonic_ms() + kLookMs, std::memory_order_relaxed);
    if (!options_.share) {
      a->degraded = {Cause::kBadOption, 0, "share", "sharing is switched off"};
      chain(*a, previous);
      return a;
    }
    SegmentRef ref;
    const os::ForkWatch watch;
    a->degraded = attach_segment(place_, ref, had_segment(previous));
    bool again = false;
    if (a->degraded) a->degraded = replace_ruin(previous, std::move(a->degraded), ref, along, again);
    if (again && pause.wait()) continue;
    if (a->degraded) {
      chain(*a, previous);
      return a;
    }
    // Nothing from here on throws: what is registered for children, guarded or joined is not lost halfway.
    a->path = place_.path();
    const bool registered = os::close_in_children(ref.fd.get());
    if (watch.forked() && forks_met++ < kForksMet) {  // the child may keep the descriptor, and this process alive with it: take another one
      os::keep_in_children(ref.fd.get());
      (void)pause.wait();  // a fork of a large process takes a while
      continue;
    }
    a->fd = std::move(ref.fd);
    a->device = ref.device;
    a->inode = ref.inode;
    layout::Segment* known = known_mapping(previous, ref);
    if (known == nullptr && options_.sigbus_guard && !os::guard_mapping(ref.mapping.data(), kRetiredStandIn)) {
      a->degraded = no_guard(errno, a->path);
      a->give_back_descriptor();
      chain(*a, previous);
      return a;
    }
    if (known == nullptr) {
      a->mapping = std::move(ref.mapping);
      note_own_mapping(a->mapping.data(), a->device, a->inode);
    }
    along.made_room += std::exchange(ref.made_room, 0);
    a->segment = known != nullptr ? known : static_cast<layout::Segment*>(a->mapping.data());
    chain(*a, previous);
    if (!registered) a->degraded = in_words(Cause::kFull, 0, a->path.c_str(), "more than 256 segments in one process");
    if (!a->degraded) a->degraded = join(*a);
    // removed while this process attached: nothing has been done there yet
    const bool nameless = !a->degraded && a->nameless();
    if ((nameless || a->degraded.cause == Cause::kRetired) && round < kRounds) {
      const std::uint64_t word = a->segment->hot.word.load(std::memory_order_acquire);
      if (!layout::retired(word)) along.carried = word;
      if (nameless) {
        a->give_back_descriptor();
        if (known == nullptr) (void)os::replace_mapping(a->segment, kRetiredStandIn);  // its memory
      } else if (retire(*a, EventCause::kOwnerDied)) {
        along.given_up = EventCause::kOwnerDied;
      }
      a->next_unused = along.on_the_way;
      previous = along.on_the_way = a.release();  // kept: its mutex may still be somebody's
      ++round;
      continue;
    }
    if (along.given_up != EventCause::kNone) {
      const Event e = record_replaced(*a, along.given_up);
      if (along.given_up == EventCause::kCutOff) along.removed = e;  // the others were told when they retired
    }
    for (int i = 0; i < along.made_room; ++i) along.made_room_event = record_made_room(*a);
    carry_over(*a, along.carried);
    return a;
  }
}

Attachment* Host::settle(Attachment* before, std::uint64_t carried, Fallback fallback) noexcept {
  os::Backoff pause(Patience::deadline());
  while (!moving_.try_lock()) {
    Attachment* now = attachment_.load(std::memory_order_acquire);
    if (now != before && !outdated(now)) return now;
    if (pause.wait()) continue;
    Patience::lost();
    return &emergency(Cause::kBusy, 0, "another thread of this process is still attaching");
  }
  Attachment* current = attachment_.load(std::memory_order_acquire);
  if (current != before && !outdated(current)) {  // another thread was faster
    moving_.unlock();
    return current;
  }
  const bool was_shared = current != nullptr && current->shared();
  os::close_inherited(os::process_generation());
  // Its slot in a file that this process no longer sees must not look alive.
  if (was_shared && current->process.load() == os::process_generation() &&
      os::mapping_replaced(current->segment))
    give_up_slot(*current);
  Succession along;
  along.carried = carried;
  std::unique_ptr<Attachment> made;
  try {
    made = make_attachment(current, along);
  } catch (const std::bad_alloc&) {
    set_aside(along.on_the_way);
    moving_.unlock();
    const bool mine = current != nullptr && current->process.load() == os::process_generation();
    return mine ? current : &emergency(Cause::kSystem, ENOMEM, "no memory; it is tried again at the next call");
  }
  const bool again_without = current != nullptr && current->process.load() == made->process.load() && !current->shared() &&
                             !made->shared() && current->degraded.cause == made->degraded.cause &&
                             current->degraded.sys_errno == made->degraded.sys_errno;
  if (!made->shared() && options_.share) {
    retry_ms_ = retry_ms_ == 0 ? kFirstRetryMs : std::min(retry_ms_ * 2, kLastRetryMs);
    made->next_check_ms.store(os::monotonic_ms() + retry_ms_, std::memory_order_relaxed);
    if (was_shared && current->process.load() == made->process.load() && !outdated(current)) {
      // the name is gone and no new segment is to be had: better the old one with whoever is still on it
      const bool news = stays_for_ != made->degraded.cause;
      stays_for_ = made->degraded.cause;
      set_aside(along.on_the_way);
      moving_.unlock();
      if (news) notify_degraded(made->degraded);
      return current;
    }
  } else {
    retry_ms_ = 0;
  }
  if (again_without) {  // nothing has changed: keep the attachment, so that retrying costs no memory
    current->next_check_ms.store(made->next_check_ms.load(std::memory_order_relaxed), std::memory_order_relaxed);
    set_aside(along.on_the_way);
    moving_.unlock();
    if (options_.share && fallback == Fallback::kUsed)
      work_alone(current->degraded, false, FallbackWarning::kAtOnce);
    return current;
  }
  Attachment* fresh = made.release();
  attachment_.store(fresh, std::memory_order_release);  // pairs with the acquire loads in here() and snapshot()
  let_go_of_old(*fresh);
  const bool stayed = std::exchange(stays_for_, Cause::kOk) != Cause::kOk;
  moving_.unlock();
  if (along.removed.kind != EventKind::kNone) notify(along.removed);
  if (along.made_room_event.kind != EventKind::kNone)
    for (int i = 0; i < along.made_room; ++i) notify(along.made_room_event);
  if (!options_.share) return fresh;
  if (!fresh->shared()) {
    if (fallback == Fallback::kUsed) work_alone(fresh->degraded, true, FallbackWarning::kAtOnce);
    return fresh;
  }
  work_with_others(*fresh);
  if (fresh->degraded)
    notify_degraded(fresh->degraded);
  else if (current != nullptr && (!was_shared || stayed))
    notify_restored();
  return fresh;
}

// Of use to nobody, but their mappings stay.
void Host::set_aside(Attachment* on_the_way) noexcept {
  while (on_the_way != nullptr) {
    Attachment* a = std::exchange(on_the_way, on_the_way->next_unused);
    a->give_back_descriptor();
    a->next_unused = std::exchange(unused_, a);
  }
}

Mode Host::mode() noexcept {
  const Attachment* a = here();
  return !a->shared() ? Mode::kFallback : a->has_slot() ? Mode::kShared : Mode::kGuest;
}

Error Host::degraded_by() {
  const Attachment* a = here();
  return a->shared() && a->has_slot() ? Error{} : a->degraded;
}

std::string Host::path() { return here()->path; }

}  // namespace e6::core
