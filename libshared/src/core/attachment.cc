#include "core/attachment.h"

#include <sys/stat.h>

#include "os/clock.h"

namespace e6::core {

static_assert(static_cast<std::uint32_t>(Counter::kCount) <= layout::kCounters);

bool Attachment::descriptor_intact() const noexcept {
  struct stat st;
  return ::fstat(fd.get(), &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

bool Attachment::nameless() const noexcept {
  struct stat st;
  return ::fstat(fd.get(), &st) == 0 && st.st_nlink == 0;
}

void Attachment::give_back_descriptor() const noexcept {
  const bool intact = descriptor_intact();
  os::Fd last(fd.release());
  if (!last.valid()) return;
  os::keep_in_children(last.get());
  if (!intact) (void)last.release();
}

[[gnu::hot]] void count(const Attachment& a, Counter which, std::uint64_t by) noexcept {
  const auto index = static_cast<std::size_t>(which);
  auto& counters = a.has_slot() ? a.self().counters : a.segment->guests.counters;
  counters[index].fetch_add(by, std::memory_order_relaxed);
}

Event record(const Attachment& a, Event event, std::optional<Epoch> left) noexcept {
  event.realtime_ns = os::realtime_ns();
  event.monotonic_ms = os::monotonic_ms();
  event.pid = a.pid;
  const std::uint64_t word = a.segment->hot.word.load(std::memory_order_relaxed);
  if (!a.has_slot() || !push_event(*a.segment, a.writer(), event, word, left)) count(a, Counter::kEventsDropped);
  return event;
}

}  // namespace e6::core
