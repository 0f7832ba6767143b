#include "core/alone.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "os/fork_safe_guard.h"
#include "os/named_memfd.h"

namespace e6::core {
namespace {

constexpr std::string_view kPrefix = "e6shm-alone:";

// Pushed, never removed, so that a fork cannot catch the list half changed.
std::atomic<Alone*> all{nullptr};

}  // namespace

Alone& Alone::of(const std::string& cluster) {
  auto* made = static_cast<Alone*>(nullptr);
  Alone* first = all.load(std::memory_order_acquire);
  for (;;) {
    for (Alone* a = first; a != nullptr; a = a->next_) {
      if (a->cluster_ != cluster) continue;
      delete made;
      return *a;
    }
    if (made == nullptr) made = new Alone(cluster);
    made->next_ = first;
    // acq_rel: whoever finds the entry finds it whole, and the next round those that came meanwhile
    if (all.compare_exchange_strong(first, made, std::memory_order_acq_rel)) return *made;
  }
}

void Alone::enter() noexcept {
  const os::ForkSafeGuard guard(lock_);
  if (process_ != os::process_generation()) {
    (void)mark_.release();  // the parent's: closed by the fork, and its number may be another's
    hosts_ = 0;
    process_ = os::process_generation();
  }
  if (hosts_++ == 0) make_mark();
}

void Alone::stay() noexcept {
  const os::ForkSafeGuard guard(lock_);
  if (process_ != os::process_generation() || hosts_ == 0 || intact()) return;
  drop_mark();
  make_mark();
}

void Alone::leave() noexcept {
  const os::ForkSafeGuard guard(lock_);
  if (process_ != os::process_generation() || hosts_ == 0 || --hosts_ != 0) return;
  drop_mark();
}

bool Alone::intact() const noexcept {
  struct stat st;
  return ::fstat(mark_.get(), &st) == 0 && st.st_dev == device_ && st.st_ino == inode_;
}

// Where the system refuses one (seccomp, no descriptor left) the process works on unseen.
void Alone::make_mark() noexcept {
  std::array<char, kPrefix.size() + 256> name;
  char* end = std::copy(kPrefix.begin(), kPrefix.end(), name.data());
  end = std::copy_n(cluster_.data(), std::min<std::size_t>(cluster_.size(), 256), end);
  char pid[16];
  const char* const pid_end = std::to_chars(pid, pid + sizeof pid, ::getpid()).ptr;
  mark_ = os::named_memfd({name.data(), static_cast<std::size_t>(end - name.data())},
                          {pid, static_cast<std::size_t>(pid_end - pid)});
  struct stat st;
  if (!mark_.valid() || ::fstat(mark_.get(), &st) != 0) return mark_.reset();
  device_ = st.st_dev;
  inode_ = st.st_ino;
  // A child that another thread forks before this has the memfd, but not its process id.
  (void)os::close_in_children(mark_.get());
}

void Alone::drop_mark() noexcept {
  const bool ours = intact();
  os::Fd last = std::move(mark_);
  if (!last.valid()) return;
  if (ours)
    os::keep_in_children(last.get());
  else  // closed by the application, and its number is another's now, perhaps a segment's
    (void)last.release();
}

}  // namespace e6::core
