// What every test here stands on: a directory of its own for segments, children that cannot outlive it, and events instead of sleeps.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/attachment.h"
#include "core/segment.h"
#include "e6/shared/coordinator.h"
#include "e6/shared/inspect.h"
#include "layout/hot_word.h"
#include "layout/segment_layout.h"
#include "test_clock.h"

namespace e6::shared_test {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

inline constexpr auto kPatience = 20s;  ///< a bound for what must happen; never waited for when it does

/// Expects that the child whose exit status this is ended well.
#define E6_EXPECT_CHILD(...)                                          \
  if (const int e6_status = (__VA_ARGS__); e6_status == 0) {          \
  } else                                                              \
    ADD_FAILURE() << "the child ended with " << e6_status

/// In a child: says what is wrong and ends the child's function with a failure.
#define E6_CHILD_CHECK(condition)                                                        \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: in a child: %s\n", __FILE__, __LINE__, #condition);   \
      return 1;                                                                          \
    }                                                                                    \
  } while (false)

/// Instrumented code is slower by a factor that varies: what would only measure it is left out, and long loops take a sample.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kManyTimesSlower = true;
#else
inline constexpr bool kManyTimesSlower = false;
#endif

/// A value in memory that this process and its children share.
template <typename T>
class Common {
 public:
  Common() : at_(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) { ::new (at_) T(); }
  ~Common() { ::munmap(at_, sizeof(T)); }
  Common(const Common&) = delete;
  Common& operator=(const Common&) = delete;
  T& operator*() const noexcept { return *static_cast<T*>(at_); }
  T* operator->() const noexcept { return static_cast<T*>(at_); }

 private:
  void* at_;
};

/// Something that one process says once or several times and others wait for; counts up.
class Signal {
 public:
  void raise() const noexcept { count_->fetch_add(1, std::memory_order_acq_rel); }
  [[nodiscard]] int raised() const noexcept { return count_->load(std::memory_order_acquire); }
  /// True once it was raised `times` times.
  [[nodiscard]] bool wait(int times = 1, std::chrono::milliseconds bound = kPatience) const;

 private:
  Common<std::atomic<int>> count_;
};

/// Looks every 200 us whether `condition` holds, at most for `bound` of real time.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds bound = kPatience);

/// A forked child. Killed and collected when it goes out of scope.
class Child {
 public:
  Child() = default;
  /// `body`'s result is the exit status.
  explicit Child(const std::function<int()>& body);
  /// Takes charge of a child that was made in another way.
  explicit Child(pid_t pid) noexcept : pid_(pid) {}
  Child(Child&& from) noexcept : pid_(std::exchange(from.pid_, -1)) {}
  Child& operator=(Child&& from) noexcept;
  ~Child();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Exit status, 128 + signal when it was killed by one, or -1 when it had to be killed because it took longer than `bound`.
  int wait(std::chrono::milliseconds bound = kPatience);
  /// Kills it and waits until it is gone.
  void kill();
  /// Returns when it is stopped (or cannot be).
  void stop();
  void go_on() const;

 private:
  pid_t pid_ = -1;
};

/// Does this process sleep in the kernel?
bool asleep(pid_t pid);

/// Runs `body` in a forked child; 0 is success.
int in_child(const std::function<int()>& body, std::chrono::milliseconds bound = kPatience);

/// This program again, as a process that shares nothing with this one but the segment. See peer.cc for the verbs.
Child start_peer(const std::vector<std::string>& arguments);
/// The same verbs in another program.
Child start_peer_of(const std::string& program, const std::vector<std::string>& arguments);

/// A directory for segments that is removed with everything in it.
class SegmentDirectory {
 public:
  explicit SegmentDirectory(const std::string& parent = "/dev/shm");
  ~SegmentDirectory();
  SegmentDirectory(const SegmentDirectory&) = delete;
  SegmentDirectory& operator=(const SegmentDirectory&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t entries() const;

 private:
  std::string path_;
};

/// A segment file mapped by hand, past every check.
class RawSegment {
 public:
  explicit RawSegment(const std::string& path);
  ~RawSegment();
  RawSegment(const RawSegment&) = delete;
  RawSegment& operator=(const RawSegment&) = delete;
  layout::Segment* operator->() const noexcept { return segment_; }
  layout::Segment& operator*() const noexcept { return *segment_; }
  [[nodiscard]] bool valid() const noexcept { return segment_ != nullptr; }

 private:
  layout::Segment* segment_ = nullptr;
};

/// Opens and maps a segment with nothing but the core, and takes no slot in it. Never destroyed, like every attachment.
core::Attachment* look_on(const core::Place& place);
/// Takes part in a segment with nothing but the core: for tests that need the lock or a slot in their hands.
core::Attachment* take_part(const core::Place& place);
/// What a child does that takes part, takes the host-wide lock, says so, and keeps it until it is killed.
std::function<int()> keeps_the_lock(const core::Place& place, const Signal& inside);

class SharedTest : public ::testing::Test {
 protected:
  SharedTest() = default;
  void TearDown() override;

  [[nodiscard]] Options options(const std::string& cluster = "db.example:9000") const;
  [[nodiscard]] core::Place place(const std::string& cluster = "db.example:9000") const;
  [[nodiscard]] std::string path(const std::string& cluster = "db.example:9000") const { return place(cluster).path(); }

  /// Attaches; fails the test if that does not give a coordinator.
  std::shared_ptr<Coordinator> attach(const std::string& cluster = "db.example:9000") const { return attach(options(cluster)); }
  static std::shared_ptr<Coordinator> attach(const Options& o);
  /// Attaches and makes `colour` active by a detection.
  std::shared_ptr<Coordinator> attach_with(Strategy colour, const std::string& cluster = "db.example:9000") const;

  /// How many participants a look from outside finds.
  std::size_t participants() const { return inspect::look(path()).participants.size(); }

  SegmentDirectory directory_;
};

/// A detection of `colour` from start to end. False if this process was not the one to probe.
bool detect(Coordinator& c, Strategy colour);

/// Do these words stand in what the user is told?
inline bool says(const Error& e, const std::string& words) { return e.sentence().find(words) != std::string::npos; }

/// How many of the latest events are of this kind (and cause).
std::size_t events_of(const Coordinator& c, EventKind kind, EventCause cause);
std::size_t events_of(const Coordinator& c, EventKind kind);

}  // namespace e6::shared_test
