// Recovers in this process, on a copy: joining is all that the next process does to a segment that stands.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "core/host_lock.h"
#include "core/participants.h"
#include "layout/hot_word.h"
#include "modes.h"
#include "os/process_mark.h"
#include "write_trace.h"

namespace e6::crash {
namespace {

constexpr unsigned kLongestSeconds = 600;

/// A participant of a copy, for as long as it stands here; then it is dead.
class Next {
 public:
  explicit Next(const Scene& replica) {
    a_->segment = &replica.segment();
    a_->fd = os::Fd(::open(replica.path().c_str(), O_RDWR | O_CLOEXEC));
    struct stat st = {};
    (void)::fstat(a_->fd.get(), &st);
    a_->device = st.st_dev;
    a_->inode = st.st_ino;
    a_->process.store(os::process_generation());
    a_->pid = static_cast<std::uint32_t>(::getpid());
    a_->path = replica.path();
  }
  Error join() { return core::join(*a_); }
  [[nodiscard]] std::uint32_t slot() const { return a_->slot.load(); }

 private:
  std::unique_ptr<core::Attachment> a_ = std::make_unique<core::Attachment>();
};

bool can_be_joined(const layout::Segment& s, unsigned special) {
  return s.header.instance != 0 && !layout::retired(s.hot.word.load()) && (special & kBrokenLock) == 0;
}

Tally enumerate_twice(const Scene& scene, const Recording& recording, Problems& problems) {
  Tally tally;
  tally.applies = false;
  Scene replica(scene.operation(), Scene::Bare{});
  const int tid = ::gettid();
  Aftermath a;
  a.left.resize(2);
  a.unrecorded = (scene.operation().special & kGuest) != 0;
  Image now = recording.start;
  a.start = recording.start;
  const auto recover_twice = [&](const std::string& where) {
    if (!can_be_joined(now.segment(), scene.operation().special)) return;
    tally.applies = true;
    ++tally.points;
    a.left[0] = now;
    a.left[0].let_die(recording.tid);
    a.neighbour = scene.has_neighbour(now.segment());
    replica.set_to(a.left[0], a.neighbour);
    std::vector<State> writes;
    {
      Next first(replica);
      writes = trace_writes(replica.segment(), [&] {
        if (const Error e = first.join()) problems.add(where + ": the first to recover could not: " + e.sentence());
      });
    }
    Image broken = a.left[0];
    for (const State& write : writes) {
      apply(write, broken);
      a.left[1] = broken;
      a.left[1].let_die(tid);
      replica.set_to(a.left[1], a.neighbour);
      ++tally.states;
      problems.at(where + ", and the next one after its write " + std::to_string(write.step));
      Next second(replica);
      if (const Error e = second.join())
        problems.add("the second to recover could not: " + e.sentence());
      else
        check_recovered({scene.operation(), a, replica.segment(), second.slot()}, problems);
    }
  };
  recover_twice("died before step 1");
  for (const State& state : recording.states) {
    apply(state, now);
    if (state.whole != nullptr) a.start = *state.whole;
    recover_twice("died after step " + std::to_string(state.step));
  }
  return tally;
}

}  // namespace

// In a process of its own: a victim forked from one that is a participant itself would begin in another state than when it was recorded.
Tally kill_twice(const Scene& scene, const Recording& recording, Problems& problems) {
  auto* tally = static_cast<Tally*>(::mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (tally == MAP_FAILED) return problems.add("no memory to share"), Tally{};
  (void)in_a_process(
      [&](Problems& found) {
        (void)::alarm(kLongestSeconds);
        *tally = enumerate_twice(scene, recording, found);
        return 0;
      },
      problems);
  const Tally result = *tally;
  ::munmap(tally, sizeof(Tally));
  return result;
}

}  // namespace e6::crash
